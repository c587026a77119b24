namespace RobustAttribution.Benchmarks.Distributed;

internal sealed class ScalingPage(ScalingMeasurements measured)
{
    public override string ToString() => measured.Date;
}
