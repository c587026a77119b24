using System.Globalization;

namespace RobustAttribution.Benchmarks.Distributed;

/// <summary>What a child trains.</summary>
/// <param name="Objective">aga or art.</param>
/// <param name="Threads">Of each rank.</param>
/// <param name="Batch">Images of a global batch.</param>
/// <param name="Steps">Of an epoch.</param>
internal sealed record Setting(string Objective, int Threads, int Batch, int Steps)
{
    public IEnumerable<string> Arguments => [Objective, .. new[] { Threads, Batch, Steps }.Select(number => number.ToString(CultureInfo.InvariantCulture))];

    public static Setting Parse(string[] arguments)
    {
        int[] numbers = [.. arguments.Skip(1).Select(text => int.Parse(text, CultureInfo.InvariantCulture))];
        return new(arguments[0], numbers[0], numbers[1], numbers[2]);
    }
}
