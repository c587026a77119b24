using System.Numerics;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.References;

/// <summary>Certified saliency as its papers define it: one image, one noisy copy, one pixel, one test at a time, binomial tails as exact fractions.</summary>
internal static class CertificateReferences
{
    /// <summary>P(X ≥ c) of B(n, numerator/denominator), summed exactly and rounded once.</summary>
    public static double Tail(int n, int c, int numerator, int denominator)
    {
        BigInteger sum = 0, coefficient = 1; // n over k
        for (int k = 0; k <= n; k++)
        {
            sum += k < c ? 0 : coefficient * BigInteger.Pow(numerator, k) * BigInteger.Pow(denominator - numerator, n - k);
            coefficient = coefficient * (n - k) / (k + 1);
        }

        return Math.Exp(BigInteger.Log(sum) - BigInteger.Log(BigInteger.Pow(denominator, n)));
    }

    /// <summary>Holm's correction (1979) as a table: p-values in order, the i-th smallest of m against α/(m − i), the first failure ends it.</summary>
    public static bool[] Holm(double[] values, double alpha)
    {
        bool[] rejected = new bool[values.Length];
        foreach ((int rank, int index) in Enumerable.Range(0, values.Length).OrderBy(i => values[i]).Index())
        {
            if (values[index] > alpha / (values.Length - rank))
            {
                break;
            }

            rejected[index] = true;
        }

        return rejected;
    }

    /// <summary>The labels of one image's counts: both sides of every pixel are tests of one family.</summary>
    public static int[] Labels(int[] counts, int n, int numerator, int denominator, double alpha)
    {
        double[] values = [.. counts.Concat(counts.Select(count => n - count)).Select(count => Tail(n, count, numerator, denominator))];
        bool[] rejected = Holm(values, alpha);
        return [.. counts.Select((_, i) => rejected[i] ? 1 : rejected[counts.Length + i] ? -1 : 0)];
    }

    /// <summary>How many noisy copies of an image [1,C,H,W] have each pixel strictly above the value that is (k + 1)-th in order.</summary>
    public static int[] Counts(ImageNetwork network, SaliencyMap map, Tensor image, Tensor target, int k, double sigma, int n, ulong seed)
    {
        using var generator = new Generator(seed, CPU);
        int[] counts = new int[image.shape[2] * image.shape[3]];
        for (int copy = 0; copy < n; copy++)
        {
            using IDisposable scope = NewDisposeScope();
            Tensor noise = randn(image.shape, ScalarType.Float32, CPU, false, generator).to(ScalarType.Float64);
            double[] values = Values.Of(network.Repeatable(() => map.Of(network, image + (noise * sigma), target))); // unclamped: no check of the range
            double outside = values.OrderDescending().ElementAt(k);
            for (int i = 0; i < values.Length; i++)
            {
                counts[i] += values[i] > outside ? 1 : 0;
            }
        }

        return counts;
    }
}
