namespace RobustAttribution.MLNet.Evaluation;

/// <summary>Mean and spread of numbers that come one by one (Welford 1962).</summary>
internal sealed class RunningStatistics
{
    private double squares;

    public long Count { get; private set; }

    /// <summary>NaN before the first number.</summary>
    public double Mean { get; private set; } = double.NaN;

    /// <summary>Standard deviation of the sample (n − 1) over √n; NaN for fewer than two numbers.</summary>
    public double StandardError => Count > 1 ? Math.Sqrt(squares / (Count - 1) / Count) : double.NaN;

    public void Add(double value)
    {
        Count++;
        double former = Count == 1 ? 0 : Mean;
        Mean = former + ((value - former) / Count);
        squares += (value - former) * (value - Mean);
    }
}
