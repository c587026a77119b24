// For programs with TorchSharp on a Linux whose libstdc++ is older than GCC 13's (Debian 12, Ubuntu 22.04): run this after a build or a publish.
//
//     dotnet run --file LoadableTorchSharp.cs -- FOLDER
//
// FOLDER is the output of the build or of the publish. The .NET 10 SDK compiles and runs this file; it needs no project and no package.
#:property PublishAot=false
using System.Buffers.Binary;
using System.Text;

namespace BuildTools;

/// <summary>
/// TorchSharp 0.107's native library asks for version GLIBCXX_3.4.32 of libstdc++ and then uses no symbol of it; where libstdc++ ends before, the
/// loader refuses the library. A need that is marked as weak is not checked.
/// </summary>
/// <remarks>
/// The one symbol of that version, ios_base_library_init, only says that the library leaves it to libstdc++ to set up std::cout. Where an older
/// libstdc++ does not, libtorch does, which is loaded before.
/// </remarks>
internal static class LoadableTorchSharp
{
    private const string Library = "libLibTorchSharp.so";
    private const uint Relocations = 4, VersionNeeds = 0x6ffffffe, SymbolVersions = 0x6fffffff; // SHT_RELA, SHT_GNU_verneed, SHT_GNU_versym
    private const ushort Weak = 2; // VER_FLG_WEAK

    private static int Main(string[] arguments)
    {
        if (arguments is not [var folder])
        {
            return Fail($"needs one argument, the output folder of a build or a publish; found {arguments.Length}.");
        }

        string[] libraries = Directory.Exists(folder) ? Directory.GetFiles(folder, Library, SearchOption.AllDirectories) : [];
        if (libraries.Length == 0)
        {
            return Fail($"there is no {Library} in '{folder}' or below it.");
        }

        foreach (string library in libraries)
        {
            try
            {
                byte[] elf = File.ReadAllBytes(library);
                IReadOnlyList<string> versions = Weaken(elf);
                if (versions.Count > 0)
                {
                    Replace(library, elf);
                }

                Console.WriteLine($"{library}: {(versions.Count > 0 ? $"{string.Join(", ", versions)} made weak" : "nothing to do")}");
            }
            catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
            {
                return Fail($"{library}: {exception.Message}");
            }
        }

        return 0;
    }

    /// <summary>Makes weak every version of libstdc++ that a library asks for and uses no symbol of.</summary>
    /// <param name="elf">A library of 64-bit Linux; it is changed.</param>
    /// <param name="missing">Whether a version, e.g. GLIBCXX_3.4.32, is one to make weak; by default each is.</param>
    /// <returns>The versions made weak.</returns>
    /// <exception cref="InvalidDataException">The bytes are no such library.</exception>
    public static IReadOnlyList<string> Weaken(byte[] elf, Predicate<string>? missing = null)
    {
        if (!elf.AsSpan().StartsWith("\u007fELF\u0002\u0001"u8)) // 64 bits, little-endian
        {
            throw new InvalidDataException($"These {elf.Length} bytes are no library of 64-bit Linux.");
        }

        int table = (int)Long(40), size = Short(58), count = Short(60);
        ILookup<uint, int> sections = Enumerable.Range(0, count).Select(i => table + (i * size)).ToLookup(section => Int(section + 4));
        HashSet<int> used = [.. sections[Relocations].SelectMany(RelocatedSymbols).Distinct().SelectMany(VersionsOf)];
        List<string> weakened = [];
        foreach (int section in sections[VersionNeeds])
        {
            int strings = Content(table + ((int)Int(section + 40) * size));
            for (int need = Content(section), next = -1; next != 0; need += next)
            {
                next = (int)Int(need + 12);
                for (int entry = need + (int)Int(need + 8), after = -1; after != 0; entry += after)
                {
                    after = (int)Int(entry + 12);
                    ushort flags = Short(entry + 4), index = Short(entry + 6);
                    string version = Text(strings + (int)Int(entry + 8));
                    bool needless = version.StartsWith("GLIBCXX_", StringComparison.Ordinal) && (flags & Weak) == 0 && !used.Contains(index);
                    if (needless && missing?.Invoke(version) != false)
                    {
                        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(entry + 4), (ushort)(flags | Weak));
                        weakened.Add(version);
                    }
                }
            }
        }

        return weakened;

        int Content(int section) => (int)Long(section + 24);
        IEnumerable<int> RelocatedSymbols(int section)
            => Enumerable.Range(0, (int)Long(section + 32) / 24).Select(i => (int)Int(Content(section) + (24 * i) + 12)); // the upper half of r_info
        IEnumerable<int> VersionsOf(int symbol) => sections[SymbolVersions].Select(section => Short(Content(section) + (2 * symbol)) & 0x7fff);
        string Text(int at) => Encoding.ASCII.GetString(elf.AsSpan(at, elf.AsSpan(at).IndexOf((byte)0)));
        ushort Short(int at) => BinaryPrimitives.ReadUInt16LittleEndian(elf.AsSpan(at));
        uint Int(int at) => BinaryPrimitives.ReadUInt32LittleEndian(elf.AsSpan(at));
        long Long(int at) => BinaryPrimitives.ReadInt64LittleEndian(elf.AsSpan(at));
    }

    private static int Fail(string why)
    {
        Console.Error.WriteLine($"LoadableTorchSharp: error: {why}");
        return 1;
    }

    // The file may be a link into NuGet's folder of packages: the copy takes the link's place, and what it led to stays as it is.
    // With the time of the original on it, the next build leaves the copy alone.
    private static void Replace(string path, byte[] content)
    {
        DateTime time = (File.ResolveLinkTarget(path, returnFinalTarget: true) ?? new FileInfo(path)).LastWriteTimeUtc;
        string copy = path + ".loadable";
        File.WriteAllBytes(copy, content);
        File.SetLastWriteTimeUtc(copy, time);
        File.Move(copy, path, overwrite: true);
    }
}
