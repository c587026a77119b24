namespace Microsoft.ML.Data;

/// <summary>The sums from which multiclass metrics follow, one row of scores at a time.</summary>
internal sealed class MulticlassCounters(int classes)
{
    /// <summary>The lowest probability that the log-loss tells from 0.</summary>
    private const float SmallestProbability = 1e-15f;

    private readonly double[] _rowsOfClass = new double[classes];
    private readonly double[] _logLossOfClass = new double[classes];
    private readonly double[] _rowsAtRank = new double[classes + 1]; // the last one: labels that are no class
    private double _rows;
    private double _logLoss;

    /// <summary>[true class][predicted class].</summary>
    internal double[][] Confusion { get; } = Enumerable.Range(0, classes).Select(_ => new double[classes]).ToArray();

    /// <summary>Rows whose label is beyond the scores.</summary>
    internal long RowsOfUnknownClass { get; private set; }

    internal double MicroAccuracy => _rows > 0 ? _rowsAtRank[0] / _rows : 0;

    internal double MacroAccuracy
    {
        get
        {
            var recalls = Enumerable.Range(0, classes).Where(c => _rowsOfClass[c] > 0).Select(c => Confusion[c][c] / _rowsOfClass[c]);
            return recalls.DefaultIfEmpty(0).Average();
        }
    }

    internal double LogLoss => _rows > 0 ? _logLoss / _rows : 0;

    internal double LogLossReduction
    {
        get
        {
            var entropy = -_rowsOfClass.Where(n => n > 0).Sum(n => n * Math.Log(n / _rows)) / _rows;
            return (entropy - LogLoss) / entropy;
        }
    }

    internal double[] PerClassLogLoss =>
        Enumerable.Range(0, classes).Select(c => _rowsOfClass[c] > 0 ? _logLossOfClass[c] / _rowsOfClass[c] : 0).ToArray();

    /// <summary>The top-k accuracies for k = 1…<paramref name="most"/>.</summary>
    internal double[] TopKAccuracies(int most)
    {
        var result = new double[most];
        var sum = 0.0;
        for (var k = 0; k < most; k++)
            result[k] = sum += _rowsAtRank[k] / _rows;
        return result;
    }

    /// <summary>Counts one row; a label of <paramref name="scores"/>' length or more was not known to the model.</summary>
    internal void Add(ReadOnlySpan<float> scores, int label)
    {
        var known = label < classes;
        var score = known ? scores[label] : 0;
        var loss = -Math.Log(Math.Clamp(score, SmallestProbability, 1));
        var (rank, predicted) = (0, 0);
        for (var c = 0; c < classes; c++)
        {
            // Of equal scores the first one ranks highest.
            if (scores[c] > score || (scores[c] == score && c < label))
                rank++;
            if (scores[c] > scores[predicted])
                predicted = c;
        }

        _rows++;
        _logLoss += loss;
        if (!known)
        {
            _rowsAtRank[classes]++;
            RowsOfUnknownClass++;
            return;
        }

        _rowsAtRank[rank]++;
        _rowsOfClass[label]++;
        _logLossOfClass[label] += loss;
        Confusion[label][predicted]++;
    }
}
