using System.Reflection;
using Microsoft.ML;

namespace RobustAttribution.MLNet.Interop;

/// <summary>
/// One kind of component in a model file: a JSON card, and binary streams beside it. Knows how ML.NET finds the loader again.
/// </summary>
/// <param name="signature">Exactly eight characters, the mark at the start of the component's entry.</param>
/// <param name="loader">At most 24 characters, the name under which the assembly registers the loader.</param>
/// <param name="version">0xMMMMmmmm of what is written now; anything that writes another layout raises it.</param>
/// <param name="readableBy">The oldest version whose reader understands what is written now.</param>
internal sealed class ModelFormat(string signature, string loader, uint version = 0x00010001, uint readableBy = 0x00010001)
{
    private const uint OldestReadable = 0x00010001;

    // The short assembly name: with the full one an older version of this library could not load a newer one's models.
    private VersionInfo VersionInfo => new(signature, version, readableBy, OldestReadable, Assembly.GetExecutingAssembly().GetName().Name, loader);

    /// <summary>Writes the card, and each stream into an entry of its own.</summary>
    public void Write(ModelSaveContext context, string card, params (string Name, Action<Stream> Write)[] streams)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.CheckAtModel();
        context.SetVersionInfo(VersionInfo);
        context.SaveNonEmptyString(card);
        foreach ((string name, Action<Stream> write) in streams)
        {
            context.SaveBinaryStream(name, writer =>
            {
                writer.Flush();
                write(writer.BaseStream);
            });
        }
    }

    /// <summary>Reads the card.</summary>
    /// <exception cref="FormatException">
    /// The entry is another component's, or newer than this library can read; the message names the versions.
    /// </exception>
    public string ReadCard(ModelLoadContext context)
    {
        try
        {
            context.CheckAtModel(VersionInfo);
        }
        catch (FormatException error) // ML.NET's own words advise another version of ML.NET, which would not help
        {
            throw new FormatException(
                $"The part '{loader}' of the model file is in a format that RobustAttribution.MLNet"
                + $" {Assembly.GetExecutingAssembly().GetName().Version} does not read;"
                + $" it reads the formats {Text(OldestReadable)} to {Text(version)}. "
                + $"A file that a newer version of the library wrote needs that version. ({error.Message})",
                error);
        }

        return context.LoadNonEmptyString();
    }

    /// <summary>Reads a stream that <see cref="Write"/> wrote.</summary>
    /// <exception cref="FormatException">The model file has no such entry.</exception>
    public T ReadStream<T>(ModelLoadContext context, string name, Func<Stream, T> read)
    {
        T? result = default;
        bool found = context.TryLoadBinaryStream(name, reader => result = read(reader.BaseStream));
        return found ? result! : throw new FormatException(
            $"The model file lacks the entry '{name}' that {loader} needs: it is damaged or was not written by this library.");
    }

    private static string Text(uint version) => $"{version >> 16}.{version & 0xFFFF}";
}
