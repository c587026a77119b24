using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Files by their paths. The originals' wild cards are not known here.</summary>
public sealed class MultiFileSource : IMultiStreamSource
{
    private readonly string[] _paths;

    public MultiFileSource(params string[] paths) => _paths = paths is null or [null] ? [] : paths;

    public int Count => _paths.Length;

    public string GetPathOrNull(int index)
    {
        Contracts.CheckParam(index >= 0 && index < Count, nameof(index));
        return _paths[index];
    }

    public Stream Open(int index)
    {
        string path = GetPathOrNull(index);
        try
        {
            return File.OpenRead(path);
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new IOException($"Could not open file '{path}'. Error is: {ex.Message}", ex);
        }
    }

    public TextReader OpenTextReader(int index) => new StreamReader(Open(index));
}
