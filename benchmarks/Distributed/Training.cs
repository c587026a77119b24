using System.Diagnostics;
using RobustAttribution.Distributed;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks.Distributed;

/// <summary>One rank of a timed training: LeNet on noise of CIFAR-10's size.</summary>
internal static class Training
{
    private const int Epochs = 3; // the first is not timed

    /// <summary>Prints, on rank 0, images per second of the timed epochs and the share of the time that was spent on exchanges, waiting included.</summary>
    public static int Run(MpiCommunicator ranks, Setting setting)
    {
        set_num_threads(setting.Threads);
        ITrainingObjective objective = setting.Objective switch
        {
            "aga" => new LocalGradientAlignment(),
            "art" => new SpatialAlignment(),
            _ => throw new ArgumentException($"The objective is '{setting.Objective}'; allowed are aga and art."),
        };
        using var generator = new Generator(1, CPU);
        int count = setting.Batch * setting.Steps;
        using Tensor images = rand([count, 3, 32, 32], generator: generator);
        using Tensor classes = randint(0, 10, [count], dtype: ScalarType.Int64, generator: generator);
        using ImageNetwork network = ImageNetwork.Create(
            NetworkArchitecture.LeNet, new InputSpecification(3, 32, 32), 10, objective.RecommendedActivation ?? Activation.Relu, generator);
        var timed = new TimedCommunicator(ranks);
        var clock = new Stopwatch();
        new RobustTrainer(new TrainingOptions { Objective = objective, BatchSize = setting.Batch, Epochs = Epochs, Communicator = timed })
            .Fit(network, new TensorBatchSource(images, classes), progress: report =>
            {
                if (report is EpochProgress { Epoch: 1 })
                {
                    timed.Spent = TimeSpan.Zero;
                    clock.Start();
                }
            });
        if (ranks.Rank == 0)
        {
            double seconds = clock.Elapsed.TotalSeconds;
            Console.WriteLine(FormattableString.Invariant($"result {(Epochs - 1) * count / seconds:R} {timed.Spent.TotalSeconds / seconds:R}"));
        }

        return 0;
    }

    /// <summary>Adds up the time within a communicator.</summary>
    private sealed class TimedCommunicator(ICommunicator inner) : ICommunicator
    {
        public TimeSpan Spent { get; set; }

        public int Rank => inner.Rank;

        public int Size => inner.Size;

        public int LocalRank => inner.LocalRank;

        public void SumInPlace(Tensor values)
        {
            long start = Stopwatch.GetTimestamp();
            inner.SumInPlace(values);
            Spent += Stopwatch.GetElapsedTime(start);
        }

        public void Broadcast(Span<byte> values, int root = 0)
        {
            long start = Stopwatch.GetTimestamp();
            inner.Broadcast(values, root);
            Spent += Stopwatch.GetElapsedTime(start);
        }

        public IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> values)
        {
            long start = Stopwatch.GetTimestamp();
            IReadOnlyList<byte[]> all = inner.Gather(values);
            Spent += Stopwatch.GetElapsedTime(start);
            return all;
        }

        public void Barrier() => inner.Barrier();
    }
}
