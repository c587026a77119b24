using RobustAttribution.MLNet.Datasets;

namespace RobustAttribution.MLNet;

/// <summary>The folders in which <c>mlContext.Data.LoadFashionMnist</c> looks for the files.</summary>
public static class FashionMnistFolders
{
    /// <summary>Environment variable with the folder of the files.</summary>
    public const string Variable = "ROBUSTATTRIBUTION_FASHION_MNIST";

    /// <summary>Where Debian's package dataset-fashion-mnist puts the files.</summary>
    public const string Debian = "/usr/share/datasets/fashion-mnist";

    /// <summary>The user's cache, where a download belongs so that later runs find it; the folder need not exist.</summary>
    /// <value>
    /// <c>robustattribution/fashion-mnist</c> in the folder of XDG_CACHE_HOME or in ~/.cache (macOS: ~/Library/Caches), on Windows
    /// <c>RobustAttribution\fashion-mnist</c> in the local application data; in the temporary folder for a user without a home folder.
    /// </value>
    /// <remarks>Nothing is downloaded here: <see cref="DatasetDownloader"/> fetches <see cref="KnownDatasets.FashionMnist"/> into it.</remarks>
    public static string Cache => UserCache.Folder("fashion-mnist");

    /// <summary>Those of this machine and user.</summary>
    internal static SearchedFolders Here => new(Variable, Environment.GetEnvironmentVariable(Variable), Debian, Cache, KnownDatasets.FashionMnist);

    /// <summary>The folder that <c>LoadFashionMnist</c> reads.</summary>
    /// <param name="folder">Taken as it is where not null.</param>
    /// <returns>
    /// The given folder; else that of the environment variable <see cref="Variable"/>, where it is set; else the first of
    /// <see cref="Debian"/> and <see cref="Cache"/> that has all four files, plain or .gz; else null.
    /// </returns>
    public static string? Find(string? folder = null) => Here.Find(folder);
}

/// <summary>The folders that a dataset is looked for in, in this order.</summary>
/// <param name="Variable">Name of the environment variable.</param>
/// <param name="Value">Its value; null or empty where it is not set.</param>
/// <param name="Debian">Where Debian's package puts the files.</param>
/// <param name="Cache">Where a download puts them.</param>
/// <param name="Set">The dataset.</param>
internal sealed record SearchedFolders(string Variable, string? Value, string Debian, string Cache, DatasetInfo Set)
{
    /// <summary>The given folder, else that of the variable, whatever is in them; else the first other with all files; else null.</summary>
    public string? Find(string? given) => given ?? (string.IsNullOrEmpty(Value) ? Array.Find([Debian, Cache], HasAllFiles) : Value);

    /// <inheritdoc/>
    public override string ToString()
        => $"the folder of the environment variable {Variable} ({(string.IsNullOrEmpty(Value) ? "not set" : Value)}), '{Debian}', '{Cache}'";

    private bool HasAllFiles(string folder) => Set.Files
        .Select(file => Path.Combine(folder, file.FileName))
        .All(path => File.Exists(path) || File.Exists(Path.ChangeExtension(path, null)));
}
