namespace Microsoft.ML.Data;

/// <summary>Some items that can be opened for reading, such as files.</summary>
public interface IMultiStreamSource
{
    int Count { get; }

    string GetPathOrNull(int index);

    Stream Open(int index);

    TextReader OpenTextReader(int index);
}
