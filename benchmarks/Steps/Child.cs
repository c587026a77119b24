using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks.Steps;

/// <summary>What one contender does alone in a process.</summary>
internal static class Child
{
    private const int Steps = 3;

    /// <summary>Prints one line: for "cold" and "torch" when the work is done, else the peak memory in MiB after a few training steps.</summary>
    /// <param name="contender">"torch", "cold", "plain" or "library".</param>
    /// <param name="settings">One network, one objective and one number of threads.</param>
    /// <param name="model">The model of "cold".</param>
    public static void Run(string contender, Settings settings, string? model)
    {
        set_num_threads(settings.Threads[0]);
        switch (contender)
        {
            case "torch":
                using (Tensor one = ones(1, device: settings.Device))
                {
                    Console.WriteLine($"{one.item<float>()}");
                }

                return;
            case "cold":
                Console.WriteLine($"{Pipeline.PredictOne(model!).Max()}");
                return;
        }

        Setup setup = settings.For(settings.Networks[0], settings.Objectives[0], settings.Precisions[0]);
        if (contender == "plain")
        {
            using var plain = new PlainTraining(setup);
            for (int step = 0; step < Steps; step++)
            {
                plain.Run();
            }
        }
        else
        {
            new StepDuel(setup, [], Steps - 1).Run();
        }

        Console.WriteLine(ChildProcess.PeakMemory().ToString(CultureInfo.InvariantCulture));
    }
}
