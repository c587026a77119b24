using System.Text;
using System.Text.RegularExpressions;

namespace RobustAttribution;

/// <summary>What a file seems to be by its first bytes: the one place that knows them, for errors about files that are something else.</summary>
/// <param name="Name">With its article, e.g. "an HTML page".</param>
/// <param name="Advice">What helps whatever was expected; empty where that depends.</param>
/// <param name="IsZip">Whether it is a zip archive, of whatever kind.</param>
internal readonly partial record struct FileKind(string Name, string Advice = "", bool IsZip = false)
{
    /// <summary>Bytes that <see cref="Of(ReadOnlySpan{byte})"/> wants; fewer are enough for most kinds.</summary>
    public const int Needed = 512;

    private const string Broken = "a server sent it instead of the file: download it again";
    private const string Packed = "decompress it first";
    private const int FirstNameAt = 30; // in a zip file

    // Beginnings; "?" stands for any byte.
    private static readonly (string Start, FileKind Kind)[] Beginnings =
    [
        ("\u001F\u008B", new("a gzip file", Packed)),
        ("BZh", new("a bzip2 file", Packed)),
        ("\u00FD7zXZ\0", new("an xz file", Packed)),
        ("(\u00B5/\u00FD", new("a Zstandard file", Packed)),
        ("7z\u00BC\u00AF'\u001C", new("a 7-Zip archive", Packed)),
        ("Rar!\u001A\u0007", new("a RAR archive", Packed)),
        ("\u0089HDF\r\n\u001A\n", new("an HDF5 file, as Keras writes (.h5)")),
        ("MATLAB ", new("a MATLAB file (.mat)")),
        ("\u0093NUMPY", new("a NumPy array (.npy)")),
        ("GGUF", new("a GGUF file")),
        ("????TFL3", new("a TensorFlow Lite model")),
        ("\0\0\u0008\u0001", new("labels in MNIST's IDX format")),
        ("\0\0\u0008\u0003", new("images in MNIST's IDX format")),
        ("\0\u0005\u0016\u0007", new("a macOS resource file (AppleDouble)", "delete it; the file itself has the name without '._'")),
        ("\u00FF\u00D8\u00FF", new("a JPEG image")),
        ("\u0089PNG\r\n\u001A\n", new("a PNG image")),
        ("GIF8", new("a GIF image")),
        ("RIFF????WEBP", new("a WebP image")),
        ("BM????\0\0\0\0", new("a BMP image")),
        ("II*\0", new("a TIFF image")),
        ("MM\0*", new("a TIFF image")),
        ("????ftypavif", new("an AVIF image")),
        ("????ftyp", new("a HEIC image or a video (ISO media file)")),
        ("\0\0\0\u000CJXL ", new("a JPEG XL image")),
        ("\u00FF\u000A", new("a JPEG XL image")),
        ("\0\0\0\u000CjP  ", new("a JPEG 2000 image")),
        ("8BPS", new("a Photoshop file")),
        ("%PDF-", new("a PDF document")),
        ("version https://git-lfs", new("a pointer of Git LFS, in whose place 'git lfs pull' puts the file")),
    ];

    /// <summary>What <c>Module.save</c> of TorchSharp writes (.dat).</summary>
    public static FileKind SavedByTorchSharp { get; } = new("weights that TorchSharp's Module.save wrote (.dat)");

    private static readonly Encoding Bytes = Encoding.Latin1;

    /// <summary>The kind of some first bytes; null where they are of none known.</summary>
    public static FileKind? Of(ReadOnlySpan<byte> start)
    {
        if (start.IsEmpty)
        {
            return new FileKind("an empty file");
        }

        string bytes = Bytes.GetString(start[..Math.Min(start.Length, Needed)]);
        return bytes.StartsWith("PK\u0003\u0004", StringComparison.Ordinal) ? OfArchive(bytes) with { IsZip = true }
            : Array.Find(Beginnings, entry => IsStart(bytes, entry.Start)) is { Start: not null } known ? known.Kind
            : bytes.Length > 262 && bytes.AsSpan(257, 5) is "ustar" ? new FileKind("a tar archive", "extract it first")
            : IsOfTorchSharp(bytes) ? SavedByTorchSharp
            : PickleStart().IsMatch(bytes) ? new FileKind("a Python pickle, as PyTorch's torch.save writes (.pt, .pth)")
            : OnnxStart().IsMatch(bytes) ? new FileKind("an ONNX model")
            : SafetensorsStart().IsMatch(bytes) ? new FileKind("weights in the safetensors format")
            : OfText(bytes);
    }

    /// <summary>The kind of a file; null where it is of none known.</summary>
    public static FileKind? OfFile(string path)
    {
        Span<byte> start = stackalloc byte[Needed];
        using FileStream file = File.OpenRead(path);
        return Of(start[..file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)]);
    }

    /// <summary>A remark behind what was found instead of a magic number; empty where the kind is unknown.</summary>
    /// <param name="start">The first bytes, as far as they have been read.</param>
    /// <param name="rest">Where to read on; null where that is all.</param>
    public static string Remark(ReadOnlySpan<byte> start, Stream? rest = null)
    {
        byte[] bytes = new byte[Math.Max(Needed, start.Length)];
        start.CopyTo(bytes);
        int got = start.Length + (rest?.ReadAtLeast(bytes.AsSpan(start.Length), bytes.Length - start.Length, throwOnEndOfStream: false) ?? 0);
        return Of(bytes.AsSpan(0, got)) is { } kind ? $": it seems to be {kind}" : string.Empty;
    }

    public override string ToString() => Advice.Length == 0 ? Name : $"{Name} ({Advice})";

    private static bool IsStart(string bytes, string start)
        => bytes.Length >= start.Length && start.Index().All(expected => expected.Item == '?' || bytes[expected.Index] == expected.Item);

    private static bool IsOfTorchSharp(string bytes)
        => TorchSharpStart().Match(bytes) is { Success: true } start && start.Groups["length"].Value[0] == start.Groups["name"].Length;

    private static FileKind OfArchive(string bytes)
    {
        string names = bytes.Length > FirstNameAt ? bytes[FirstNameAt..] : string.Empty;
        return names.StartsWith("TrainingInfo/", StringComparison.Ordinal) || names.StartsWith("TransformerChain", StringComparison.Ordinal)
                ? new FileKind("a model of ML.NET", "mlContext.Model.Load reads it")
            : ArchivedPickle().IsMatch(names) ? new FileKind("a PyTorch file of torch.save (.pt, .pth), a pickle in a zip archive")
            : ArchivedArray().IsMatch(names) ? new FileKind("an archive of NumPy arrays (.npz)")
            : names.StartsWith("metadata.json", StringComparison.Ordinal) ? new FileKind("a Keras model (.keras)")
            : new FileKind("a zip archive", "extract it first");
    }

    private static FileKind? OfText(string bytes)
    {
        string text = bytes.StartsWith("\u00EF\u00BB\u00BF", StringComparison.Ordinal) ? bytes[3..] : bytes; // the byte order mark of UTF-8
        text = text.TrimStart(' ', '\t', '\r', '\n');
        return MarkupStart().IsMatch(text)
                ? text.StartsWith("<svg", StringComparison.OrdinalIgnoreCase) ? new FileKind("an SVG drawing") : new FileKind("HTML or XML", Broken)
            : !JsonStart().IsMatch(text) ? null
            : text.Contains("\"weight_map\"", StringComparison.Ordinal) || text.Contains("\"total_size\"", StringComparison.Ordinal)
                ? new FileKind("the index of weights in several files", "load each file that it names with LoadMatchingWeights")
            : new FileKind("JSON text");
    }

    [GeneratedRegex(@"\A\x80[\x02-\x05][\x8A\x95}c(\]]")]
    private static partial Regex PickleStart();

    [GeneratedRegex(@"\A\x08[\x01-\x20](\x12.[\x20-\x7E]|[\x3A\x42])", RegexOptions.Singleline)] // format version; producer, graph or operators
    private static partial Regex OnnxStart();

    [GeneratedRegex(@"\A....[\0-\x05]\0\0\0\{", RegexOptions.Singleline)]
    private static partial Regex SafetensorsStart();

    // The number of tensors, then of the first its name behind the name's length, its type and its number of dimensions.
    [GeneratedRegex(@"\A[\x80-\xFF]{0,2}[\x01-\x7F](?<length>[\x01-\x7F])(?<name>[\w.\-]+)[\0-\x1F][\0-\x10]", RegexOptions.Singleline)]
    private static partial Regex TorchSharpStart();

    [GeneratedRegex(@"\A[^/\0]+/(data\.pkl|\.data/|\.format_version|byteorder|version)")]
    private static partial Regex ArchivedPickle();

    [GeneratedRegex(@"\A[^\0]{1,100}\.npy")]
    private static partial Regex ArchivedArray();

    [GeneratedRegex(@"\A<[!?A-Za-z]")]
    private static partial Regex MarkupStart();

    [GeneratedRegex(@"\A(\{\s*[""}]|\[\s*[\[{""\d\]])")]
    private static partial Regex JsonStart();
}
