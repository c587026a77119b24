using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.MLNet.Tests.Models;
using RobustAttribution.Networks;
using RobustAttribution.Training;
using SkiaSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Fuzz;

/// <summary>Every kind of file that the library reads, with a small example of each.</summary>
internal static class FileFormats
{
    private const string Part = "Model.key", WeightsOfTorchSharp = "weights.dat";
    private static readonly string[] Columns = ["Score", "Saliency", "Signed", "CosineSimilarity", "PredictedBox"];
    private static readonly InputSpecification Input = new(1, TestImage.Side, TestImage.Side);
    private static readonly FileFormat Model = new("model.zip", WriteModel, ReadModel, $"model-{CommittedModel.Newest}.zip")
    {
        Documented = [typeof(FormatException), typeof(InvalidDataException)],
        IsExpected = DoesNotBind,
        HasForeignParts = true,
    };

    private static readonly FileFormat Checkpoint = new("checkpoint", folder => Train(folder), Train, "checkpoint-*.safetensors")
    {
        Documented = [typeof(CheckpointException)],
        IsChecked = true,
    };

    private static readonly FileFormat Safetensors = new("safetensors", WriteWeights, ReadWeights, "weights.safetensors") { Documented = [typeof(FormatException)] };

    private static readonly FileFormat TorchSharpWeights = new(
        "weights of TorchSharp", folder => Use(network => network.Backbone.save(Path.Combine(folder, WeightsOfTorchSharp))), folder => ReadWeights(folder, WeightsOfTorchSharp), WeightsOfTorchSharp)
    {
        Documented = [typeof(FormatException)],
    };

    private static readonly FileFormat Png = Image("PNG", "image.png", PngFile.Of(90, 60, new SKColor(90, 120, 60), new Random(1), 5000, 1, 2)); // several chunks of data

    public static IReadOnlyList<FileFormat> All { get; } =
    [
        Model with { IsChecked = true },
        Model with { Name = "model.zip, entries", Mutate = (content, mutation) => InEntries(content, mutation, mutation.Of) },
        Model with { Name = "model.zip, cards", Mutate = (content, mutation) => InEntries(content, mutation, part => InCard(part, mutation), Part) },
        Checkpoint,
        Safetensors,
        TorchSharpWeights,
        Set("IDX", folder => WriteMnist(folder, content => content, string.Empty), context => context.Data.LoadMnist, "train-*"),
        Set("IDX in gzip", folder => WriteMnist(folder, Compress, ".gz"), context => context.Data.LoadMnist, "train-*") with { IsChecked = true },
        Set("CIFAR-10", folder => Tiny(folder, KnownDatasets.Cifar10), context => context.Data.LoadCifar10, "data_batch_?.bin"),
        Set("CIFAR-100", folder => Write(folder, "train.bin", [3, 7, .. Noise(3072, 1), 4, 99, .. Noise(3072, 2)]), context => context.Data.LoadCifar100, "train.bin"),
        Set("MAT", folder => WriteSvhn(folder, compress: false), context => context.Data.LoadSvhn, "train_32x32.mat"),
        Set("MAT, compressed", folder => WriteSvhn(folder, compress: true), context => context.Data.LoadSvhn, "train_32x32.mat") with { IsChecked = true },
        Set("MAT, compressed anew", folder => WriteSvhn(folder, compress: true), context => context.Data.LoadSvhn, "train_32x32.mat") with { Mutate = InMatrix },
        Set("GTSRB's tables", folder => Tiny(folder, KnownDatasets.Gtsrb), context => (folder, split, options) => context.Data.LoadGtsrb(folder, split, options: options), "GT-*.csv") with
        {
            Documented = [typeof(InvalidDataException), typeof(FileNotFoundException)], // a mutated line names an image that is not there
        },
        Set("PPM", folder => Tiny(folder, KnownDatasets.Gtsrb), context => (folder, split, options) => context.Data.LoadGtsrb(folder, split, true, options), "a.ppm"),
        Set("CUB's tables", folder => Tiny(folder, KnownDatasets.Cub200), context => (folder, _, options) => context.Data.LoadCub200(folder, null, options), "*.txt") with
        {
            Documented = [typeof(InvalidDataException), typeof(FileNotFoundException)], // as above
        },
        Png with { IsChecked = true },
        Png with { Name = "PNG, right checksums", Mutate = (content, mutation) => Mend(mutation.Of(content)) },
        Image("JPEG", "image.jpg", Jpeg()),
        Image("WebP", "image.webp", Encode(SKEncodedImageFormat.Webp)),
        Image("GIF", "image.gif", [.. "GIF89a"u8, 2, 0, 2, 0, 0x80, 0, 0, 9, 8, 7, 200, 100, 50, 0x2C, 0, 0, 0, 0, 2, 0, 2, 0, 0, 2, 3, 0x44, 0x12, 0x05, 0, 0x3B]),
        Image("BMP", "image.bmp", [.. "BM"u8, .. Ints(54 + (16 * 8), 0, 54, 40, 5, 8), 1, 0, 24, 0, .. Ints(0, 16 * 8, 2835, 2835, 0, 0), .. Noise(16 * 8, 3)]),
        Archive("tar.gz", "data.tar.gz", Compress(Tar())) with { IsChecked = true },
        Archive("tar.gz, compressed anew", "data.tar.gz", Compress(Tar())) with { Mutate = (content, mutation) => Compress(MendTar(mutation.Of(Decompress(content)))) },
        Archive("zip", "data.zip", Zip(), withNames: false) with { IsChecked = true }, // zip has checksums of contents, not of names
    ];

