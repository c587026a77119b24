using System.Globalization;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks.Steps;

/// <summary>The parts of the report, each a method.</summary>
internal sealed class Comparison(Settings settings, Interpreter? python, Report report, CancellationToken cancellation)
{
    private readonly Dictionary<(string Network, string Objective, int Threads), Cost> steps = [];

    /// <summary>The command, the machine and the libraries.</summary>
    public static string Introduction(string command)
    {
        string? processor = File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim()
            : null;
        return $"    {command}\n\n{Environment.ProcessorCount} cores{(processor is null ? "" : $" of {processor}")}; .NET {Environment.Version},"
            + $" libtorch {torch.__version__}."
            + " Medians of wall-clock time; the contenders take turns step by step, and ratios are the medians of the ratios of each turn."
            + " What each contender is: [README](../Steps/README.md).";
    }

    /// <summary>A training step: the library, the plain loop in TorchSharp, and the same in PyTorch.</summary>
    public void Steps()
    {
        Table table = report.Begin(
            "Training steps",
            "Milliseconds of one step. " + (python is null ? "PyTorch was not run: no Python with torch was found." : $"PyTorch is {python.TorchVersion}.")
                + " The losses are those of the first step, from the same weights and images; random draws differ.",
            [
                "network", "objective", "precision", "threads", "batch", "library", "plain TorchSharp", "PyTorch", "library / plain",
                "library / PyTorch", "library / plain, processor time", "loss, library", "loss, plain", "loss, PyTorch",
            ]);
        ForEach((setup, threads) =>
        {
            using var plain = new PlainTraining(setup);
            using PythonTraining? other = python is null ? null : new PythonTraining(python, setup, threads);
            var duel = new StepDuel(setup, other is null ? [plain] : [plain, other], settings.Repeats);
            duel.Run();
            Cost own = Cost.Median(duel.Own);
            if (setup.Precision == Precision.Float32)
            {
                steps[(setup.Network.Name, setup.Objective.Name, threads)] = own;
            }

            IReadOnlyList<Cost> loop = duel.Others[0];
            IReadOnlyList<Cost>? torch = other is null ? null : duel.Others[1];
            report.Add(
                table,
                setup.Network.Name, setup.Objective.Name, $"{setup.Precision}", threads, setup.Batch,
                own.Wall, Cost.Median(loop).Wall, torch is null ? null : Cost.Median(torch).Wall,
                Ratio(duel.Own, loop, cost => cost.Wall), torch is null ? null : Ratio(duel.Own, torch, cost => cost.Wall),
                Ratio(duel.Own, loop, cost => cost.Processor),
                (float)duel.OwnFirstLoss, (float)duel.OtherFirstLosses[0], other is null ? null : (float)duel.OtherFirstLosses[1]);
        });
    }

    /// <summary>The largest resident size of a process that does nothing but train.</summary>
    public void Memory()
    {
        Table table = report.Begin(
            "Peak memory",
            "MiB of resident memory (VmHWM) of a process that makes three steps and nothing else; the program, .NET or Python, and libtorch are part"
                + " of it.",
            ["network", "objective", "precision", "threads", "batch", "library", "plain TorchSharp", "PyTorch", "library / plain"]);
        ForEach((setup, threads) =>
        {
            double own = Of("library"), plain = Of("plain");
            report.Add(table, setup.Network.Name, setup.Objective.Name, $"{setup.Precision}", threads, setup.Batch, own, plain, Python(), own / plain);

            double Of(string contender)
                => double.Parse(ChildProcess.Run(["--child", contender, .. settings.Arguments(setup, threads)]).Line, CultureInfo.InvariantCulture);

            double? Python()
            {
                using PythonTraining? other = python is null ? null : new PythonTraining(python, setup, threads);
                for (int step = 0; step < 3; step++)
                {
                    other?.Run();
                }

                return other?.PeakMemory();
            }
        });
    }

    /// <summary>Where the time of an AGA and an ART step goes.</summary>
    public void Profile()
    {
        Table limits = report.Begin(
            "Arithmetic limit",
            "Operations of the convolutions and linear layers of one step of the library, and the time they would take at the rate of a"
                + " large matrix product (2048×2048, float32, the best of 30).",
            ["network", "objective", "threads", "GFLOP", "matrix product, GFLOP/s", "limit, ms", "measured, ms", "limit / measured, %"]);
        Table kinds = report.Begin(
            "One step by kind of operator",
            "Each operator measured by itself at the network's shapes, times how often the step does it; shares are of the step"
                + " measured as a whole.",
            ["network", "objective", "threads", "kind", "ms", "share, %", "processor, ms"]);
        Table convolutions = report.Begin(
            "Double backward of a convolution",
            "Milliseconds. The gradient at the input is also a transposed convolution; the difference is the largest one to"
                + " autograd's, relative to the largest value.",
            DoubleBackward.Columns);
        ForEach((setup, threads) =>
        {
            if (setup.Precision != Precision.Float32 || Passes.Of(setup.Objective.Name) is not { } passes)
            {
                return;
            }

            Cost step = Step(setup, threads);
            double peak = StepProfile.PeakOperationsPerSecond(settings.IsQuick ? 3 : 30, setup.Device);
            (IReadOnlyList<(string Kind, Cost Cost)> costs, double operations) = StepProfile.Of(setup, passes, settings.Repeats);
            Cost sum = costs.Aggregate(default(Cost), (total, pair) => total + pair.Cost);
            (string Kind, Cost Cost)[] totals = [("all of these", sum), ("the rest: managed code, joins, reports", step - sum), ("the step", step)];
            foreach ((string kind, Cost cost) in costs.Concat(totals))
            {
                report.Add(
                    kinds, setup.Network.Name, setup.Objective.Name, threads, kind, cost.Wall, 100 * cost.Wall / step.Wall, cost.Processor);
            }

            double limit = operations / peak * 1000;
            report.Add(
                limits, setup.Network.Name, setup.Objective.Name, threads, operations / 1e9, peak / 1e9, limit, step.Wall, 100 * limit / step.Wall);
        });
        ForEachNetwork((network, threads) =>
        {
            foreach (object[] row in DoubleBackward.Measure(settings.For(network, ObjectiveCase.All[0], Precision.Float32), settings.Repeats, threads))
            {
                report.Add(convolutions, row);
            }
        });
    }

