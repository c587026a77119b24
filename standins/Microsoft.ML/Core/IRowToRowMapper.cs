namespace Microsoft.ML.Data;

/// <summary>Maps one row to another. A row that it returns has exactly <see cref="OutputSchema"/>, the same object.</summary>
public interface IRowToRowMapper
{
    DataViewSchema InputSchema { get; }

    DataViewSchema OutputSchema { get; }

    /// <summary>The input columns that must be active for the given output columns.</summary>
    IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns);

    /// <summary>The output row over <paramref name="input"/>, which it takes over: disposing of one disposes of the other.</summary>
    DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns);
}
