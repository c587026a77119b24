using System.Globalization;
using Spectre.Console;

namespace RobustAttribution.Examples.TrainRobustClassifier;

/// <summary>The comparison as a table, one column a model, the better value of each row bold.</summary>
internal static class ResultTable
{
    public static Table Of(IReadOnlyList<Outcome> outcomes)
    {
        var table = new Table().Title("Do the explanations hold?").AddColumn(string.Empty);
        foreach (Outcome outcome in outcomes)
        {
            table.AddColumn(new TableColumn(Markup.Escape($"{outcome.Contestant.Name} ({outcome.Contestant.Network})")).RightAligned());
        }

        Row("accuracy ↑", outcome => outcome.Accuracy);
        Row("top-100 intersection under top-k attack ↑", outcome => outcome.TopKIntersection);
        Row("Kendall τ under top-k attack ↑", outcome => outcome.KendallTau);
        Row("Pearson under target-map attack ↑", outcome => outcome.TargetMapPearson);
        table.AddRow(["training time", .. outcomes.Select(outcome => $"{outcome.TrainingTime.TotalSeconds:F0} s")]);
        return table;

        void Row(string name, Func<Outcome, double> value)
        {
            double best = outcomes.Max(value);
            table.AddRow([name, .. outcomes.Select(outcome => value(outcome) == best ? $"[bold]{Text(value(outcome))}[/]" : Text(value(outcome)))]);
        }
    }

    private static string Text(double value) => value.ToString("F3", CultureInfo.InvariantCulture);
}