    public static FileFormat Named(string name) => All.Single(format => format.Name == name);

    /// <summary>Whether a mutated card names what view or network do not have: a column, images of its size, a class.</summary>
    private static bool DoesNotBind(Exception error)
        => error is ArgumentOutOfRangeException { ParamName: "schema" or "name" or "column" }
            || (error is ArgumentException && error.Message.StartsWith("Target is the class", StringComparison.Ordinal));

    private static FileFormat Set(string name, Action<string> write, Func<MLContext, Func<string, DatasetSplit, DatasetOptions?, IDataView>> load, string mutated)
        => new(name, write, folder => Digest(load(new MLContext())(folder, DatasetSplit.Train, null)), mutated);

    private static FileFormat Image(string name, string file, byte[] content) => new(name, folder => Write(folder, file, content), folder =>
    {
        using MLImage image = ImageDecoder.Decode(Path.Combine(folder, file));
        return $"{image.Width}×{image.Height} {Convert.ToHexString(SHA256.HashData(image.Pixels))}";
    }, file);

    /// <summary>An archive that is there already, so that the downloader only extracts it.</summary>
    private static FileFormat Archive(string name, string file, byte[] content, bool withNames = true) => new(name, folder => Write(folder, file, content), folder =>
    {
        using var downloader = new DatasetDownloader();
        DatasetInfo set = KnownDatasets.Mnist with { Files = [new DatasetFile(new Uri($"http://localhost/{file}"))] };
        downloader.FetchAsync(set, folder).GetAwaiter().GetResult();
        string place = Path.Combine(folder, "data");
        IEnumerable<string> files = Directory.EnumerateFiles(place, "*", SearchOption.AllDirectories)
            .Select(path => $"{Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)))} {(withNames ? Path.GetRelativePath(place, path) : string.Empty)}");
        return string.Join('\n', files.Order(StringComparer.Ordinal));
    }, file);

