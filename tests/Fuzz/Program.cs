using System.Globalization;

namespace RobustAttribution.Fuzz;

/// <summary>What this assembly does when it is started as a process of its own.</summary>
internal static class Program
{
    public static int Main(string[] arguments) => arguments switch
    {
        ["fuzz", string format, string root, string first, string count] => FuzzProcess.Try(
            format, root, int.Parse(first, CultureInfo.InvariantCulture), int.Parse(count, CultureInfo.InvariantCulture)),
        _ => 64,
    };
}
