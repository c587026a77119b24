using RobustAttribution.Networks;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks.Steps;

/// <summary>
/// Times the steps of <see cref="RobustTrainer"/> between two requests for a batch, and runs each rival's step in between, so that all contenders
/// take turns on a machine that is never quite quiet.
/// </summary>
internal sealed class StepDuel(Setup setup, IReadOnlyList<ITrainingStep> rivals, int repeats) : IImageBatchSource
{
    private const int WarmUps = 1;
    private readonly List<Cost> own = [];
    private readonly List<Cost>[] others = [.. rivals.Select(_ => new List<Cost>())];
    private readonly double[] firstLosses = new double[rivals.Count];

    public long Count => (long)(repeats + WarmUps) * setup.Batch;

    /// <summary>The cost of each step of the library, the warm-up left out.</summary>
    public IReadOnlyList<Cost> Own => [.. own.Skip(WarmUps)];

    /// <summary>The cost of each step of each rival.</summary>
    public IReadOnlyList<IReadOnlyList<Cost>> Others => [.. others.Select(times => times.Skip(WarmUps).ToArray())];

    /// <summary>The loss of the library's first step, from weights and images that all contenders share.</summary>
    public double OwnFirstLoss { get; private set; } = double.NaN;

    public IReadOnlyList<double> OtherFirstLosses => firstLosses;

    /// <summary>Trains once.</summary>
    public void Run()
    {
        using ImageNetwork network = setup.NewNetwork();
        network.MoveTo(setup.Device);
        new RobustTrainer(setup.Options(epochs: 1) with { ProgressInterval = TimeSpan.Zero }).Fit(network, this, progress: progress =>
        {
            if (progress is BatchProgress { Step: 1 } first)
            {
                OwnFirstLoss = first.Loss;
            }
        });
    }

    public IEnumerable<ImageBatch> Read(int batchSize, long? shuffleSeed = null, int firstBatch = 0)
    {
        (Tensor images, Tensor classes) = setup.NewBatch();
        using (images)
        using (classes)
        {
            for (int step = 0; step < repeats + WarmUps; step++)
            {
                for (int i = 0; i < rivals.Count; i++)
                {
                    others[i].Add(rivals[i].Run());
                    firstLosses[i] = step == 0 ? rivals[i].Loss : firstLosses[i];
                }

                Clock clock = Clock.Start(setup.Device);
                yield return new ImageBatch(images.alias(), classes.alias());
                own.Add(clock.Elapsed);
            }
        }
    }
}
