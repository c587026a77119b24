using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.References;

/// <summary>The metrics as their papers define them, one image and one pixel at a time; the network is a function from numbers to numbers.</summary>
internal static class MetricReferences
{
    /// <summary>
    /// Softmax probability of a class of one image [C,H,W] of which only some pixels are kept; the others are 0 in normalised space.
    /// </summary>
    public static double Probability(ImageNetwork network, double[,,] image, int target, Func<int, int, bool> isKept)
    {
        double[,,] x = (double[,,])image.Clone();
        for (int c = 0; c < x.GetLength(0); c++)
        {
            for (int i = 0; i < x.GetLength(1); i++)
            {
                for (int j = 0; j < x.GetLength(2); j++)
                {
                    x[c, i, j] = isKept(i, j) ? (x[c, i, j] - network.Input.Mean[c]) / network.Input.StandardDeviation[c] : 0;
                }
            }
        }

        using IDisposable scope = NewDisposeScope();
        double[] logits = Values.Of(network.LogitsOfNormalized(tensor(Values.Flat(x)).reshape(1, x.GetLength(0), x.GetLength(1), x.GetLength(2))));
        return Math.Exp(logits[target]) / logits.Sum(Math.Exp);
    }

    /// <summary>How many pixels of a map are more salient than this one; of equal values the first counts more.</summary>
    public static int Rank(double[,] map, int row, int column)
    {
        int rank = 0;
        for (int i = 0; i < map.GetLength(0); i++)
        {
            for (int j = 0; j < map.GetLength(1); j++)
            {
                rank += map[i, j] > map[row, column] || (map[i, j] == map[row, column] && (i, j).CompareTo((row, column)) < 0) ? 1 : 0;
            }
        }

        return rank;
    }

    /// <summary>The Hessian of a class' logit at a normalised image [1,C,H,W], by central differences of the gradient.</summary>
    public static double[,] Hessian(ImageNetwork network, Tensor normalized, Tensor target)
    {
        const double Step = 1e-5;
        int size = (int)normalized.numel();
        var hessian = new double[size, size];
        for (int i = 0; i < size; i++)
        {
            using IDisposable scope = NewDisposeScope();
            Tensor step = zeros(size, dtype: ScalarType.Float64);
            step[i] = Step;
            step = step.reshape(normalized.shape);
            double[] above = Gradient(network, normalized + step, target), below = Gradient(network, normalized - step, target);
            for (int j = 0; j < size; j++)
            {
                hessian[i, j] = (above[j] - below[j]) / (2 * Step);
            }
        }

        return hessian;
    }

    /// <summary>The gradient of a class' logit at a normalised image.</summary>
    public static double[] Gradient(ImageNetwork network, Tensor normalized, Tensor target)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor x = normalized.detach().requires_grad_(true);
        return Values.Of(autograd.grad([network.LogitsOfNormalized(x).gather(1, target.unsqueeze(1)).sum()], [x])[0]);
    }

    public static double[] Product(double[,] matrix, double[] vector)
        => [.. Enumerable.Range(0, matrix.GetLength(0)).Select(i => Enumerable.Range(0, vector.Length).Sum(j => matrix[i, j] * vector[j]))];

    public static double Norm(IEnumerable<double> values) => Math.Sqrt(values.Sum(value => value * value));
}
