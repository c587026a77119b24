using System.Runtime.InteropServices;
using Microsoft.ML;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Scoring;

/// <summary>The state of one reader of a <see cref="BatchMapper"/>: images go in row by row, the active columns come out batch by batch.</summary>
internal sealed class BatchComputation
{
    private readonly BatchMapper mapper;
    private readonly ImageRowReader images;
    private readonly Func<long>? labels;
    private readonly OutputBuffer?[] outputs;
    private readonly float[] pixels; // [capacity, C·H·W], in [0, 1]
    private readonly long[] classes;
    private readonly int valueCount;

    /// <param name="mapper">What to compute.</param>
    /// <param name="source">The row or cursor whose current row <see cref="Load"/> reads.</param>
    /// <param name="active">The flags of <see cref="BatchMapper.ActiveColumns"/>.</param>
    /// <param name="capacity">Rows in one computation.</param>
    public BatchComputation(BatchMapper mapper, DataViewRow source, bool[] active, int capacity)
    {
        this.mapper = mapper;
        images = mapper.Images.Open(source);
        labels = mapper.Labels?.Open(source);
        outputs = new OutputBuffer?[mapper.Outputs.Count];
        for (int i = 0; i < outputs.Length; i++)
        {
            outputs[i] = active[mapper.InputSchema.Count + i] ? mapper.Outputs[i].CreateBuffer() : null;
        }

        valueCount = mapper.Network.Input.ValueCount;
        pixels = new float[checked(capacity * valueCount)];
        classes = new long[labels is null ? 0 : capacity];
    }

    /// <summary>A getter of an added column; <paramref name="row"/> returns the place of the row wanted and computes it first if needed.</summary>
    public Delegate CreateGetter(int output, Func<int> row) => outputs[output]!.CreateGetter(row);

    /// <summary>Reads the source's current row into a place of the batch.</summary>
    public void Load(int slot)
    {
        images.Read(pixels.AsSpan(slot * valueCount, valueCount));
        if (labels is not null)
        {
            classes[slot] = labels();
        }
    }

    /// <summary>Computes the first <paramref name="count"/> rows.</summary>
    public void Compute(int count)
    {
        HostSettings.CheckAlive(mapper.Environment);
        mapper.Network.Use(network =>
        {
            using IDisposable scope = NewDisposeScope();
            InputSpecification input = network.Input;
            Tensor batch = empty([count, input.Channels, input.Height, input.Width], dtype: ScalarType.Float32);
            pixels.AsSpan(0, count * valueCount).CopyTo(MemoryMarshal.Cast<byte, float>(batch.bytes));
            Tensor? targets = labels is null ? null : tensor(classes[..count]).to(network.Device);
            Tensor images = batch.to(network.DataType).to(network.Device);
            bool[] wanted = Array.ConvertAll(outputs, output => output is not null);
            mapper.Compute(new BatchInput(mapper.Network, network, images, targets, wanted, () => ContentSeed(count)), outputs);
        });
    }

    /// <summary>A 64-bit mix of the images (multiply and rotate, after MurmurHash3's block step), equal in every process.</summary>
    private long ContentSeed(int count)
    {
        ulong hash = (ulong)count;
        foreach (uint word in MemoryMarshal.Cast<float, uint>(pixels.AsSpan(0, count * valueCount)))
        {
            hash = (ulong.RotateLeft(hash ^ (word * 0x87C37B91114253D5UL), 31) * 5) + 0x52DCE729UL;
        }

        return (long)(hash >> 1);
    }
}
