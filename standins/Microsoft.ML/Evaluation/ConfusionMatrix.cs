using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>How often a class was taken for another one.</summary>
public sealed class ConfusionMatrix
{
    private readonly IHost _host;
    private string _text;

    internal ConfusionMatrix(IHost host, double[][] counts, string[] classNames)
    {
        _host = host;
        NumberOfClasses = counts.Length;
        ClassNames = classNames;
        Counts = Array.AsReadOnly(counts.Select(row => (IReadOnlyList<double>)Array.AsReadOnly(row)).ToArray());
        PerClassPrecision = Shares(c => counts.Sum(row => row[c]));
        PerClassRecall = Shares(c => counts[c].Sum());

        IReadOnlyList<double> Shares(Func<int, double> total) =>
            Array.AsReadOnly(Enumerable.Range(0, counts.Length).Select(c => total(c) is > 0 and var sum ? counts[c][c] / sum : 0).ToArray());
    }

    /// <summary>Share of the rows predicted as a class that are of it; 0 if none was predicted so.</summary>
    public IReadOnlyList<double> PerClassPrecision { get; }

    /// <summary>Share of the rows of a class that were predicted as it; 0 if there are none.</summary>
    public IReadOnlyList<double> PerClassRecall { get; }

    /// <summary>Rows per true class (outer) and predicted class (inner).</summary>
    public IReadOnlyList<IReadOnlyList<double>> Counts { get; }

    /// <summary>How many classes there are.</summary>
    public int NumberOfClasses { get; }

    internal IReadOnlyList<string> ClassNames { get; }

    /// <summary>The matrix as a table for people, with recall and precision.</summary>
    public string GetFormattedConfusionTable() => _text ??= ConfusionTable.Format(this);

    /// <summary>How many rows of one class were predicted as another.</summary>
    public double GetCountForClassPair(int predictedClassIndicatorIndex, int actualClassIndicatorIndex)
    {
        const string range = "Invalid index. Should be non-negative, less than the number of classes.";
        _host.CheckParam(
            predictedClassIndicatorIndex >= 0 && predictedClassIndicatorIndex < NumberOfClasses, nameof(predictedClassIndicatorIndex), range);
        _host.CheckParam(actualClassIndicatorIndex >= 0 && actualClassIndicatorIndex < NumberOfClasses, nameof(actualClassIndicatorIndex), range);
        return Counts[actualClassIndicatorIndex][predictedClassIndicatorIndex];
    }
}
