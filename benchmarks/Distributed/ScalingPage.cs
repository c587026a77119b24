using System.Globalization;
using System.Text;

namespace RobustAttribution.Benchmarks.Distributed;

/// <summary>The page about what the model says; nothing but the measurements decides it.</summary>
internal sealed class ScalingPage
{
    private const int Share = 16, Batch = 256;

    private static readonly int[] Ranks = [2, 4, 8, 16, 32, 64, 128, 256];
    private static readonly double[] Speeds = [1, 10, 100];

    private readonly ScalingMeasurements measured;
    private readonly ScalingModel model;
    private readonly StringBuilder text = new();

    public ScalingPage(ScalingMeasurements measured) => (this.measured, model) = (measured, new ScalingModel(measured));

    private delegate double Efficiency(MeasuredNetwork network, int ranks, Link link, double speed);

    public override string ToString()
    {
        text.Clear();
        Line($"# Where scaling ends: a model");
        Line($"");
        Line($"Made by `dotnet run --project benchmarks/Distributed -c Release -- scaling --measurements benchmarks/results/scaling.json --output benchmarks/results/scaling.md`");
        Line($"from measurements of {measured.Date} on a machine of two cores that others used too (load {measured.Load}); `--measure` measures anew.");
        Line($"**No cluster was used**: steps and local sums are measured, networks are assumed.");
        Line($"");
        Summary();
        Assumptions();
        Measured();
        Check();
        Table($"Weak scaling: {Share} images for each rank", Weak);
        Table($"Strong scaling: {Batch} images for all ranks", Strong);
        Ends();
        return text.ToString();
    }

    private double Weak(MeasuredNetwork network, int ranks, Link link, double speed) => model.Weak(network, ranks, Share, link, speed);

    private double Strong(MeasuredNetwork network, int ranks, Link link, double speed) => model.Strong(network, ranks, Batch, link, speed);

    private void Summary()
    {
        Line($"The most ranks, of powers of two up to {Ranks[^1]}, whose efficiency is at least 80 % / 50 %, where a rank is one core and trains with AGA on 3×32×32:");
        foreach (MeasuredNetwork network in measured.Networks)
        {
            IEnumerable<string> links = Link.All.Select(link => string.Create(
                CultureInfo.InvariantCulture,
                $"over {link.Name} weak {Both(network, link, Weak)}, strong {Both(network, link, Strong)}"));
            Line($"**{network.Name}** {string.Join("; ", links)}.");
        }

        Line($"Strong scaling ends with the share: {Batch} ranks have one image each, and a step of one image takes a good part of that of several");
        Line($"({string.Join(", ", measured.Networks.Select(network => string.Create(CultureInfo.InvariantCulture, $"{network.Name} {OneImage(network):F1} times as long an image as at {network.Steps[^1].Images}")))}).");
        Line($"Weak scaling ends where gradients of a fixed size, and messages whose number grows with the ranks, take as long as the share's computation;");
        double draws = measured.SecondsOfDraws * Share * Ranks[^1] * 1000;
        Line($"on {Ranks[^1]} ranks each also draws random numbers for the images of all, {draws:F0} ms a step, which only LeNet's short steps feel.");
        Line($"");

        static double OneImage(MeasuredNetwork network) => network.Steps[0].Seconds / (network.Steps[^1].Seconds / network.Steps[^1].Images);
    }

    private static string Both(MeasuredNetwork network, Link link, Efficiency efficiency)
        => $"{Word(Last(network, link, efficiency, 0.8, 1))} / {Word(Last(network, link, efficiency, 0.5, 1))}";

    private static string Word(int ranks) => ranks == 1 ? "none" : ranks == Ranks[^1] ? $"{ranks} or more" : $"{ranks}";

    private static int Last(MeasuredNetwork network, Link link, Efficiency efficiency, double least, double speed)
        => Ranks.Prepend(1).TakeWhile(ranks => ranks == 1 || efficiency(network, ranks, link, speed) >= least).Last();

    private void Assumptions()
    {
        Line($"## What is assumed");
        Line($"");
        Line($"- A step is the rank's computation and then its exchanges; nothing overlaps, and no rank waits for a slower one.");
        Line($"- Computation: between measured shares a straight line, above the largest as long for each image as there. Every rank draws random numbers for");
        Line($"  the images of all ranks: {measured.SecondsOfDraws * 1e6:F1} µs an image, measured as the difference between LeNet steps of one of 2 and of 2,048 ranks.");
        Line($"- A sum goes in pieces of 4 MiB, as `MpiCommunicator` does: for each piece every rank sends one message to each other rank (`MPI_Alltoallv`), and again");
        Line($"  (`MPI_Allgatherv`), one after the other. n ranks: 2(n − 1) latencies a piece, 2(n − 1)/n · bytes over the link. MPI libraries that let messages overlap wait less.");
        Line($"- Beside the link each byte sent costs what it costs in memory here: {model.ByteSeconds * 1e9:F3} ns, copying and summing.");
        Line($"- A broadcast takes ⌈log₂ n⌉ messages one after the other. Links are full-duplex, one for each rank, and the switch carries all at once.");
        Line($"- \"One rank\" computes the same share, or batch, alone. Efficiency is its time over n ranks' (strong: times n).");
        Line($"");
    }

