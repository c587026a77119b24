using System.Text;
using RobustAttribution.MLNet.Tests.Fixtures;

namespace RobustAttribution.MLNet.Tests.Packaging;

/// <summary>eng/BuildTools/LoadableTorchSharp.cs, run as docs/how-to/old-linux.md says, on small libraries made here.</summary>
[TestClass]
public sealed class LoadableTorchSharpTests
{
    private const string Name = "libLibTorchSharp.so";

    [TestMethod]
    public void AVersionThatIsNotUsedIsMadeWeakInACopy()
    {
        using var folder = new DataFolder();
        (byte[] content, int flags) = Library(relocatedSymbols: [1]);
        string original = folder.Write("packages/original.so", content), output = folder.Of("app"), library = Path.Combine(output, Name);
        File.SetLastWriteTimeUtc(original, new DateTime(2020, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        Directory.CreateDirectory(output);
        if (OperatingSystem.IsWindows())
        {
            File.Copy(original, library);
        }
        else
        {
            File.CreateSymbolicLink(library, original); // as CreateSymbolicLinksForCopyLocalIfPossible leaves it
        }

        Assert.Contains("GLIBCXX_3.4.32 made weak", Run(output));

        CollectionAssert.AreEqual(content, File.ReadAllBytes(original), "the original");
        Assert.IsNull(new FileInfo(library).LinkTarget);
        byte[] expected = [.. content];
        expected[flags] = 2;
        CollectionAssert.AreEqual(expected, File.ReadAllBytes(library));
        Assert.AreEqual(File.GetLastWriteTimeUtc(original), File.GetLastWriteTimeUtc(library), "else the next build brings the original back");
        Assert.Contains("nothing to do", Run(output));
        CollectionAssert.AreEqual(expected, File.ReadAllBytes(library));
        Assert.HasCount(1, Directory.GetFiles(output));
    }

    [TestMethod]
    public void AVersionThatIsUsedStays()
    {
        using var folder = new DataFolder();
        (byte[] content, _) = Library(relocatedSymbols: [1, 2]);
        string library = folder.Write($"app/runtimes/linux-x64/native/{Name}", content);

        Assert.Contains("nothing to do", Run(folder.Of("app")));

        CollectionAssert.AreEqual(content, File.ReadAllBytes(library));
    }

    [TestMethod]
    public void WhatIsWrongIsSaidWithItsPlace()
    {
        using var folder = new DataFolder();
        Assert.Contains($"error: there is no {Name} in '{folder.Path}'", Run(folder.Path, exitCode: 1));
        string library = folder.Write(Name, "no library");
        Assert.Contains($"error: {library}: These 10 bytes are no library of 64-bit Linux.", Run(folder.Path, exitCode: 1));
    }

    private static string Run(string folder, int exitCode = 0)
    {
        string program = Repository.At("eng", "BuildTools", "LoadableTorchSharp.cs");
        (int found, string output) = Repository.Run("dotnet", "run", "--file", program, "--", folder);
        Assert.AreEqual(exitCode, found, output);
        return output;
    }

    /// <summary>The few parts of a library of 64-bit Linux that say which versions it needs.</summary>
    /// <param name="relocatedSymbols">The symbols that it uses: symbol 1 is of GLIBCXX_3.4.30, 2 of GLIBCXX_3.4.32.</param>
    /// <returns>The bytes, and where the flags of GLIBCXX_3.4.32 are.</returns>
    private static (byte[] Content, int Flags) Library(int[] relocatedSymbols)
    {
        const string Strings = "\0GLIBCXX_3.4.30\0GLIBCXX_3.4.32\0GLIBC_2.3\0";
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(new byte[64]);
        var sections = new List<(uint Type, long Start, uint Link)> { (0, 64, 0) };

        Begin(3); // SHT_STRTAB
        writer.Write(Encoding.ASCII.GetBytes(Strings));
        Begin(0x6fffffff); // SHT_GNU_versym: a version for each symbol, the highest bit hides
        Array.ForEach(new ushort[] { 0, 2, 0x8003 }, writer.Write);
        Begin(0x6ffffffe, link: 1); // SHT_GNU_verneed: three versions of one library
        Words16(1, 3);
        Words32(0, 16, 0);
        int flags = (int)stream.Position + 16 + 4;
        string[] versions = ["GLIBCXX_3.4.30", "GLIBCXX_3.4.32", "GLIBC_2.3"];
        for (int i = 0; i < versions.Length; i++)
        {
            Words32(0);
            Words16(0, (ushort)(i + 2));
            Words32((uint)Strings.IndexOf(versions[i], StringComparison.Ordinal), i < 2 ? 16u : 0);
        }

        Begin(4); // SHT_RELA
        foreach (int symbol in relocatedSymbols)
        {
            writer.Write(0L);
            writer.Write(((long)symbol << 32) | 6);
            writer.Write(0L);
        }

        long table = stream.Position;
        sections.Add((0, table, 0));
        for (int i = 0; i < sections.Count - 1; i++)
        {
            Words32(0, sections[i].Type);
            Array.ForEach([0L, 0L, sections[i].Start, sections[i + 1].Start - sections[i].Start], writer.Write);
            Words32(sections[i].Link, 0, 0, 0, 0, 0);
        }

        stream.Position = 0;
        writer.Write([0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1]);
        stream.Position = 40;
        writer.Write(table);
        stream.Position = 58;
        Words16(64, (ushort)(sections.Count - 1));
        writer.Flush();
        return (stream.ToArray(), flags);

        void Begin(uint type, uint link = 0) => sections.Add((type, stream.Position, link));
        void Words16(params ushort[] values) => Array.ForEach(values, writer.Write);
        void Words32(params uint[] values) => Array.ForEach(values, writer.Write);
    }
}
