using System.Text.RegularExpressions;
using RobustAttribution.MLNet.Tests.Fixtures;

namespace RobustAttribution.MLNet.Tests.Architecture;

/// <summary>The folders of a source project, the types that each declares, and which folder uses which.</summary>
internal sealed partial class SourceFolders
{
    /// <summary>The name of the files beside the project file, which belong to no folder.</summary>
    public const string Ground = "(ground)";

    private readonly Dictionary<string, string> folderOf = []; // by type name

    public SourceFolders(string project)
    {
        string root = Repository.At("src", project);
        var code = new List<(string Folder, string Text)>();
        foreach (string file in Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories))
        {
            string[] parts = Path.GetRelativePath(root, file).Split(Path.DirectorySeparatorChar);
            if (parts[0] is "obj" or "bin")
            {
                continue;
            }

            string folder = parts.Length == 1 ? Ground : parts[0];
            string text = CommentOrText().Replace(File.ReadAllText(file), string.Empty);
            code.Add((folder, text));
            foreach (Match declared in Declaration().Matches(text))
            {
                folderOf[declared.Groups[1].Value] = folder;
                folderOf[declared.Groups[1].Value.Replace("Attribute", string.Empty, StringComparison.Ordinal)] = folder; // as it is applied
            }
        }

        Files = code.GroupBy(file => file.Folder).ToDictionary(group => group.Key, group => group.Count());
        Uses = code.GroupBy(file => file.Folder).ToDictionary(
            group => group.Key,
            group => group.SelectMany(file => Name().Matches(file.Text))
                .Select(name => (Type: name.Value, Folder: folderOf.GetValueOrDefault(name.Value, group.Key)))
                .Where(use => use.Folder != group.Key)
                .GroupBy(use => use.Folder, use => use.Type)
                .ToDictionary(use => use.Key, use => string.Join(", ", use.Distinct().Order())));
    }

    /// <summary>The number of source files by folder.</summary>
    public IReadOnlyDictionary<string, int> Files { get; }

    /// <summary>By folder: the folders whose types it names, and those types.</summary>
    public IReadOnlyDictionary<string, Dictionary<string, string>> Uses { get; }

    /// <summary>The folder that declares a type; null where none does.</summary>
    public string? FolderOf(string type) => folderOf.GetValueOrDefault(type);

    [GeneratedRegex("""///?.*|"(?:[^"\\\n]|\\.)*"|^using .*;""", RegexOptions.Multiline)]
    private static partial Regex CommentOrText();

    [GeneratedRegex(@"^(?:[a-z]+ )*(?:class|record struct|record|struct|interface|enum|delegate [\w<>?]+) (\w+)", RegexOptions.Multiline)]
    private static partial Regex Declaration();

    [GeneratedRegex(@"(?<![.\w])[A-Z]\w*")]
    private static partial Regex Name();
}
