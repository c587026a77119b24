using System.Globalization;
using RobustAttribution.MLNet;
using Spectre.Console;

namespace RobustAttribution.Examples;

/// <summary>The headline numbers of a report with their 95 % intervals as a table on the terminal.</summary>
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
            if (metric.Group is { } group && (index == 0 || report.Models[0].Numbers[index - 1].Group != group))
            {
                table.AddEmptyRow().AddRow($"[bold]{Markup.Escape(group)}[/]");
            }

            string direction = metric.IsReference ? string.Empty : metric.HigherIsBetter ? " ↑" : " ↓";
            table.AddRow([Markup.Escape(metric.Name + direction), .. report.Models.Select(model => Markup.Escape(Text(model.Numbers[index])))]);
        }

        return table;
    }

    private static string Text(ReportedNumber number) => double.IsNaN(number.Value)
        ? "–"
        : number.Interval is { } interval && !double.IsNaN(interval.Low)
            ? string.Create(CultureInfo.InvariantCulture, $"{number.Value:0.000} [{interval.Low:0.000}, {interval.High:0.000}]")
            : number.Value.ToString("0.000", CultureInfo.InvariantCulture);
}

/// <summary>Hands the progress of a report on to a <see cref="WorkDisplay"/>.</summary>
public sealed class ReportProgress(Action<double, string> tell) : IProgress<RobustnessReportProgress>
{
    /// <inheritdoc/>
    public void Report(RobustnessReportProgress value) => tell(value.Share, $"{value.Model}: {value.Step}");
}
