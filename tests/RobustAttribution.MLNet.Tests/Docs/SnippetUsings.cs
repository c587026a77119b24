using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace RobustAttribution.MLNet.Tests.Docs;

/// <summary>The using lines that code of a snippet file requires in a program whose SDK brings the implicit ones.</summary>
internal static partial class SnippetUsings
{
    private const string Static = "static ";
    private static readonly string[] Enclosing = ["RobustAttribution", "RobustAttribution.MLNet"]; // a snippet file sees them without a line
    private static readonly Lazy<Dictionary<string, Names>> Namespaces = new(() => Assemblies().SelectMany(assembly => assembly.GetExportedTypes())
        .Where(type => !type.IsNested && type.Namespace is not null)
        .GroupBy(type => type.Namespace!)
        .ToDictionary(group => group.Key, group => new Names([.. group.Select(NameOf)], [.. group.SelectMany(Extensions)])));

    /// <summary>System's first, static ones last.</summary>
    public static IComparer<string> Order { get; } = Comparer<string>.Create((a, b) => string.CompareOrdinal(Key(a), Key(b)));

    /// <summary>The lines, sorted, System first; of the file's own, those whose types or extension methods the code names.</summary>
    /// <param name="file">The text of the snippet file.</param>
    /// <param name="code">A part of it.</param>
    public static IEnumerable<string> Of(string file, string code)
    {
        string text = Ignored().Replace(code, string.Empty);
        var words = Word().Matches(text).Where(match => !match.Groups["dot"].Success).Select(match => match.Groups["name"].Value).ToHashSet();
        var members = Word().Matches(text).Where(match => match.Groups["dot"].Success).Select(match => match.Groups["name"].Value).ToHashSet();
        return UsingLine().Matches(file).Select(match => match.Groups[1].Value)
            .Concat(Enclosing)
            .Where(IsNamed)
            .Select(name => $"using {name};")
            .Order(Order);

        bool IsNamed(string name)
        {
            if (name.StartsWith(Static, StringComparison.Ordinal))
            {
                Type type = Assemblies().Select(assembly => assembly.GetType(name[Static.Length..])).First(found => found is not null)!;
                return type.GetMembers(BindingFlags.Public | BindingFlags.Static).Any(member => words.Contains(member.Name));
            }

            return Namespaces.Value.TryGetValue(name, out Names? names) && (names.Types.Overlaps(words) || names.Extensions.Overlaps(members));
        }
    }

    private static string Key(string line) => (line.StartsWith("using static", StringComparison.Ordinal) ? "3" : line.StartsWith("using System", StringComparison.Ordinal) ? "1" : "2") + line.TrimEnd(';');

    private static IEnumerable<Assembly> Assemblies()
        => typeof(SnippetUsings).Assembly.GetReferencedAssemblies().Select(Assembly.Load);

    private static string NameOf(Type type)
    {
        string name = type.Name.Split('`')[0];
        return type.IsSubclassOf(typeof(Attribute)) && name.EndsWith("Attribute", StringComparison.Ordinal) ? name[..^"Attribute".Length] : name;
    }

    private static IEnumerable<string> Extensions(Type type) => type is { IsAbstract: true, IsSealed: true }
        ? type.GetMethods(BindingFlags.Public | BindingFlags.Static).Where(method => method.IsDefined(typeof(ExtensionAttribute), false)).Select(method => method.Name)
        : [];

    /// <summary>Comments, and strings without code in them.</summary>
    [GeneratedRegex("//[^\n]*|(?<!\\$)\"(\\\\.|[^\"\\\\])*\"")]
    private static partial Regex Ignored();

    [GeneratedRegex(@"(?<dot>\.\s*)?\b(?<name>[A-Za-z_]\w*)")]
    private static partial Regex Word();

    [GeneratedRegex(@"^using ((?:static )?[\w.]+);", RegexOptions.Multiline)]
    private static partial Regex UsingLine();

    private sealed record Names(HashSet<string> Types, HashSet<string> Extensions);
}