    private void Measured()
    {
        Line($"## Measured");
        Line($"");
        Line($"| network | parameters | running statistics | bytes summed a step | other exchanges a step | step of 1 … images, s of one thread |");
        Line($"|---|---|---|---|---|---|");
        foreach (MeasuredNetwork network in measured.Networks)
        {
            string steps = string.Join(", ", network.Steps.Select(step => string.Create(CultureInfo.InvariantCulture, $"{step.Images}: {step.Seconds:G3}")));
            string others = string.Join(", ", network.Exchanges.SkipLast(1).Select(exchange => $"{(exchange.IsSum ? "sum" : "broadcast")} of {exchange.Bytes} B"));
            Line($"| {network.Name} | {network.Parameters:N0} | {network.Statistics:N0} | {network.Exchanges[^1].Bytes:N0} | {others} | {steps} |");
        }

        Line($"");
    }

    private void Check()
    {
        Line($"## The model of a sum beside sums measured here");
        Line($"");
        Line($"Its two constants, {model.MessageSeconds * 1e6:F2} µs a message and {model.ByteSeconds * 1e9:F3} ns a byte, are fitted to two ranks; three ranks share two cores,");
        Line($"and are predicted. Best of 20 to 2,000 repetitions, in the machine's memory.");
        Line($"");
        Line($"| ranks | bytes | measured, ms | model, ms | model / measured − 1 |");
        Line($"|---|---|---|---|---|");
        foreach (MeasuredSum sum in measured.Sums)
        {
            double seconds = model.SumHere(sum.Ranks, sum.Bytes);
            Line($"| {sum.Ranks} | {sum.Bytes:N0} | {sum.Seconds * 1000:G3} | {seconds * 1000:G3} | {(seconds / sum.Seconds) - 1:+0 %;−0 %} |");
        }

        double[] off = [.. measured.Sums.Select(sum => (model.SumHere(sum.Ranks, sum.Bytes) / sum.Seconds) - 1)];
        Line($"");
        Line($"So the model is between {off.Min():+0 %;−0 %} and {off.Max():+0 %;−0 %} of what is measured, and too fast for sums larger than the caches and for three ranks.");
        Line($"What it takes for a byte in memory is little beside {1e9 * 8 / 1e9:0.#} and {1e9 * 8 / 1e10:0.#} ns over 1 and 10 Gbit/s; at 100 Gbit/s, {1e9 * 8 / 1e11:0.##} ns, memory decides, and");
        Line($"where it is twice as slow as the model has it, the exchanges there take up to {TwiceAsSlow():F1} times as long.");
        Line($"");
    }

    private double TwiceAsSlow() => ((2 * model.ByteSeconds) + (8 / 1e11)) / (model.ByteSeconds + (8 / 1e11));

    private void Table(string title, Efficiency efficiency)
    {
        Line($"## {title}");
        Line($"");
        Line($"Efficiency, and in brackets the milliseconds of the exchanges. Above 100 % where fewer images at once fit the caches better.");
        Line($"");
        Line($"| network | link | {string.Join(" | ", Ranks)} |");
        Line($"|---|---|{string.Concat(Ranks.Select(_ => "---|"))}");
        foreach (MeasuredNetwork network in measured.Networks)
        {
            foreach (Link link in Link.All)
            {
                IEnumerable<string> cells = Ranks.Select(ranks => string.Create(
                    CultureInfo.InvariantCulture, $"{efficiency(network, ranks, link, 1):P0} ({model.Exchange(network, ranks, link) * 1000:#,0.#})"));
                Line($"| {network.Name} | {link.Name} | {string.Join(" | ", cells)} |");
            }
        }

        Line($"");
    }

    private void Ends()
    {
        Line($"## Faster ranks");
        Line($"");
        Line($"The most ranks with at least 80 % / 50 %, where a rank (a node, a GPU) computes as fast as so many threads of this machine, and exchanges no faster.");
        Line($"");
        Line($"| network | link | {string.Join(" | ", Speeds.Select(speed => $"weak, {speed} ×"))} | {string.Join(" | ", Speeds.Select(speed => $"strong, {speed} ×"))} |");
        Line($"|---|---|{string.Concat(Speeds.Concat(Speeds).Select(_ => "---|"))}");
        foreach (MeasuredNetwork network in measured.Networks)
        {
            foreach (Link link in Link.All)
            {
                IEnumerable<string> cells = new Efficiency[] { Weak, Strong }.SelectMany(
                    _ => Speeds, (efficiency, speed) => $"{Last(network, link, efficiency, 0.8, speed)} / {Last(network, link, efficiency, 0.5, speed)}");
                Line($"| {network.Name} | {link.Name} | {string.Join(" | ", cells)} |");
            }
        }
    }

    private void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
