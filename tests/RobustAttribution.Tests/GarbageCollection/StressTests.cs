using System.Security.Cryptography;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.GarbageCollection;

/// <summary>Collections that another thread triggers change no bit and make nothing fail (docs/decisions/torchsharp-gc.md).</summary>
/// <remarks>One failure in some thousands is what this is about: a test that fails once has found something.</remarks>
[TestClass]
public sealed class StressTests
{
    private const int StepsOfATraining = 50;

    [TestMethod]
    public void NothingFailsBesideAThreadThatAllocates() => Stress(share: 0.02);

    [TestMethod]
    [TestCategory("Long")]
    public void NothingFailsInTwentyThousandBatches() => Stress(share: 1);

    private static void Stress(double share)
    {
        using IDisposable scope = NewDisposeScope();
        Problem[] problems = [.. Enumerable.Range(0, 5).Select(seed => new Problem(seed))];
        try
        {
            string[] failures =
            [
                .. Failures("training of 50 steps", (int)(100 * share), problems, problem => problem.Train(problem.Network())),
                .. Failures("training of 50 steps with batch normalisation", (int)(50 * share), problems, problem => problem.Train(problem.Residual())),
                .. Failures("batch of gradients", (int)(20_000 * share), problems, problem => problem.Gradients()),
                .. Failures("attack", (int)(2_000 * share), problems, problem => problem.Attack()),
            ];
            Assert.IsEmpty(failures, string.Join('\n', failures));
        }
        finally
        {
            Array.ForEach(problems, problem => problem.Dispose());
        }
    }

    // Equal problems give equal bits, with and without the thread.
    private static List<string> Failures(string name, int runs, Problem[] problems, Func<Problem, string> run)
    {
        string[] expected = [.. problems.Select(run)];
        List<string> failures = [];
        using var thread = new AllocatingThread();
        for (int i = 0; i < runs; i++)
        {
            try
            {
                if (run(problems[i % problems.Length]) != expected[i % problems.Length])
                {
                    failures.Add($"{name} {i}: other bits");
                }
            }
            catch (Exception error)
            {
                failures.Add($"{name} {i}: {error}");
            }
        }

        Console.WriteLine($"{name}: {runs} beside {thread.Collections} collections, {failures.Count} failed.");
        Assert.IsGreaterThan(0, thread.Collections, $"collections during '{name}'");
        return failures;
    }

    private sealed class Problem : IDisposable
    {
        private readonly int seed;
        private readonly ImageNetwork network;
        private readonly Tensor images, classes;
        private readonly TensorBatchSource training;

        public Problem(int seed)
        {
            this.seed = seed;
            network = Network();
            (images, classes) = TinyNetworks.Batch(network, seed: (ulong)seed);
            training = TrainingProblems.Images(8 * 50, seed);
        }

        public ImageNetwork Network()
            => TinyNetworks.Convolutional((ulong)seed + 1, channels: 1, size: 6, classes: TrainingProblems.Classes, type: ScalarType.Float32);

        // TorchSharp's batch normalisation makes a temporary Scalar in training mode: its steps are repeated.
        public ImageNetwork Residual()
        {
            ImageNetwork residual = TinyNetworks.Residual(
                (ulong)seed + 1, channels: 1, size: 6, classes: TrainingProblems.Classes, type: ScalarType.Float32);
            residual.Backbone.train();
            return residual;
        }

        public string Train(ImageNetwork trained)
        {
            using IDisposable disposed = trained;
            new RobustTrainer(new TrainingOptions { Objective = new LocalGradientAlignment(), Epochs = 1, BatchSize = 8, Seed = seed })
                .Fit(trained, training);
            return Bits([.. trained.Backbone.parameters(), .. trained.Backbone.buffers()]);
        }

        public string Gradients()
        {
            using IDisposable scope = NewDisposeScope();
            return Bits(new InputGradient().Attribute(network, images, classes));
        }

        public string Attack()
        {
            using IDisposable scope = NewDisposeScope();
            using var generator = new Generator((ulong)seed, CPU);
            using AttackResult result = new TopKAttack { K = 10, Steps = 4, Restarts = 2 }.Perturb(network, images, classes, generator);
            return Bits(result.Images);
        }

        public void Dispose() => network.Dispose();

        private static string Bits(params Tensor[] tensors)
            => Convert.ToHexString(SHA256.HashData([.. tensors.SelectMany(tensor => tensor.detach().contiguous().bytes.ToArray())]));
    }
}
