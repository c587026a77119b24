namespace RobustAttribution.MLNet.Interop;

/// <summary>The names under which ML.NET's components look for annotations.</summary>
internal static class AnnotationKinds
{
    /// <summary>Names of a vector's positions.</summary>
    public const string SlotNames = "SlotNames";

    /// <summary>What the key values 1, 2, … stand for.</summary>
    public const string KeyValues = "KeyValues";

    /// <summary>The labels behind a score vector's positions, in their own type.</summary>
    public const string TrainingLabelValues = "TrainingLabelValues";

    /// <summary>Joins the columns that one scoring wrote.</summary>
    public const string ScoreColumnSetId = "ScoreColumnSetId";

    /// <summary>The task, "MulticlassClassification".</summary>
    public const string ScoreColumnKind = "ScoreColumnKind";

    /// <summary>What the column holds: "Score", "PredictedLabel".</summary>
    public const string ScoreValueKind = "ScoreValueKind";
}
