using Microsoft.ML;

namespace RobustAttribution.MLNet.Scoring;

/// <summary>Finds the getter of a column, in the input or among the added ones.</summary>
internal static class ColumnGetters
{
    /// <param name="mapper">The binding.</param>
    /// <param name="input">The input's row or cursor.</param>
    /// <param name="computation">The computation of the added columns; null where none is active.</param>
    /// <param name="active">One flag for each column of the output schema.</param>
    /// <param name="column">A column of the output schema.</param>
    /// <param name="row">The current row's place in the batch.</param>
    public static ValueGetter<TValue> Get<TValue>(
        BatchMapper mapper, DataViewRow input, BatchComputation? computation, bool[] active, DataViewSchema.Column column, Func<int> row)
    {
        if (column.Index >= active.Length || !active[column.Index])
        {
            throw new ArgumentException($"Column '{column.Name}' is not active in this cursor.", nameof(column));
        }

        if (column.Index < mapper.InputSchema.Count)
        {
            return input.GetGetter<TValue>(mapper.InputSchema[column.Index]);
        }

        return computation!.CreateGetter(column.Index - mapper.InputSchema.Count, row) as ValueGetter<TValue>
            ?? throw new InvalidOperationException(
                $"Column '{column.Name}' holds {mapper.OutputSchema[column.Index].Type.RawType}; its getter was asked for {typeof(TValue)}.");
    }
}
