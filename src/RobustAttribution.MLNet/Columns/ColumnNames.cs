namespace RobustAttribution.MLNet.Columns;

/// <summary>Checks the names that a component's options give to columns.</summary>
internal static class ColumnNames
{
    /// <summary>Throws where two new columns have one name, a new column has the name of one that is read, or a name is empty.</summary>
    /// <param name="added">The options that name new columns; a null name adds none.</param>
    /// <param name="read">The options that name columns of the input; a null name reads none.</param>
    /// <exception cref="ArgumentException">Two options have one name, or one is empty; the message names them.</exception>
    public static void RequireDistinct(IEnumerable<(string Option, string? Name)> added, params IEnumerable<(string Option, string? Name)> read)
    {
        if (added.Concat(read).FirstOrDefault(entry => entry.Name is "") is { Option: { } empty })
        {
            throw new ArgumentException($"{empty} is ''; a column has a name, and null stands for none where the option allows it.");
        }

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
