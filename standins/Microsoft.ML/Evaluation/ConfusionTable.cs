using System.Globalization;
using System.Text;

namespace Microsoft.ML.Data;

/// <summary>Lays a confusion matrix out as text.</summary>
internal static class ConfusionTable
{
    internal static string Format(ConfusionMatrix matrix)
    {
        var classes = matrix.NumberOfClasses;
        var cell = classes == 2 ? 8 : 5;
        var longest = matrix.ClassNames.Max(name => name.Length);

        // Names that do not fit over a column are replaced by their numbers there; the rows then show both.
        var numbered = longest > cell;
        var digits = numbered ? (classes - 1).ToString(CultureInfo.InvariantCulture).Length : 0;
        var margin = Math.Max("PREDICTED".Length, longest + (numbered ? digits + 2 : 0));
        var rule = string.Concat(Enumerable.Repeat(classes > 2 ? "========" : "===========", classes));

        var text = new StringBuilder();
        text.AppendLine().AppendLine("Confusion table");
        Start("").AppendLine(rule);
        Start("PREDICTED");
        for (var c = 0; c < classes; c++)
            text.Append(' ').Append((numbered ? Number(c) : matrix.ClassNames[c]).PadLeft(cell)).Append(" |");
        text.AppendLine(" Recall");
        Start("TRUTH").AppendLine(rule);
        for (var actual = 0; actual < classes; actual++)
        {
            var name = matrix.ClassNames[actual];
            var row = numbered ? $"{Number(actual).PadLeft(digits)}. {name.PadLeft(margin - digits - 2)}" : name.PadLeft(margin);
            text.Append(row).Append(" ||");
            foreach (var count in matrix.Counts[actual])
                text.Append(' ').Append(count.ToString("N0", CultureInfo.InvariantCulture).PadLeft(cell)).Append(" |");
            text.Append(' ').AppendLine(Share(matrix.PerClassRecall[actual], "F4").PadLeft(5));
        }

        Start("").AppendLine(rule);
        Start("Precision");
        foreach (var precision in matrix.PerClassPrecision)
            text.Append(Share(precision, "N4").PadLeft(cell + 1)).Append(" |");
        return text.AppendLine().ToString();

        StringBuilder Start(string heading) => text.Append(heading.PadRight(margin)).Append(" ||");
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Share(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
