namespace RobustAttribution.MLNet.Columns;

/// <summary>Checks the names that a component's options give to columns.</summary>
internal static class ColumnNames
{
    /// <summary>Throws where two new columns have one name, or a new column has the name of one that is read.</summary>
    /// <param name="added">The options that name new columns; a null name adds none.</param>
    /// <param name="read">The options that name columns of the input; a null name reads none.</param>
    /// <exception cref="ArgumentException">Two options have one name; the message names both.</exception>
    public static void RequireDistinct(IEnumerable<(string Option, string? Name)> added, params IEnumerable<(string Option, string? Name)> read)
    {
        Dictionary<string, string> taken = [];
        foreach ((string option, string? column) in read)
        {
            if (column is not null)
            {
                taken.TryAdd(column, option);
            }
        }

        foreach ((string option, string? column) in added)
        {
            if (column is not null && !taken.TryAdd(column, option))
            {
                throw new ArgumentException($"{taken[column]} and {option} are both '{column}'; a new column needs a name of its own.");
            }
        }
    }
}
