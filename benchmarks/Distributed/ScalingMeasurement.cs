using System.Globalization;
using RobustAttribution.Networks;

namespace RobustAttribution.Benchmarks.Distributed;

/// <summary>Measures steps and sums, each in processes of its own.</summary>
internal static class ScalingMeasurement
{
    private const int DrawImages = 1, ManyRanks = 2048;

    private static readonly int[] Shares = [1, 4, 16, 64], RanksHere = [2, 3];

    // Of single floats, of the pieces that a sum is computed in, and around the sizes of the networks.
    private static readonly long[] Floats = [2, 10_000, 100_000, 1 << 20, 11_000_000, 36_500_000];

    /// <summary>The networks, all on images of 3×32×32 with 10 classes.</summary>
    public static IReadOnlyDictionary<string, NetworkArchitecture> Networks { get; } = new Dictionary<string, NetworkArchitecture>
    {
        ["LeNet"] = NetworkArchitecture.LeNet,
        ["ResNet-18"] = NetworkArchitecture.ResNet18ForSmallImages,
        ["WRN-28-10"] = NetworkArchitecture.WideResNet28x10,
    };

    public static ScalingMeasurements Run()
    {
        string load = Comparison.Load();
        List<MeasuredNetwork> networks = [];
        foreach ((string name, int most) in Networks.Keys.Zip([64, 16, 4]))
        {
            List<MeasuredStep> steps = [];
            double[] found = [];
            foreach (int images in Shares.Where(images => images <= most))
            {
                found = Step(name, images, ranks: 2, steps: images >= 16 || name == "WRN-28-10" ? 3 : 8);
                steps.Add(new(images, found[0]));
                Console.WriteLine(FormattableString.Invariant($"{name}, {images} images: {found[0]:F4} s"));
            }

            Exchange[] exchanges = [.. found[3..].Select(bytes => new Exchange(bytes > 0, (long)Math.Abs(bytes)))];
            networks.Add(new(name, (long)found[1], (long)found[2], exchanges, steps));
        }

        double few = Step("LeNet", DrawImages, 2, 8)[0], many = Step("LeNet", DrawImages, ManyRanks, 4)[0];
        MeasuredSum[] sums =
            [.. from ranks in RanksHere from floats in Floats select new MeasuredSum(ranks, floats * sizeof(float), Sum(ranks, floats))];
        return new(
            DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            $"{load} before, {Comparison.Load()} after",
            (many - few) / (DrawImages * (ManyRanks - 2)),
            networks,
            sums);
    }

    private static double[] Step(string network, int images, int ranks, int steps)
        => Comparison.Child(1, ["step", network, .. new[] { images, ranks, steps }.Select(number => number.ToString(CultureInfo.InvariantCulture))]);

    private static double Sum(int ranks, long floats)
    {
        double seconds = Comparison.Child(ranks, ["sum", floats.ToString(CultureInfo.InvariantCulture)])[0] / 1000;
        Console.WriteLine(FormattableString.Invariant($"sum of {floats} floats over {ranks} ranks: {seconds:E3} s"));
        return seconds;
    }
}
