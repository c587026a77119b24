using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;
using System.Xml.Linq;
using RobustAttribution.MLNet.Tests.Fixtures;

namespace RobustAttribution.MLNet.Tests.Packaging;

/// <summary>A package in artifacts/packages, opened for reading.</summary>
internal sealed class PackageFile : IDisposable
{
    private static readonly Guid SourceLinkKind = new("CC110556-A091-4D38-9FEC-25AB9A351A6A"), EmbeddedSourceKind = new("0E8A571B-6926-466E-B4AD-8AB04611F5FE");

    private readonly ZipArchive _archive;

    private PackageFile(string path)
    {
        _archive = ZipFile.OpenRead(path);
        string text = Encoding.UTF8.GetString(Bytes(_archive.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).FullName)).TrimStart('\uFEFF');
        XElement metadata = XDocument.Parse(text).Root!.Elements().Single(element => element.Name.LocalName == "metadata");
        Metadata = metadata.Elements().GroupBy(element => element.Name.LocalName).ToDictionary(group => group.Key, group => group.First());
    }

    /// <summary>The elements of the .nuspec by name.</summary>
    public Dictionary<string, XElement> Metadata { get; }

    /// <summary>Every file in the package.</summary>
    public IReadOnlyList<string> Files => [.. _archive.Entries.Select(entry => entry.FullName)];

    /// <summary>Opens the package of this id, or ends the test as inconclusive.</summary>
    public static PackageFile Open(string id, string extension = "nupkg")
    {
        string folder = Repository.At("artifacts", "packages");
        string[] found = Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, $"{id}.*.{extension}").Where(file => char.IsAsciiDigit(Path.GetFileName(file)[id.Length + 1]))] : [];
        if (found.Length == 0)
        {
            Assert.Inconclusive($"artifacts/packages has no {id}.*.{extension}: make the packages with ./build.sh pack.");
        }

        Assert.HasCount(1, found, $"artifacts/packages has several versions of {id}: {string.Join(", ", found)}");
        return new PackageFile(found[0]);
    }

    public byte[] Bytes(string name)
    {
        using Stream stream = _archive.GetEntry(name)?.Open() ?? throw new AssertFailedException($"The package has no {name}; it has {string.Join(", ", Files)}.");
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    /// <summary>The names of the assemblies that an assembly in the package refers to.</summary>
    public string[] References(string name)
    {
        using var assembly = new PEReader(new MemoryStream(Bytes(name)));
        MetadataReader reader = assembly.GetMetadataReader();
        return [.. reader.AssemblyReferences.Select(handle => reader.GetString(reader.GetAssemblyReference(handle).Name))];
    }

    /// <summary>What a portable PDB in the package says: the paths of its sources, how many of them it carries with their text, all text it carries, and its SourceLink.</summary>
    public (string[] Paths, int Embedded, string Text, string? SourceLink) Symbols(string name)
    {
        using MetadataReaderProvider provider = MetadataReaderProvider.FromPortablePdbStream(new MemoryStream(Bytes(name)));
        MetadataReader reader = provider.GetMetadataReader();
        string[] paths = [.. reader.Documents.Select(handle => reader.GetString(reader.GetDocument(handle).Name))];
        var text = new StringBuilder();
        int embedded = 0;
        string? sourceLink = null;
        foreach (CustomDebugInformation information in reader.CustomDebugInformation.Select(reader.GetCustomDebugInformation))
        {
            Guid kind = reader.GetGuid(information.Kind);
            if (kind == SourceLinkKind)
            {
                sourceLink = Encoding.UTF8.GetString(reader.GetBlobBytes(information.Value));
            }
            else if (kind == EmbeddedSourceKind)
            {
                embedded++;
                byte[] blob = reader.GetBlobBytes(information.Value); // int32 size when deflated, 0 when not; then the bytes
                using Stream raw = new MemoryStream(blob, 4, blob.Length - 4);
                using Stream source = BitConverter.ToInt32(blob) == 0 ? raw : new DeflateStream(raw, CompressionMode.Decompress);
                text.AppendLine(new StreamReader(source).ReadToEnd());
            }
        }

        return (paths, embedded, text.ToString(), sourceLink);
    }

    public void Dispose() => _archive.Dispose();
}
