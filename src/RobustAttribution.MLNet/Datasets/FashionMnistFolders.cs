namespace RobustAttribution.MLNet.Datasets;

/// <summary>The folders that Fashion-MNIST is looked for in, in this order.</summary>
/// <param name="Variable">Value of the environment variable; null or empty where it is not set.</param>
/// <param name="Debian">Where Debian's package puts the files.</param>
/// <param name="Cache">Where a download puts them.</param>
internal sealed record FashionMnistFolders(string? Variable, string Debian, string Cache)
{
    /// <summary>Those of this machine and user.</summary>
    public static FashionMnistFolders Here => new(
        Environment.GetEnvironmentVariable(FashionMnistOptions.FolderVariable), FashionMnistOptions.DebianFolder, FashionMnistOptions.CacheFolder);

    /// <summary>The given folder, else that of the variable, whatever is in them; else the first other with all four files; else null.</summary>
    public string? Find(string? given) => given ?? (string.IsNullOrEmpty(Variable) ? Array.Find([Debian, Cache], HasAllFiles) : Variable);

    /// <inheritdoc/>
    public override string ToString()
    {
        string variable = string.IsNullOrEmpty(Variable) ? "not set" : Variable;
        return $"the folder of the environment variable {FashionMnistOptions.FolderVariable} ({variable}), '{Debian}', '{Cache}'";
    }

    private static bool HasAllFiles(string folder) => KnownDatasets.FashionMnist.Files
        .Select(file => Path.Combine(folder, file.FileName))
        .All(path => File.Exists(path) || File.Exists(Path.ChangeExtension(path, null)));
}