    /// <summary>Attributions and attacks on a batch against one image after the other.</summary>
    public void Explain()
    {
        Table table = report.Begin(
            "Explanations",
            "The library on a batch; the plain loop one image, one point of a path and one step after the other. The difference is"
                + " Σ|library − plain| / Σ|plain| of the attributions, or of the losses that the attacks reach.",
            Explanations.Columns);
        var effort = settings.IsQuick ? new Effort(Points: 5, AttackSteps: 2, TargetSteps: 4, Repeats: 1) : new Effort(50, 50, 100, 3);
        ForEachNetwork((network, threads) =>
        {
            int images = Math.Min(settings.BatchFor(network), network.Name == "resnet18" ? 8 : 32);
            foreach (object[] row in Explanations.Measure(network, images, effort, threads, settings.Device))
            {
                report.Add(table, row);
            }
        });
    }

    /// <summary>ML.NET against tensors in memory.</summary>
    public void RunPipeline()
    {
        Table table = report.Begin(
            "The pipeline",
            "A further epoch of Fit on rows of floats, kept in memory and streamed (a budget for half of them), against one of RobustTrainer on"
                + " tensors in memory, and Transform against batches of logits. Float32.",
            Pipeline.Columns);
        foreach (int threads in settings.Threads)
        {
            foreach (ObjectiveCase objective in settings.Objectives.Where(objective => objective.Name is "ce" or "aga"))
            {
                cancellation.ThrowIfCancellationRequested();
                set_num_threads(threads);
                NetworkCase network = NetworkCase.All[0];
                var setup = new Setup(network, objective, settings.BatchFor(network), settings.Device, Precision.Float32);
                foreach (object[] row in Pipeline.Measure(setup, settings.IsQuick ? 512 : 4096, settings.Repeats, threads))
                {
                    report.Add(table, row);
                }
            }
        }
    }

    /// <summary>From the start of a process to its first prediction.</summary>
    public void ColdStart()
    {
        Table table = report.Begin(
            "Cold start",
            "Milliseconds from the start of a process to the first prediction of a model.zip with the small network, and to the first value of"
                + " a tensor.",
            ["threads", "first prediction", "libtorch alone"]);
        string folder = Directory.CreateTempSubdirectory("steps-").FullName;
        try
        {
            string path = Path.Combine(folder, "model.zip");
            Pipeline.SaveModel(path, new Setup(NetworkCase.All[0], ObjectiveCase.All[0], 64, settings.Device, Precision.Float32));
            foreach (int threads in settings.Threads)
            {
                double[] cold = [.. Runs(["--child", "cold", "--model", path])], torch = [.. Runs(["--child", "torch"])];
                report.Add(table, threads, Cost.Median(cold), Cost.Median(torch));

                IEnumerable<double> Runs(IEnumerable<string> arguments) => Enumerable.Range(0, settings.Repeats)
                    .Select(_ => ChildProcess.Run([.. arguments, "--threads", $"{threads}", "--device", settings.DeviceName]).Milliseconds);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The library's step from the table before, or measured now.</summary>
    private Cost Step(Setup setup, int threads)
    {
        if (steps.TryGetValue((setup.Network.Name, setup.Objective.Name, threads), out Cost known))
        {
            return known;
        }

        var alone = new StepDuel(setup, [], settings.Repeats);
        alone.Run();
        return Cost.Median(alone.Own);
    }

    private static double Ratio(IReadOnlyList<Cost> of, IReadOnlyList<Cost> to, Func<Cost, double> value)
        => Cost.Median(of.Zip(to, (a, b) => value(a) / value(b)));

    private void ForEachNetwork(Action<NetworkCase, int> measure)
    {
        foreach (NetworkCase network in settings.Networks)
        {
            foreach (int threads in settings.Threads)
            {
                cancellation.ThrowIfCancellationRequested();
                set_num_threads(threads);
                measure(network, threads);
            }
        }
    }

    private void ForEach(Action<Setup, int> measure) => ForEachNetwork((network, threads) =>
    {
        foreach (ObjectiveCase objective in settings.Objectives)
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (Precision precision in settings.Precisions)
            {
                measure(settings.For(network, objective, precision), threads);
            }
        }
    });
}