    private static string Digest(IDataView view)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string name, object value) in Rows.Read(view).SelectMany(row => row.Values))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{name} {(value is Array values ? string.Join(' ', values.Cast<object>()) : value)}\n"));
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static void WriteModel(string folder)
    {
        CommittedModel.Write(folder);
        File.Delete(Path.Combine(folder, $"model-{CommittedModel.Newest}.json"));
    }

    private static string ReadModel(string folder)
    {
        var context = new MLContext(1);
        ITransformer model = context.Model.Load(Path.Combine(folder, $"model-{CommittedModel.Newest}.zip"), out _);
        using var owner = model as IDisposable;
        Dictionary<string, float[][]> values = CommittedModel.Score(context, model, Columns);
        return string.Join('\n', Columns.Select(column => $"{column} {string.Join(' ', values[column].SelectMany(row => row))}"));
    }

    /// <summary>Mutates an entry of the library's parts of a model file, and packs it again.</summary>
    private static byte[] InEntries(byte[] content, Mutation mutation, Func<byte[], byte[]> mutate, string name = "")
    {
        using var result = new MemoryStream();
        result.Write(content);
        using (var zip = new ZipArchive(result, ZipArchiveMode.Update, leaveOpen: true))
        {
            string[] ours = [.. zip.Entries.Where(IsOurs).Select(FolderOf)];
            ZipArchiveEntry[] entries = [.. zip.Entries.Where(entry => entry.Name.EndsWith(name, StringComparison.Ordinal) && ours.Contains(FolderOf(entry)))];
            ZipArchiveEntry entry = mutation.Choose(entries, entry => entry.FullName);
            using Stream stream = entry.Open();
            byte[] former = new byte[stream.Length];
            stream.ReadExactly(former);
            stream.SetLength(0);
            stream.Write(mutate(former));
        }

        return result.ToArray();

        static string FolderOf(ZipArchiveEntry entry) => entry.FullName[..^entry.Name.Length];

        static bool IsOurs(ZipArchiveEntry entry)
        {
            using Stream stream = entry.Open();
            byte[] start = new byte[64 + 8]; // ML.NET's header, then the part's signature
            return entry.Name == Part && stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.AsSpan(64).StartsWith("RBATT"u8);
        }
    }

    /// <summary>Mutates the card, the first of the strings in a part of a model file, as text, and lets ML.NET's header say where all is now.</summary>
    private static byte[] InCard(byte[] part, Mutation mutation)
    {
        const int TablePosition = 0x20, TableBytes = 0x28, StringsPosition = 0x30, StringsBytes = 0x38, Tail = 0x80, End = 0x88, AssemblyPosition = 0x90;
        int table = Get(TablePosition), start = Get(StringsPosition), end = start + Get(table);
        string text = Encoding.UTF8.GetString(mutation.Of(Encoding.UTF8.GetBytes(Encoding.Unicode.GetString(part, start, end - start))));
        byte[] card = Encoding.Unicode.GetBytes(text);
        byte[] result = [.. part];
        foreach (int at in Enumerable.Range(0, Get(TableBytes) / 8).Select(i => table + (8 * i)).Concat([StringsBytes, Tail, End, AssemblyPosition]))
        {
            BitConverter.TryWriteBytes(result.AsSpan(at), (long)(Get(at) + card.Length - (end - start)));
        }

        return [.. result[..start], .. card, .. result[end..]];

        int Get(int at) => (int)BitConverter.ToInt64(part, at);
    }

    private static SmallConvNetArchitecture Architecture() => new() { FirstStageChannels = 4, SecondStageChannels = 4, HiddenUnits = 8 };

    private static ImageNetwork Network()
    {
        using var generator = new Generator(1);
        return ImageNetwork.Create(Architecture(), Input, 3, null, generator);
    }

    private static string Weights(ImageNetwork network)
    {
        using var stream = new MemoryStream();
        network.SaveWeights(stream);
        return Convert.ToHexString(SHA256.HashData(stream.ToArray()));
    }

    /// <summary>Trains for an epoch, or goes on from the checkpoint that is there.</summary>
    private static string Train(string folder)
    {
        using ImageNetwork network = Network();
        List<TestImage> rows = TestImage.Make(6);
        using Tensor images = tensor(rows.SelectMany(row => row.Image.Select(value => value / 255)).ToArray(), rows.Count, 1, TestImage.Side, TestImage.Side);
        using Tensor classes = tensor(rows.Select(row => (long)(row.Id % 3)).ToArray());
        var trainer = new RobustTrainer(new TrainingOptions { Epochs = 1, BatchSize = 6, Checkpoints = new CheckpointOptions(folder) });
        trainer.Fit(network, new TensorBatchSource(images, classes));
        return Weights(network);
    }

    private static void WriteWeights(string folder)
    {
        using ImageNetwork network = Network();
        using FileStream file = File.Create(Path.Combine(folder, "weights.safetensors"));
        network.SaveWeights(file);
    }

    private static void Use(Action<ImageNetwork> use)
    {
        using ImageNetwork network = Network();
        use(network);
    }

    private static string ReadWeights(string folder) => ReadWeights(folder, "weights.safetensors");

    private static string ReadWeights(string folder, string name)
    {
        using ImageNetwork network = Network();
        using FileStream file = File.OpenRead(Path.Combine(folder, name));
        network.LoadWeights(file);
        return Weights(network);
    }

    private static void WriteMnist(string folder, Func<byte[], byte[]> pack, string ending)
    {
        Write(folder, $"train-images-idx3-ubyte{ending}", pack([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28, .. Noise(2 * 28 * 28, 1)]));
        Write(folder, $"train-labels-idx1-ubyte{ending}", pack([0, 0, 8, 1, 0, 0, 0, 2, 3, 9]));
    }

    private static void WriteSvhn(string folder, bool compress)
    {
        byte[] images = MatWriter.Element(MatWriter.Matrix("X", [32, 32, 3, 2], Noise(3072 * 2, 1)), compress);
        byte[] labels = MatWriter.Element(MatWriter.Matrix("y", [2, 1], [10, 1]), compress);
        Write(folder, "train_32x32.mat", [.. MatWriter.Header(), .. images, .. labels]);
    }

    /// <summary>Mutates what is in the first compressed element.</summary>
    private static byte[] InMatrix(byte[] content, Mutation mutation)
    {
        const int Start = 128 + 8;
        int end = Start + BitConverter.ToInt32(content, 132);
        using var zlib = new ZLibStream(new MemoryStream(content[Start..end]), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        zlib.CopyTo(plain);
        return [.. content[..128], .. MatWriter.Element(mutation.Of(plain.ToArray()), compress: true), .. content[end..]];
    }

    private static void Tiny(string folder, DatasetInfo set)
    {
        using var made = new DataFolder();
        TinyDataSets.Write(made, set);
        FuzzProcess.Copy(made.Path, folder);
    }

    private static byte[] Encode(SKEncodedImageFormat format)
    {
        using SKBitmap bitmap = SKBitmap.Decode(PngFile.Of(40, 30, new SKColor(90, 120, 60), new Random(1), 20, 9, 7));
        using SKData data = bitmap.Encode(format, 90);
        return data.ToArray();
    }

    /// <summary>With an EXIF orientation of 6.</summary>
    private static byte[] Jpeg()
    {
        byte[] plain = Encode(SKEncodedImageFormat.Jpeg);
        byte[] exif = [.. "Exif\0\0II"u8, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0];
        return [.. plain[..2], 0xFF, 0xE1, 0, (byte)(exif.Length + 2), .. exif, .. plain[2..]];
    }

    private static byte[] Tar()
    {
        using var result = new MemoryStream();
        using (var writer = new TarWriter(result, TarEntryFormat.Pax, leaveOpen: true))
        {
            writer.WriteEntry(new PaxTarEntry(TarEntryType.Directory, "part/"));
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "part/a.bin") { DataStream = new MemoryStream(Noise(700, 1)) });
            writer.WriteEntry(new GnuTarEntry(TarEntryType.RegularFile, new string('n', 150)) { DataStream = new MemoryStream(Noise(20, 2)) });
            writer.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, "b.txt") { DataStream = new MemoryStream("text"u8.ToArray()) });
        }

        return result.ToArray();
    }

    private static byte[] Zip()
    {
        using var result = new MemoryStream();
        using (var zip = new ZipArchive(result, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, int bytes) in new[] { ("part/a.bin", 700), ("b.bin", 20), ("part/c.bin", 0) })
            {
                using Stream stream = zip.CreateEntry(name).Open();
                stream.Write(Noise(bytes, bytes));
            }
        }

        return result.ToArray();
    }

    /// <summary>Makes the checksums of a tar file's headers right.</summary>
    private static byte[] MendTar(byte[] tar)
    {
        for (int at = 0; at + 512 <= tar.Length; at += 512)
        {
            Span<byte> block = tar.AsSpan(at, 512);
            if (block[257..].StartsWith("ustar"u8))
            {
                block.Slice(148, 8).Fill((byte)' ');
                int sum = 0;
                foreach (byte value in block)
                {
                    sum += value;
                }

                Encoding.ASCII.GetBytes($"{Convert.ToString(sum, 8).PadLeft(6, '0')}\0 ").CopyTo(block[148..]);
            }
        }

        return tar;
    }

    /// <summary>Makes the checksums of a PNG file's chunks right.</summary>
    private static byte[] Mend(byte[] png)
    {
        for (int at = 8; at + 12 <= png.Length;)
        {
            long end = at + 8L + System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(png.AsSpan(at));
            if (end + 4 > png.Length)
            {
                break;
            }

            uint crc = uint.MaxValue;
            foreach (byte value in png.AsSpan((at + 4)..(int)end))
            {
                crc ^= value;
                for (int bit = 0; bit < 8; bit++)
                {
                    crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
                }
            }

            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan((int)end), ~crc);
            at = (int)end + 4;
        }

        return png;
    }

    private static byte[] Compress(byte[] content)
    {
        using var result = new MemoryStream();
        using (var gzip = new GZipStream(result, CompressionLevel.Fastest))
        {
            gzip.Write(content);
        }

        return result.ToArray();
    }

    private static byte[] Decompress(byte[] content)
    {
        using var gzip = new GZipStream(new MemoryStream(content), CompressionMode.Decompress);
        using var result = new MemoryStream();
        gzip.CopyTo(result);
        return result.ToArray();
    }

    private static byte[] Noise(int count, int seed)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static IEnumerable<byte> Ints(params int[] values) => values.SelectMany(BitConverter.GetBytes);

    private static void Write(string folder, string name, byte[] content) => File.WriteAllBytes(Path.Combine(folder, name), content);
}
