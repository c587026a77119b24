using RobustAttribution.MLNet.Scoring;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet;

/// <summary>Which class a saliency map explains. Exactly one of the properties is set; the predicted class where none is.</summary>
public sealed record SaliencyTarget
{
    /// <summary>The class that the network predicts, for each image by itself.</summary>
    public static SaliencyTarget Predicted { get; } = new();

    /// <summary>
    /// The key column that names each image's class, with the classes of the training label; null for none. A missing key gives a map of NaN.
    /// </summary>
    public string? ColumnName { get; init; }

    /// <summary>The class, by its place among the scores from 0; null for none.</summary>
    public int? ClassIndex { get; init => field = value is null ? null : Require.InRange(value.Value, 0); }

    /// <summary>The class, by its name among the label's key values; null for none.</summary>
    public string? ClassName { get; init; }

    /// <summary>The most probable classes, this many, one map for each; null for one.</summary>
    public int? TopClasses { get; init => field = value is null ? null : Require.InRange(value.Value, 1); }

    /// <summary>The class that a key column names, e.g. the true one.</summary>
    public static SaliencyTarget Label(string columnName = "Label") => new() { ColumnName = Require.NotNull(columnName, nameof(columnName)) };

    /// <summary>One class for all images, by its place among the scores from 0.</summary>
    public static SaliencyTarget Class(int index) => new() { ClassIndex = index };

    /// <summary>One class for all images, by its name among the label's key values.</summary>
    public static SaliencyTarget Class(string name) => new() { ClassName = Require.NotNull(name, nameof(name)) };

    /// <summary>The most probable classes, one map for each, the most probable first.</summary>
    public static SaliencyTarget Top(int count) => new() { TopClasses = count };

    /// <summary>The number of classes explained.</summary>
    internal int Count => TopClasses ?? 1;

    /// <summary>Whether each image's predicted class is explained, and no other.</summary>
    internal bool IsPredicted => this is { ColumnName: null, ClassIndex: null, ClassName: null, Count: 1 };

    internal void Validate()
    {
        int set = (ColumnName is null ? 0 : 1) + (ClassIndex is null ? 0 : 1) + (ClassName is null ? 0 : 1) + (TopClasses is null ? 0 : 1);
        if (set > 1)
        {
            throw new ArgumentException($"Target is {this}; allowed is one of ColumnName, ClassIndex, ClassName and TopClasses.");
        }
    }

    /// <summary>Throws where a network has no such class.</summary>
    internal void Check(NetworkHandle network)
    {
        if (Count > network.ClassCount)
        {
            throw new ArgumentException($"Target asks for the {Count} most probable classes; the network has {network.ClassCount}.");
        }

        _ = IndexIn(network);
    }

    /// <summary>The one class for all images, by its place among a network's scores; null where images differ.</summary>
    /// <exception cref="ArgumentException">The network has no such class.</exception>
    internal int? IndexIn(NetworkHandle network)
    {
        if (ClassName is { } name)
        {
            IReadOnlyList<string> names = network.ClassNames?.Names
                ?? throw new ArgumentException(
                    $"Target is the class '{name}', but the network's classes have no names; use SaliencyTarget.Class(index).");
            int index = names.ToList().IndexOf(name);
            return index >= 0
                ? index
                : throw new ArgumentException($"Target is the class '{name}'; the network's classes are {string.Join(", ", names)}.");
        }

        return ClassIndex is not int given || given < network.ClassCount
            ? ClassIndex
            : throw new ArgumentException($"Target is the class with index {given}; the network's classes are 0 to {network.ClassCount - 1}.");
    }

    /// <summary>[N, n], int64: the classes to explain; 0 where the label is missing.</summary>
    internal Tensor Classes(BatchInput batch)
    {
        if (batch.Classes is not null)
        {
            return batch.Classes.clamp_min(0).unsqueeze(1);
        }

        if (IndexIn(batch.Handle) is int index)
        {
            return full([batch.Images.shape[0], 1], index, ScalarType.Int64, batch.Network.Device);
        }

        using IDisposable mode = no_grad();
        return batch.Network.Logits(batch.Images).topk(Count, 1).indexes;
    }
}
