using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks.Distributed;

/// <summary>The first of several ranks whose others are not there: what it computes alone, and what it would exchange.</summary>
internal sealed class ImitatedRanks(int size) : ICommunicator
{
    private readonly List<Exchange> exchanges = [];
    private readonly List<(int Index, TimeSpan Time)> gradients = [];

    public int Rank => 0;

    public int Size => size;

    public int LocalRank => 0;

    /// <summary>Trains and prints the smallest processor time of a step, the counts of floats, and the exchanges of a step.</summary>
    public static int Run(string networkName, int images, int size, int steps)
    {
        set_num_threads(1);
        NetworkArchitecture architecture = ScalingMeasurement.Networks[networkName];
        var objective = new LocalGradientAlignment();
        using var generator = new Generator(1, CPU);
        int batch = images * size;
        using Tensor pixels = rand([batch * (steps + 1), 3, 32, 32], generator: generator);
        using Tensor classes = randint(0, 10, [batch * (steps + 1)], dtype: ScalarType.Int64, generator: generator);
        using ImageNetwork network = ImageNetwork.Create(
            architecture, new InputSpecification(3, 32, 32), 10, objective.RecommendedActivation!, generator);
        long parameters = network.Backbone.parameters().Sum(parameter => parameter.numel());
        long statistics = network.Backbone.buffers().Where(buffer => buffer.is_floating_point()).Sum(buffer => buffer.numel());
        var ranks = new ImitatedRanks(size);
        new RobustTrainer(new TrainingOptions { Objective = objective, BatchSize = batch, Epochs = 1, Communicator = ranks })
            .Fit(network, new TensorBatchSource(pixels, classes));
        double[] times = [.. ranks.gradients.Zip(ranks.gradients.Skip(1), (former, next) => (next.Time - former.Time).TotalSeconds)];
        IEnumerable<Exchange> step = ranks.exchanges[(ranks.gradients[0].Index + 1)..(ranks.gradients[1].Index + 1)];
        Console.WriteLine(FormattableString.Invariant(
            $"result {times.Min():R} {parameters} {statistics} {string.Join(' ', step.Select(exchange => exchange.IsSum ? exchange.Bytes : -exchange.Bytes))}"));
        return 0;
    }

    public void SumInPlace(Tensor values)
    {
        if (values.dtype == ScalarType.Float32) // the gradients and running statistics; the other sums are float64
        {
            gradients.Add((exchanges.Count, Environment.CpuUsage.TotalTime));
        }

        exchanges.Add(new(IsSum: true, values.numel() * values.ElementSize));
    }

    public void Broadcast(Span<byte> values, int root = 0) => exchanges.Add(new(IsSum: false, values.Length));

    public IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> values)
    {
        byte[] own = values.ToArray();
        return [.. Enumerable.Repeat(own, size)];
    }

    public void Barrier()
    {
    }
}
