namespace RobustAttribution.MLNet.Columns;

/// <summary>The check of the column names in one set of options.</summary>
internal static class ColumnNames
{
    /// <summary>Throws if two columns have one name: ML.NET would hide the first of them without a word.</summary>
    /// <param name="columns">Each option and its value; null for a column that is not made.</param>
    /// <exception cref="ArgumentException">Two have one name; the message names both options and the value.</exception>
    public static void RequireDistinct(params (string Option, string? Name)[] columns)
    {
        if (columns.Where(column => column.Name is not null).GroupBy(column => column.Name).FirstOrDefault(group => group.Count() > 1) is { } same)
        {
            string options = string.Join(" and ", same.Select(column => column.Option));
            throw new ArgumentException($"{options} are both '{same.Key}'; allowed is a name of its own for each column.");
        }
    }
}
