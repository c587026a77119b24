namespace RobustAttribution.Benchmarks.Distributed;

/// <summary>A network between ranks.</summary>
/// <param name="Name">Its name.</param>
/// <param name="BytesPerSecond">Of a rank, in each direction at once.</param>
/// <param name="Latency">Seconds of one message.</param>
internal sealed record Link(string Name, double BytesPerSecond, double Latency)
{
    /// <summary>The assumed ones.</summary>
    public static IReadOnlyList<Link> All { get; } =
        [new("1 Gbit/s, 50 µs", 1e9 / 8, 50e-6), new("10 Gbit/s, 20 µs", 1e10 / 8, 20e-6), new("100 Gbit/s, 2 µs", 1e11 / 8, 2e-6)];
}

/// <summary>The time of one step: what a rank computes, and the exchange after it.</summary>
internal sealed class ScalingModel
{
    private const long PieceBytes = 4 << 20; // as MpiCommunicator sums
    private readonly ScalingMeasurements measured;

    public ScalingModel(ScalingMeasurements measured)
    {
        this.measured = measured;
        (MessageSeconds, ByteSeconds) = Fit(measured.Sums.Where(sum => sum.Ranks == 2));
    }

    /// <summary>Of one message in this machine's memory.</summary>
    public double MessageSeconds { get; }

    /// <summary>Of each byte that a rank sends: copying and summing.</summary>
    public double ByteSeconds { get; }

    /// <summary>What a sum over ranks on this machine should take.</summary>
    public double SumHere(int ranks, long bytes) => (Messages(ranks, bytes) * MessageSeconds) + (Sent(ranks, bytes) * ByteSeconds);

    /// <summary>A step without exchanges.</summary>
    /// <param name="network">The network.</param>
    /// <param name="ranks">Each draws for the images of all.</param>
    /// <param name="share">Images of one rank.</param>
    /// <param name="speed">How many times a thread of this machine a rank is.</param>
    public double Compute(MeasuredNetwork network, int ranks, int share, double speed = 1)
        => (Own(network, share) + (measured.SecondsOfDraws * ranks * share)) / speed;

    /// <summary>The exchanges of a step.</summary>
    public double Exchange(MeasuredNetwork network, int ranks, Link link)
        => ranks == 1 ? 0 : network.Exchanges.Sum(exchange => exchange.IsSum
            ? (Messages(ranks, exchange.Bytes) * link.Latency) + (Sent(ranks, exchange.Bytes) * ((1 / link.BytesPerSecond) + ByteSeconds))
            : Math.Ceiling(Math.Log2(ranks)) * (link.Latency + (exchange.Bytes / link.BytesPerSecond)));

    /// <summary>Images per second of each rank, over those of one rank alone with the same share.</summary>
    public double Weak(MeasuredNetwork network, int ranks, int share, Link link, double speed = 1)
        => Compute(network, 1, share, speed) / (Compute(network, ranks, share, speed) + Exchange(network, ranks, link));

    /// <summary>The time of one rank for the batch, over that of all ranks together.</summary>
    public double Strong(MeasuredNetwork network, int ranks, int batch, Link link, double speed = 1)
        => Compute(network, 1, batch, speed) / ranks / (Compute(network, ranks, batch / ranks, speed) + Exchange(network, ranks, link));

    // Each rank sends one message to every other, twice for each piece.
    private static double Messages(int ranks, long bytes) => 2.0 * (ranks - 1) * ((bytes + PieceBytes - 1) / PieceBytes);

    private static double Sent(int ranks, long bytes) => 2.0 * (ranks - 1) / ranks * bytes;

    // Least squares of the relative deviations.
    private static (double Message, double Byte) Fit(IEnumerable<MeasuredSum> sums)
    {
        double aa = 0, ab = 0, bb = 0, a1 = 0, b1 = 0;
        foreach (MeasuredSum sum in sums)
        {
            double a = Messages(sum.Ranks, sum.Bytes) / sum.Seconds, b = Sent(sum.Ranks, sum.Bytes) / sum.Seconds;
            (aa, ab, bb, a1, b1) = (aa + (a * a), ab + (a * b), bb + (b * b), a1 + a, b1 + b);
        }

        double determinant = (aa * bb) - (ab * ab);
        return (((a1 * bb) - (b1 * ab)) / determinant, ((b1 * aa) - (a1 * ab)) / determinant);
    }

    // Between measured shares a straight line; above the largest, as many seconds for an image as there.
    private double Own(MeasuredNetwork network, int share)
    {
        MeasuredStep[] steps = [.. network.Steps.Select(step => step with { Seconds = step.Seconds - (2 * step.Images * measured.SecondsOfDraws) })];
        if (share >= steps[^1].Images)
        {
            return steps[^1].Seconds * share / steps[^1].Images;
        }

        int next = Array.FindIndex(steps, step => step.Images > share);
        (MeasuredStep below, MeasuredStep above) = (steps[next - 1], steps[next]);
        return below.Seconds + ((above.Seconds - below.Seconds) * (share - below.Images) / (above.Images - below.Images));
    }
}
