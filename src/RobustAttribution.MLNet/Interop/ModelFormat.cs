using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML;
using RobustAttribution.Serialization;

namespace RobustAttribution.MLNet.Interop;

/// <summary>
/// One kind of component in a model file: a JSON card, and binary streams beside it. Knows how ML.NET finds the loader again.
/// </summary>
/// <param name="signature">Exactly eight characters, the mark at the start of the component's entry.</param>
/// <param name="loader">At most 24 characters, the name under which the assembly registers the loader.</param>
/// <param name="version">0xMMMMmmmm of what is written now; anything that writes another layout raises it.</param>
/// <param name="readableBy">The oldest version whose reader understands what is written now.</param>
internal sealed class ModelFormat(string signature, string loader, uint version = 0x00010003, uint readableBy = 0x00010003)
{
    private const uint OldestReadable = 0x00010001;

    // The short assembly name: with the full one an older version of this library could not load a newer one's models.
    private VersionInfo VersionInfo => new(signature, version, readableBy, OldestReadable, Assembly.GetExecutingAssembly().GetName().Name, loader);

    /// <summary>Writes each stream into an entry of its own, the card, and the SHA-256 of each.</summary>
    public void Write(ModelSaveContext context, string card, params (string Name, Action<Stream> Write)[] streams)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.CheckAtModel();
        context.SetVersionInfo(VersionInfo);
        var checksums = new Dictionary<string, string> { [ModelPart.CardName] = ModelPart.Text(SHA256.HashData(Encoding.UTF8.GetBytes(card))) };
        foreach ((string name, Action<Stream> write) in streams)
        {
            context.SaveBinaryStream(name, writer =>
            {
                write(writer.BaseStream);
                writer.BaseStream.Position = 0; // it ends where it is read to
                checksums[name] = ModelPart.Text(SHA256.HashData(writer.BaseStream));
            });
        }

        context.SaveNonEmptyString(card);
        context.SaveNonEmptyString(CardJson.Write(checksums));
    }

    /// <summary>Reads the card.</summary>
    /// <exception cref="FormatException">As for <see cref="Read"/>.</exception>
    public string ReadCard(ModelLoadContext context) => Read(context).Card;

    /// <summary>Reads the card, and the streams when they are asked for.</summary>
    /// <exception cref="FormatException">
    /// The entry is damaged, another component's, or newer than this library can read; the message names the entry or the versions.
    /// </exception>
    public ModelPart Read(ModelLoadContext context)
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

        return new ModelPart(context, loader);
    }

    private static string Text(uint version) => $"{version >> 16}.{version & 0xFFFF}";
}
