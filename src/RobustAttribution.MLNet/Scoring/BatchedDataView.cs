using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Model.OnnxConverter;
using RobustAttribution.MLNet.Interop;

namespace RobustAttribution.MLNet.Scoring;

/// <summary>A view with the columns of a <see cref="BatchMapper"/> added, computed lazily and in batches.</summary>
/// <remarks>A transform to ML.NET as well: it took any other view for the source of the data, and exported a pipeline to ONNX without it.</remarks>
internal sealed class BatchedDataView(BatchMapper mapper, IDataView input) : ITransformCanSaveOnnx
{
    public DataViewSchema Schema => mapper.OutputSchema;

    public IDataView Source => input;

    public bool CanShuffle => input.CanShuffle;

    public long? GetRowCount() => input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        ArgumentNullException.ThrowIfNull(columnsNeeded);
        bool[] active = mapper.ActiveColumns(columnsNeeded);
        DataViewSchema.Column[] passedThrough = PassedThrough(active);
        int? seed = rand?.Next(); // drawn whatever is active: a shuffled order must not depend on the columns asked for
        DataViewRowCursor lockStep = input.GetRowCursor(passedThrough, Shuffle(seed));
        if (!mapper.AnyOutputActive(active))
        {
            return new BatchedCursor(mapper, input, lockStep, null, active);
        }

        // Two cursors in the same order: one in lock-step for the columns that pass through, one that reads images ahead. A buffered MLImage
        // could not be handed on, its source frees it with the next row (docs/decisions/two-cursors.md).
        try
        {
            return new BatchedCursor(mapper, input, lockStep, input.GetRowCursor(mapper.Inputs, Shuffle(seed)), active);
        }
        catch
        {
            lockStep.Dispose();
            throw;
        }
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
    {
        ArgumentNullException.ThrowIfNull(columnsNeeded);
        bool[] active = mapper.ActiveColumns(columnsNeeded);
        if (mapper.AnyOutputActive(active))
        {
            return [GetRowCursor(columnsNeeded, rand)]; // n is a wish; a batch is computed in parallel within itself
        }

        DataViewRowCursor[] parts = input.GetRowCursorSet(PassedThrough(active), n, Shuffle(rand?.Next()));
        return Array.ConvertAll(parts, part => (DataViewRowCursor)new BatchedCursor(mapper, input, part, null, active));
    }

    public bool CanSaveOnnx(OnnxContext ctx) => throw OnnxExport.Refuse(mapper.Name);

    public void SaveAsOnnx(OnnxContext ctx) => throw OnnxExport.Refuse(mapper.Name);

    void ICanSaveModel.Save(ModelSaveContext ctx)
        => throw new NotSupportedException($"A view is not saved; save the transformer of {mapper.Name} with mlContext.Model.Save.");

    private static Random? Shuffle(int? seed) => seed is int value ? new Random(value) : null;

    private DataViewSchema.Column[] PassedThrough(bool[] active)
    {
        bool[] read = mapper.ReadInRow(active);
        return mapper.InputSchema.Where(column => read[column.Index]).ToArray();
    }
}
