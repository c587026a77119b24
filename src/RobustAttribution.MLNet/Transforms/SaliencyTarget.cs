namespace RobustAttribution.MLNet;

/// <summary>Which class a saliency map explains. Exactly one of the properties is set; the predicted class where none is.</summary>
public sealed record SaliencyTarget
{
    /// <summary>The class that the network predicts, for each image by itself.</summary>
    public static SaliencyTarget Predicted { get; } = new();

    /// <summary>The key column that names each image's class, with the classes of the training label; null for none. A missing key gives a map of NaN.</summary>
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

    internal int Count => TopClasses ?? 1;

    internal void Validate()
    {
        int set = (ColumnName is null ? 0 : 1) + (ClassIndex is null ? 0 : 1) + (ClassName is null ? 0 : 1) + (TopClasses is null ? 0 : 1);
        if (set > 1)
        {
            throw new ArgumentException($"Target is {this}; allowed is one of ColumnName, ClassIndex, ClassName and TopClasses.");
        }
    }
}
