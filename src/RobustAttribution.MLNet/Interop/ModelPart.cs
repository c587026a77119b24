using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML;
using RobustAttribution.Serialization;

namespace RobustAttribution.MLNet.Interop;

/// <summary>What <see cref="ModelFormat.Write"/> wrote of one component, compared with its checksums as it is read.</summary>
/// <remarks>
/// Since format 1.3 the card and the streams have a SHA-256 beside the card. Older ones, and every header, are compared with the CRC-32 of the zip
/// file, which <see cref="ZipArchive"/> itself does not look at.
/// </remarks>
internal sealed class ModelPart
{
    public const string CardName = "Card";
    private const uint FirstWithChecksums = 0x00010003;
    private const string MainEntry = "Model.key";
    private const int VersionAt = 72; // in the header that ML.NET writes before a component

    private readonly ModelLoadContext context;
    private readonly string loader;
    private readonly Dictionary<string, string>? checksums;

    /// <param name="context">Stands behind the version check.</param>
    /// <param name="loader">The component, for errors.</param>
    public ModelPart(ModelLoadContext context, string loader)
    {
        (this.context, this.loader) = (context, loader);
        uint version = ReadVersion();
        Card = context.LoadNonEmptyString();
        if (version >= FirstWithChecksums)
        {
            checksums = CardJson.Read<Dictionary<string, string>>(context.LoadNonEmptyString());
            RequireChecksum(CardName, SHA256.HashData(Encoding.UTF8.GetBytes(Card)));
        }
    }

    /// <summary>The component's card.</summary>
    public string Card { get; }

    /// <summary>A SHA-256 as the file states it.</summary>
    public static string Text(byte[] hash) => Convert.ToHexStringLower(hash);

    /// <summary>Reads a stream.</summary>
    /// <exception cref="FormatException">The model file has no such entry, or its bytes are not those that were written.</exception>
    public T ReadStream<T>(string name, Func<Stream, T> read)
    {
        T? result = default;
        bool found = context.TryLoadBinaryStream(name, reader =>
        {
            if (checksums is null)
            {
                RequireCrc(name, reader.BaseStream);
            }
            else
            {
                RequireChecksum(name, SHA256.HashData(reader.BaseStream));
                reader.BaseStream.Position = 0;
            }

            result = read(reader.BaseStream);
        });
        return found ? result! : throw new FormatException(
            $"The model file lacks the entry '{name}' that {loader} needs: it is damaged or was not written by this library.");
    }

    private uint ReadVersion()
    {
        Stream stream = context.Reader.BaseStream;
        long position = stream.Position;
        stream.Position = 0;
        RequireCrc(MainEntry, stream);
        stream.Position = context.FpMin + VersionAt;
        Span<byte> version = stackalloc byte[sizeof(uint)];
        stream.ReadExactly(version);
        stream.Position = position;
        return BinaryPrimitives.ReadUInt32LittleEndian(version);
    }

    private void RequireChecksum(string name, byte[] found)
    {
        string? stated = checksums!.GetValueOrDefault(name);
        if (stated != Text(found))
        {
            throw Damaged(name, $"its SHA-256 is {Text(found)}, and the model file states {stated ?? "none"}");
        }
    }

    private void RequireCrc(string name, Stream stream)
    {
        if (EntryOf(name) is { } entry && Crc32.Of(stream) is var found && found != entry.Crc32)
        {
            throw Damaged(name, $"its CRC-32 is {found:x8}, and the zip file states {entry.Crc32:x8}");
        }

        stream.Position = 0;
    }

    private FormatException Damaged(string name, string how)
        => new($"The entry '{PathOf(name)}' of the model file, which {loader} needs, is damaged: {how}.");

    /// <summary>The entry of the archive; null where the model is no archive, or has the entry under a name of another kind.</summary>
    private ZipArchiveEntry? EntryOf(string name)
    {
        if (context.Repository is null)
        {
            return null;
        }

        Dictionary<string, ZipArchiveEntry> entries = Entries(context.Repository);
        string path = PathOf(name);
        string onWindows = path.Replace('/', '\\'); // as old versions of ML.NET wrote it there
        return entries.GetValueOrDefault(path) ?? entries.GetValueOrDefault(onWindows);
    }

    private string PathOf(string name) => Path.Combine(context.Directory ?? string.Empty, name);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_entries")]
    private static extern ref Dictionary<string, ZipArchiveEntry> Entries(RepositoryReader repository);
}
