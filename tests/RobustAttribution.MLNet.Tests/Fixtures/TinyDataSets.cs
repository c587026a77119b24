using System.Text;
using SkiaSharp;

namespace RobustAttribution.MLNet.Tests.Fixtures;

/// <summary>The datasets of the recipes with a few images of coloured noise each, in their published formats.</summary>
internal static class TinyDataSets
{
    private const int Images = 4; // of each part

    /// <summary>Writes the set that a recipe reads.</summary>
    public static void Write(DataFolder folder, DatasetInfo set)
    {
        Action<DataFolder> write = set.Name switch
        {
            "CIFAR-10" => Cifar10,
            "SVHN" => Svhn,
            "GTSRB" => Gtsrb,
            "ImageNet-100" => ImageNet,
            "CUB-200-2011" => Cub,
            _ => throw new ArgumentException($"No writer for {set.Name}.", nameof(set)),
        };
        write(folder);
    }

    private static void Cifar10(DataFolder folder)
    {
        foreach (string name in Enumerable.Range(1, 5).Select(i => $"data_batch_{i}.bin").Append("test_batch.bin"))
        {
            folder.Write($"cifar-10-batches-bin/{name}", Enumerable.Range(0, Images).SelectMany(i => Noise(3072, i).Prepend((byte)(i % 10))));
        }
    }

    private static void Svhn(DataFolder folder)
    {
        foreach (string part in new[] { "train", "test" })
        {
            byte[] images = MatWriter.Matrix("X", [32, 32, 3, Images], [.. Noise(3072 * Images, 1)]);
            byte[] labels = MatWriter.Matrix("y", [Images, 1], [10, 1, 2, 9]);
            folder.Write($"{part}_32x32.mat", [.. MatWriter.Header(), .. MatWriter.Element(images, compress: true), .. MatWriter.Element(labels, compress: true)]);
        }
    }

    private static void Gtsrb(DataFolder folder)
    {
        const string Header = "Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId\n";
        foreach (int label in new[] { 0, 42 })
        {
            string place = $"GTSRB/Final_Training/Images/{label:D5}/";
            folder.Write($"{place}GT-{label:D5}.csv", Header + $"a.ppm;40;36;5;5;35;31;{label}\nb.ppm;40;36;5;5;35;31;{label}\n");
            Array.ForEach(["a.ppm", "b.ppm"], name => folder.Write(place + name, Ppm(40, 36, label)));
        }

        folder.Write("GTSRB/Final_Test/Images/GT-final_test.csv", Header + "a.ppm;40;36;5;5;35;31;0\nb.ppm;40;36;5;5;35;31;42\n");
        Array.ForEach(["a.ppm", "b.ppm"], name => folder.Write($"GTSRB/Final_Test/Images/{name}", Ppm(40, 36, 3)));
    }

    private static void ImageNet(DataFolder folder)
    {
        folder.Write("classes.txt", "n02 second\nn01 first\n");
        foreach (string name in new[] { "train/n01/a", "train/n01/b", "train/n02/c", "train/n02/d", "val/n01/e", "val/n02/f" })
        {
            folder.Write($"{name}.png", Png(300, 270, name[^1]));
        }
    }

    private static void Cub(DataFolder folder)
    {
        string[] names = ["001.Albatross/a.png", "002.Auk/b.png", "001.Albatross/c.png", "002.Auk/d.png", "001.Albatross/e.png", "002.Auk/f.png"];
        Lines("classes.txt", ["1 001.Albatross", "2 002.Auk"]);
        Lines("images.txt", names.Select((name, i) => $"{i + 1} {name}"));
        Lines("image_class_labels.txt", names.Select((name, i) => $"{i + 1} {name[2]}"));
        Lines("train_test_split.txt", names.Select((_, i) => $"{i + 1} {(i < 4 ? 1 : 0)}"));
        Lines("bounding_boxes.txt", names.Select((_, i) => $"{i + 1} 40.0 30.0 100.0 120.0"));
        for (int i = 0; i < names.Length; i++)
        {
            folder.Write($"CUB_200_2011/images/{names[i]}", Png(240, 200, i));
        }

        void Lines(string name, IEnumerable<string> lines) => folder.Write($"CUB_200_2011/{name}", string.Join('\n', lines) + "\n");
    }

    private static IEnumerable<byte> Ppm(int width, int height, int seed) => Encoding.ASCII.GetBytes($"P6\n{width} {height}\n255\n").Concat(Noise(3 * width * height, seed));

    private static byte[] Png(int width, int height, int seed)
        => PngFile.Of(width, height, new SKColor(90, 120, 60), new Random(seed), 60, 30, 20);

    private static IEnumerable<byte> Noise(int count, int seed)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
