using System.Diagnostics;

namespace RobustAttribution.Training;

/// <summary>Speed and remaining time of a training. Nothing that is computed depends on it.</summary>
internal sealed class TrainingClock
{
    private readonly long start = Stopwatch.GetTimestamp();
    private TimeSpan validating;
    private TimeSpan lastReport;
    private TimeSpan lastCheckpoint;
    private int validations;
    private long images;
    private long steps;

    /// <summary>Images trained on per second, time in validation left out.</summary>
    public double ImagesPerSecond => images / Math.Max(Training.TotalSeconds, 1e-9);

    private TimeSpan Training => Stopwatch.GetElapsedTime(start) - validating;

    public void AddStep(long count)
    {
        images += count;
        steps++;
    }

    public void AddValidation(TimeSpan time)
    {
        validating += time;
        validations++;
    }

    /// <summary>True at most once in each interval.</summary>
    public bool IsReportDue(TimeSpan interval) => IsDue(ref lastReport, interval.TotalMinutes);

    /// <summary>True at most once in so many minutes.</summary>
    public bool IsCheckpointDue(double minutes) => IsDue(ref lastCheckpoint, minutes);

    /// <summary>The time that so many steps and validations will take at the speed so far; at most the longest that there is.</summary>
    public TimeSpan Estimate(long remainingSteps, int remainingValidations)
    {
        double ticks = ((double)Training.Ticks / Math.Max(steps, 1) * remainingSteps)
            + ((double)validating.Ticks / Math.Max(validations, 1) * remainingValidations);
        return ticks < long.MaxValue ? new TimeSpan((long)ticks) : TimeSpan.MaxValue;
    }

    private bool IsDue(ref TimeSpan last, double minutes)
    {
        TimeSpan now = Stopwatch.GetElapsedTime(start);
        if ((now - last).TotalMinutes < minutes)
        {
            return false;
        }

        last = now;
        return true;
    }
}
