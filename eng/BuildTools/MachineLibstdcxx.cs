using System.Runtime.InteropServices;
using System.Text;

namespace BuildTools;

/// <summary>The libstdc++ that this machine's loader finds.</summary>
internal static class MachineLibstdcxx
{
    private static readonly byte[]? Content = Read();

    /// <summary>Whether there is one and it does not have a version, e.g. GLIBCXX_3.4.32.</summary>
    public static bool Lacks(string version) => Content is not null && Content.AsSpan().IndexOf(Encoding.ASCII.GetBytes(version + '\0')) < 0;

    private static byte[]? Read()
    {
        if (!NativeLibrary.TryLoad("libstdc++.so.6", out _))
        {
            return null;
        }

        string? path = File.ReadLines("/proc/self/maps").Select(line => line[(line.LastIndexOf(' ') + 1)..])
            .FirstOrDefault(file => file.Contains("/libstdc++.so", StringComparison.Ordinal));
        return path is null ? null : File.ReadAllBytes(path);
    }
}
