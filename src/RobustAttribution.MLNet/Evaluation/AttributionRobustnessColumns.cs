namespace RobustAttribution.MLNet;

/// <summary>The columns that <c>AttributionAttack</c> made, from which <c>EvaluateAttributionRobustness</c> computes its metrics.</summary>
public sealed record AttributionRobustnessColumns
{
    /// <summary>The key column of true labels; null for none. "Label" by default.</summary>
    public string? LabelColumnName { get; init; } = "Label";

    /// <summary>The column of class scores, whose largest is the label predicted before the attack. "Score" by default.</summary>
    public string ScoreColumnName { get; init => field = Require.NotNull(value); } = "Score";

    /// <summary>A key column of labels predicted before the attack, to be used instead of the scores. Null by default.</summary>
    public string? PredictedLabelColumnName { get; init; }

    /// <summary>The key column of labels predicted after it. "AttackedPredictedLabel" by default.</summary>
    public string AttackedPredictedLabelColumnName { get; init => field = Require.NotNull(value); } = "AttackedPredictedLabel";

    /// <summary>The column that says whether the attack found a valid copy. "AttackValid" by default.</summary>
    public string ValidColumnName { get; init => field = Require.NotNull(value); } = "AttackValid";

    /// <summary>
    /// The column that says whether the attack improved nothing; without it these rows are not counted. "AttackUnchanged" by default.
    /// </summary>
    public string UnchangedColumnName { get; init => field = Require.NotNull(value); } = "AttackUnchanged";

    /// <summary>The similarity columns; null, the default, takes all that <c>AttributionAttack</c> made.</summary>
    public IReadOnlyList<string>? SimilarityColumnNames { get; init; }

    /// <summary>Count correctly classified rows only. False by default. Needs labels.</summary>
    public bool CorrectlyClassifiedOnly { get; init; }
}
