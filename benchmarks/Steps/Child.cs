using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks.Steps;

/// <summary>What one contender does alone in a process.</summary>
internal static class Child
{
    private const int Steps = 3;

    /// <summary>Prints one line: for "cold" and "torch" when the work is done, else the peak memory in MiB after a few training steps.</summary>
    public static void Run(string contender, string? model, string network, string objective, string threads, int batch, string deviceName, string precision)
    {
        set_num_threads(int.Parse(threads, CultureInfo.InvariantCulture));
        Device place = device(deviceName);
        switch (contender)
        {
            case "torch":
                using (Tensor one = ones(1, device: place))
                {
                    Console.WriteLine($"{one.item<float>()}");
                }

                return;
            case "cold":
                Console.WriteLine($"{Pipeline.PredictOne(model!).Max()}");
                return;
        }

        var setup = new Setup(
            NetworkCase.All.Single(one => one.Name == network), ObjectiveCase.All.Single(one => one.Name == objective), batch, place, precision);
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
