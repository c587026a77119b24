using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>
/// The 256 bytes before a component's data: where its parts lie (data, table of strings, loader's assembly, tail mark) and who can read it.
/// Positions count from the header's first byte; the layout is the originals'.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal struct ModelHeader
{
    public const int Size = 0x100;

    private const ulong HeadMark = 0x4C45444F4D004C4DUL; // "ML\0MODEL"
    private const ulong TailMark = 0x4D4C004D4F44454CUL; // the same from the other end
    private const uint FormatVersion = 0x00010002;

    [FieldOffset(0x00)]
    public ulong Signature;
    [FieldOffset(0x08)]
    public uint VerWritten;
    [FieldOffset(0x0C)]
    public uint VerReadable;
    [FieldOffset(0x10)]
    public long FpModel;
    [FieldOffset(0x18)]
    public long CbModel;
    [FieldOffset(0x20)]
    public long FpStringTable;
    [FieldOffset(0x28)]
    public long CbStringTable;
    [FieldOffset(0x30)]
    public long FpStringChars;
    [FieldOffset(0x38)]
    public long CbStringChars;
    [FieldOffset(0x40)]
    public ulong ModelSignature;
    [FieldOffset(0x48)]
    public uint ModelVerWritten;
    [FieldOffset(0x4C)]
    public uint ModelVerReadable;
    [FieldOffset(0x50)]
    public LoaderName Loader;
    [FieldOffset(0x68)]
    public LoaderName LoaderAlt;
    [FieldOffset(0x80)]
    public long FpTail;
    [FieldOffset(0x88)]
    public long FpLim;
    [FieldOffset(0x90)]
    public long FpAssemblyName;
    [FieldOffset(0x98)]
    public uint CbAssemblyName;

    /// <summary>Leaves room for the header; <see cref="EndWrite"/> fills it in.</summary>
    public static ModelHeader BeginWrite(BinaryWriter writer)
    {
        writer.Write(new byte[Size]);
        return new() { Signature = HeadMark, VerWritten = FormatVersion, VerReadable = FormatVersion, FpModel = Size };
    }

    public static void EndWrite(BinaryWriter writer, long start, ref ModelHeader header, IReadOnlyCollection<string> strings, string assemblyName)
    {
        writer.Flush();
        header.CbModel = writer.BaseStream.Position - start - Size;
        if (strings.Count > 0)
        {
            header.FpStringTable = Size + header.CbModel;
            header.CbStringTable = strings.Count * sizeof(long);
            foreach (string text in strings)
                writer.Write(header.CbStringChars += text.Length * sizeof(char));
            header.FpStringChars = header.FpStringTable + header.CbStringTable;
            foreach (string text in strings)
                writer.Write(MemoryMarshal.AsBytes(text.AsSpan()));
        }

        writer.Flush();
        if (!string.IsNullOrEmpty(assemblyName))
        {
            header.FpAssemblyName = writer.BaseStream.Position - start;
            header.CbAssemblyName = (uint)assemblyName.Length * sizeof(char);
            writer.Write(MemoryMarshal.AsBytes(assemblyName.AsSpan()));
        }

        writer.Flush();
        header.FpTail = writer.BaseStream.Position - start;
        header.FpLim = header.FpTail + sizeof(ulong);
        writer.Write(TailMark);
        writer.Flush();
        writer.BaseStream.Position = start;
        writer.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<ModelHeader>(in header)));
        writer.Flush();
        writer.BaseStream.Position = start + header.FpLim;
    }

    /// <summary>Reads and checks everything but the component's data, and leaves the reader at them.</summary>
    public static ModelHeader Read(BinaryReader reader, out string[] strings, out string assemblyName)
    {
        var stream = reader.BaseStream;
        long start = stream.Position;
        byte[] bytes = reader.ReadBytes(Size);
        Contracts.CheckDecode(bytes.Length == Size, $"Corrupt model file: {bytes.Length} of {Size} header bytes");
        var header = MemoryMarshal.Read<ModelHeader>(bytes);
        header.CheckLayout(stream.Length - start);

        strings = new string[header.CbStringTable / sizeof(long)];
        stream.Position = start + header.FpStringTable;
        long[] ends = Enumerable.Range(0, strings.Length).Select(_ => reader.ReadInt64()).ToArray();
        stream.Position = start + header.FpStringChars;
        long end = 0;
        for (int i = 0; i < strings.Length; i++)
        {
            Contracts.CheckDecode(end <= ends[i] && ends[i] <= header.CbStringChars, "Corrupt model file: table of strings");
            strings[i] = ReadText(reader, ends[i] - end);
            end = ends[i];
        }

        stream.Position = start + header.FpAssemblyName;
        assemblyName = header.FpAssemblyName == 0 ? null : ReadText(reader, header.CbAssemblyName);
        stream.Position = start + header.FpTail;
        Contracts.CheckDecode(reader.ReadUInt64() == TailMark, "Corrupt model file tail");
        stream.Position = start + Size;
        return header;
    }

    public static void SetVersionInfo(ref ModelHeader header, VersionInfo version)
    {
        header.ModelSignature = version.ModelSignature;
        header.ModelVerWritten = version.VerWrittenCur;
        header.ModelVerReadable = version.VerReadableCur;
        header.Loader = new(version.LoaderSignature);
        header.LoaderAlt = new(version.LoaderSignatureAlt);
    }

    public static void CheckVersionInfo(ref ModelHeader header, VersionInfo version)
    {
        Contracts.CheckDecode(header.ModelSignature == version.ModelSignature, "Unknown file type");
        Contracts.CheckDecode(header.ModelVerReadable <= header.ModelVerWritten, "Corrupt file header");
        if (header.ModelVerReadable > version.VerWrittenCur)
        {
            throw Contracts.ExceptDecode($"Component '{version.LoaderSignature}' of the model is too new to be read here: " +
                $"maximum expected version {version.VerWrittenCur}, got {header.ModelVerReadable}.");
        }

        if (header.ModelVerWritten < version.VerWeCanReadBack)
        {
            throw Contracts.ExceptDecode($"Component '{version.LoaderSignature}' of the model is too old to be read here: " +
                $"minimum expected version {version.VerWeCanReadBack}, got {header.ModelVerWritten}.");
        }
    }

    /// <summary>Eight characters from <paramref name="offset"/> on, as a number.</summary>
    public static ulong Pack(string text, int offset)
    {
        ulong packed = 0;
        for (int i = 0; i < sizeof(ulong) && offset + i < text.Length; i++)
        {
            Contracts.Check(text[offset + i] <= 0xFF, $"Signature '{text}' has a character beyond Latin-1.");
            packed |= (ulong)text[offset + i] << (8 * i);
        }

        return packed;
    }

    private readonly void CheckLayout(long available)
    {
        Contracts.CheckDecode(Signature == HeadMark, "Wrong file type");
        Contracts.CheckDecode(VerReadable <= VerWritten, "Corrupt file header");
        Contracts.CheckDecode(VerReadable <= FormatVersion, "File is too new");
        Contracts.CheckDecode(VerWritten >= FormatVersion, "File is too old");
        bool hasStrings = FpStringTable != 0;
        bool hasAssembly = FpAssemblyName != 0;
        long end = Size;
        bool ordered = FpModel == end && CbModel >= 0 && CbStringTable >= 0 && CbStringChars >= 0 && FpLim <= available;
        end += CbModel;
        ordered &= !hasStrings || (FpStringTable == end && FpStringChars == end + CbStringTable && CbStringTable % sizeof(long) == 0);
        ordered &= hasStrings || (CbStringTable == 0 && CbStringChars == 0);
        end += CbStringTable + CbStringChars;
        ordered &= !hasAssembly || FpAssemblyName == end;
        end += CbAssemblyName;
        ordered &= FpTail == end && FpLim == end + sizeof(ulong);
        Contracts.CheckDecode(ordered, "Corrupt model file header");
    }

    private static string ReadText(BinaryReader reader, long byteCount)
        => Encoding.Unicode.GetString(reader.ReadBytes(checked((int)byteCount)));

    /// <summary>A name of up to 24 characters.</summary>
    [InlineArray(3)]
    internal struct LoaderName
    {
        private ulong _first;

        public LoaderName(string name)
        {
            Contracts.Check(name is not { Length: > 24 }, $"Loader signature '{name}' is longer than 24 characters.");
            for (int i = 0; i < 3; i++)
                this[i] = Pack(name ?? "", 8 * i);
        }

        public override readonly string ToString()
            => Encoding.Latin1.GetString(MemoryMarshal.AsBytes(((ReadOnlySpan<ulong>)this).ToArray().AsSpan())).TrimEnd('\0');
    }
}
