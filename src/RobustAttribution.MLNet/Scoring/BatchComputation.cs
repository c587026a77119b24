using Microsoft.ML;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Interop;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Scoring;

/// <summary>The state of one reader of a <see cref="BatchMapper"/>: images go in row by row, the active columns come out batch by batch.</summary>
internal sealed class BatchComputation
{
    private readonly BatchMapper mapper;
    private readonly IDataView? data;
    private readonly ImageRows rows;
    private readonly OutputBuffer?[] outputs;
    private readonly RowBatch batch;

    /// <param name="mapper">What to compute.</param>
    /// <param name="source">The row or cursor whose current row <see cref="Load"/> reads.</param>
    /// <param name="active">The flags of <see cref="BatchMapper.ActiveColumns"/>.</param>
    /// <param name="capacity">Rows in one computation.</param>
    /// <param name="data">The view of which the source is a cursor; null for a row alone.</param>
    public BatchComputation(BatchMapper mapper, DataViewRow source, bool[] active, int capacity, IDataView? data = null)
    {
        this.mapper = mapper;
        this.data = data;
        rows = new ImageRows(source, mapper.Images, mapper.Labels, data);
        batch = new RowBatch(capacity, mapper.Network.Input);
        outputs = new OutputBuffer?[mapper.Outputs.Count];
        for (int i = 0; i < outputs.Length; i++)
        {
            outputs[i] = active[mapper.InputSchema.Count + i] ? mapper.Outputs[i].CreateBuffer() : null;
        }
    }

    /// <summary>A getter of an added column; <paramref name="row"/> returns the place of the row wanted and computes it first if needed.</summary>
    /// <param name="output">The column's place among those added.</param>
    /// <param name="row">See above.</param>
    /// <param name="input">The row or cursor of the input that stands at the row wanted.</param>
    public Delegate CreateGetter(int output, Func<int> row, DataViewRow input) => outputs[output]!.CreateGetter(row, input, data);

    /// <summary>Reads the source's current row into a place of the batch; place 0 begins a new batch.</summary>
    public void Load(int slot)
    {
        if (slot == 0)
        {
            batch.Clear();
        }

        batch.Add(rows);
    }

    /// <summary>Computes the rows loaded.</summary>
    public void Compute()
    {
        HostSettings.CheckAlive(mapper.Environment);
        mapper.Scale.Check(batch.Pixels);
        batch.Compute(() => mapper.Network.Use(network =>
        {
            using IDisposable scope = NewDisposeScope();
            Tensor? targets = mapper.Labels is null ? null : batch.Labels(network);
            bool[] wanted = Array.ConvertAll(outputs, output => output is not null);
            mapper.Compute(new BatchInput(mapper.Network, network, batch.Images(network), targets, wanted), outputs);
        }));
    }
}
