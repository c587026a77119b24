using System.Globalization;
using RobustAttribution.MLNet;
using Spectre.Console;

namespace RobustAttribution.Examples;

/// <summary>The headline numbers of a report as a table on the terminal, the best of each row bold.</summary>
public static class ReportTable
{
    /// <summary>The table.</summary>
    public static Table Of(RobustnessReport report)
    {
        var table = new Table().AddColumn(string.Empty);
        foreach (ReportedModel model in report.Models)
        {
            table.AddColumn(new TableColumn(Markup.Escape(model.Name)).RightAligned());
        }

        foreach ((int index, ReportedNumber metric) in report.Models[0].Numbers.Index())
        {
            double[] values = [.. report.Models.Select(model => model.Numbers[index].Value)];
            if (metric.IsReference)
            {
                table.AddRow([Markup.Escape(metric.Name), .. values.Select(Text)]);
                continue;
            }

            double best = metric.HigherIsBetter ? values.Max() : values.Min();
            table.AddRow([Markup.Escape($"{metric.Name} {(metric.HigherIsBetter ? '↑' : '↓')}"), .. values.Select(value => value == best && values.Length > 1 ? $"[bold]{Text(value)}[/]" : Text(value))]);
        }

        return table;
    }

    private static string Text(double value) => double.IsNaN(value) ? "–" : value.ToString("0.000", CultureInfo.InvariantCulture);
}

/// <summary>Hands the progress of a report on to a <see cref="WorkDisplay"/>.</summary>
public sealed class ReportProgress(Action<double, string> tell) : IProgress<RobustnessReportProgress>
{
    /// <inheritdoc/>
    public void Report(RobustnessReportProgress value) => tell(value.Share, $"{value.Model}: {value.Step}");
}
