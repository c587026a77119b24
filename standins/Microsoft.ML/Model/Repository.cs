using System.IO.Compression;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Paths inside a model file; a backslash separates folders, whatever the platform that wrote it.</summary>
internal static class Repository
{
    public static string EntryPath(string dir, string name)
    {
        Contracts.CheckNonWhiteSpace(name, nameof(name));
        string path = string.IsNullOrEmpty(dir) ? name : Path.Combine(dir, name);
        Contracts.CheckParam(!path.Contains("..", StringComparison.Ordinal), nameof(dir), $"'{path}' leaves the model file.");
        return Normalize(path);
    }

    public static string Normalize(string path) => path.Replace('\\', '/');
}

/// <summary>Writes the entries of a model file, a zip archive. Several may be open at once; each is stored when it is closed.</summary>
internal sealed class RepositoryWriter : IDisposable
{
    private readonly ZipArchive _archive;
    private readonly HashSet<string> _paths = [];

    public RepositoryWriter(Stream stream)
    {
        _archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
        using var writer = new StreamWriter(CreateEntry("TrainingInfo", "Version.txt"));
        writer.WriteLine(typeof(RepositoryWriter).Assembly.GetName().Version);
    }

    public Stream CreateEntry(string dir, string name)
    {
        string path = Repository.EntryPath(dir, name);
        if (!_paths.Add(path))
            throw Contracts.ExceptParam(nameof(name), $"Duplicate entry: '{path}'");
        return new EntryStream(this, path);
    }

    public void Dispose() => _archive.Dispose();

    private sealed class EntryStream(RepositoryWriter owner, string path) : MemoryStream
    {
        private bool _stored;

        protected override void Dispose(bool disposing)
        {
            if (disposing && !_stored)
            {
                _stored = true;
                using var target = owner._archive.CreateEntry(path).Open();
                WriteTo(target);
            }

            base.Dispose(disposing);
        }
    }
}

/// <summary>Reads the entries of a model file.</summary>
internal sealed class RepositoryReader : IDisposable
{
    private readonly ZipArchive _archive;
    private readonly Dictionary<string, ZipArchiveEntry> _entries = [];

    public RepositoryReader(Stream stream, IExceptionContext ectx)
    {
        try
        {
            _archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
        }
        catch (Exception ex)
        {
            throw ectx.ExceptDecode(ex, "Failed to open a zip archive");
        }

        foreach (var entry in _archive.Entries)
            _entries[Repository.Normalize(entry.FullName)] = entry;
    }

    public Stream OpenEntryOrNull(string dir, string name)
    {
        if (!_entries.TryGetValue(Repository.EntryPath(dir, name), out var entry))
            return null;
        using var source = entry.Open();
        var copy = new MemoryStream(checked((int)entry.Length));
        source.CopyTo(copy);
        copy.Position = 0;
        return copy;
    }

    public void Dispose() => _archive.Dispose();
}
