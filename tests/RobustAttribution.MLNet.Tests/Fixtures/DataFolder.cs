using System.Text;

namespace RobustAttribution.MLNet.Tests.Fixtures;

/// <summary>A folder of files that a test writes byte by byte.</summary>
internal sealed class DataFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("data-tests").FullName;

    public string Write(string name, IEnumerable<byte> content)
    {
        string path = Of(name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content.ToArray());
        return path;
    }

    public string Write(string name, string content) => Write(name, Encoding.ASCII.GetBytes(content));

    public string Of(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);

    /// <summary>Fails unless reading the whole view gives an InvalidDataException that starts with the file and names the place.</summary>
    public static void IsDamaged(Func<Microsoft.ML.IDataView> load, string start)
    {
        var error = Assert.ThrowsExactly<InvalidDataException>(() => Rows.Read(load()));
        StringAssert.StartsWith(error.Message, start);
    }
}
