using Microsoft.ML.Runtime;

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

    /// <exception cref="ArgumentOutOfRangeException">It is neither.</exception>
    public static void RequireTrainOrTest(DatasetSplit split, DatasetInfo set)
    {
        if (split is not (DatasetSplit.Train or DatasetSplit.Test))
        {
            throw new ArgumentOutOfRangeException(nameof(split), split, $"split is {split}; allowed for {set.Name} are Train and Test.");
        }
    }

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

    /// <summary>The images, with a warning where they are not as many as were published: files cut between two images look whole.</summary>
    public static T[] Counted<T>(IHostEnvironment environment, DatasetInfo set, DatasetSplit? split, T[] images)
    {
        int published = (split == DatasetSplit.Test ? 0 : set.TrainCount) + (split == DatasetSplit.Train ? 0 : set.TestCount);
        if (images.Length != published)
        {
            using IChannel channel = environment.Start("LoadDataset");
            channel.Warning(
                MessageSensitivity.None,
                "{0}, {1}: the files hold {2} images; {3} are published.",
                set.Name,
                split is { } part ? Name(part) : "both parts",
                images.Length,
                published);
        }

        return images;
    }
}
