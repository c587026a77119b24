using System.Buffers.Binary;
using Microsoft.ML.Data;

namespace RobustAttribution.Examples.Tests;

/// <summary>Data that takes seconds: a folder of small images, and files in the format of Fashion-MNIST.</summary>
internal static class TinyData
{
    private const int Side = 28;

    /// <summary>Bright bars on dark noise, lying or upright, one sub-folder each.</summary>
    public static void WriteImages(string folder, int perClass)
    {
        var random = new Random(1);
        foreach (string name in new[] { "lying", "upright" })
        {
            Directory.CreateDirectory(Path.Combine(folder, name));
            for (int i = 0; i < perClass; i++)
            {
                WriteImage(Path.Combine(folder, name, $"{i:00}.png"), 16, 16, name == "lying", random);
            }
        }
    }

    /// <summary>One such image.</summary>
    public static void WriteImage(string path, int width, int height, bool lying, Random random)
    {
        byte[] pixels = new byte[width * height * 4];
        int place = random.Next(3, (lying ? height : width) - 3);
        for (int at = 0; at < pixels.Length; at += 4)
        {
            int across = lying ? at / 4 / width : at / 4 % width;
            byte value = (byte)(random.Next(60) + (Math.Abs(across - place) <= 1 ? 180 : 0));
            pixels.AsSpan(at, 3).Fill(value);
            pixels[at + 3] = 255;
        }

        using MLImage image = MLImage.CreateFromPixels(width, height, MLPixelFormat.Rgba32, pixels);
        image.Save(path);
    }

    /// <summary>The four files, with bars of ten thicknesses as classes.</summary>
    public static void WriteFashion(string folder, int training, int test)
    {
        Directory.CreateDirectory(folder);
        var random = new Random(1);
        foreach ((string name, int count) in new[] { ("train", training), ("t10k", test) })
        {
            byte[] images = new byte[16 + (count * Side * Side)];
            byte[] labels = new byte[8 + count];
            Header(images, 0x803, count, Side, Side);
            Header(labels, 0x801, count);
            for (int i = 0; i < count; i++)
            {
                labels[8 + i] = (byte)(i % 10);
                for (int j = 0; j < Side * Side; j++)
                {
                    images[16 + (i * Side * Side) + j] = (byte)(random.Next(40) + (j / Side < 2 * (i % 10) ? 200 : 0));
                }
            }

            File.WriteAllBytes(Path.Combine(folder, $"{name}-images-idx3-ubyte"), images);
            File.WriteAllBytes(Path.Combine(folder, $"{name}-labels-idx1-ubyte"), labels);
        }

        static void Header(byte[] file, params ReadOnlySpan<int> numbers)
        {
            for (int i = 0; i < numbers.Length; i++)
            {
                BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(4 * i), numbers[i]);
            }
        }
    }
}
