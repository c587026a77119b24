namespace RobustAttribution.MLNet.Datasets;

/// <summary>What the loaders share in finding their files.</summary>
internal static class Splits
{
    /// <summary>The value of the column Split.</summary>
    public static string Name(DatasetSplit split) => split switch
    {
        DatasetSplit.Train => "train",
        DatasetSplit.Test => "test",
        _ => "extra",
    };

    /// <summary>The value of the column Split of a set with two parts.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is another.</exception>
    public static string TrainOrTest(DatasetSplit split, string set)
        => split is DatasetSplit.Train or DatasetSplit.Test
            ? Name(split)
            : throw new ArgumentOutOfRangeException(nameof(split), split, $"split is {split}; allowed for {set} are Train and Test.");

    /// <summary>The folder itself or, where the files lie there, one of the folders that the published archives hold.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    public static string Folder(string folder, Func<string, bool> holdsFiles, params ReadOnlySpan<string> inner)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"The folder '{folder}' does not exist.");
        }

        if (!holdsFiles(folder))
        {
            foreach (string name in inner)
            {
                string candidate = Path.Combine(folder, name);
                if (holdsFiles(candidate))
                {
                    return candidate;
                }
            }
        }

        return folder;
    }
}
