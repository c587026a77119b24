namespace RobustAttribution.MLNet.Columns;

/// <summary>The errors of files that are not what they should be: file, place, what should be there, what is.</summary>
internal static class DamagedFile
{
    /// <param name="path">The file.</param>
    /// <param name="position">Where, in bytes (of the uncompressed content).</param>
    /// <param name="expected">What should be there.</param>
    /// <param name="found">What is there.</param>
    /// <param name="inner">The cause.</param>
    public static InvalidDataException AtByte(string path, long position, string expected, string found, Exception? inner = null)
        => new($"{path}, byte {position}: expected {expected}, found {found}.", inner);

    /// <param name="path">The file.</param>
    /// <param name="line">Which line, from 1.</param>
    /// <param name="expected">What should be there.</param>
    /// <param name="found">What is there.</param>
    public static InvalidDataException AtLine(string path, int line, string expected, string found)
        => new($"{path}, line {line}: expected {expected}, found {found}.");
}
