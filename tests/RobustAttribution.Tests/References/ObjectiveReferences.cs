namespace RobustAttribution.Tests.References;

/// <summary>The losses of the objectives for one image, from the formulas of the papers, as plain loops.</summary>
internal static class ObjectiveReferences
{
    /// <summary>−log softmax(logits)_y.</summary>
    public static double CrossEntropy(double[] logits, int y) => Math.Log(logits.Sum(value => Math.Exp(value - logits[y])));

    /// <summary>The gradient of the cross-entropy at the normalised image u: Σ_k (softmax_k − [k = y]) g_k.</summary>
    public static double[] LossGradient(MlpReference network, double[] u, int y)
    {
        double[] logits = network.Logits(u), sum = new double[u.Length];
        for (int k = 0; k < logits.Length; k++)
        {
            double factor = Math.Exp(-CrossEntropy(logits, k)) - (k == y ? 1 : 0);
            sum = [.. sum.Zip(network.Gradient(u, k), (total, value) => total + (factor * value))];
        }

        return sum;
    }

    /// <summary>(v − u) ⊙ Σ (the loss' gradients at the middles of equal parts of the way from u to v) / parts.</summary>
    public static double[] IntegratedLossGradient(MlpReference network, double[] u, double[] v, int y, int parts)
    {
        var sum = new double[u.Length];
        for (int part = 0; part < parts; part++)
        {
            double alpha = (part + 0.5) / parts;
            sum = [.. sum.Zip(LossGradient(network, [.. u.Zip(v, (a, b) => a + (alpha * (b - a)))], y), (total, value) => total + value)];
        }

        return [.. sum.Select((value, i) => (v[i] - u[i]) * value / parts)];
    }

    /// <summary>x ⊙ (the mean of the logit's gradients at the middles of equal parts of the way from black to x), in pixel scale.</summary>
    public static double[] IntegratedLogitGradient(MlpReference network, double[] x, int y, int parts)
    {
        double[][] gradients = [.. Enumerable.Range(0, parts)
            .Select(part => network.PixelGradient([.. x.Select(value => value * (part + 0.5) / parts)], y))];
        return [.. x.Select((value, i) => value * gradients.Average(gradient => gradient[i]))];
    }

    /// <summary>An attribution of some channels summed over them.</summary>
    public static double[] SumOfChannels(double[] attribution, int channels)
        => [.. Enumerable.Range(0, attribution.Length / channels)
            .Select(pixel => Enumerable.Range(0, channels).Sum(channel => attribution[(channel * (attribution.Length / channels)) + pixel]))];

    /// <summary>Σ_k p_k log(p_k/q_k) of the softmax of both.</summary>
    public static double Divergence(double[] p, double[] q)
        => Enumerable.Range(0, p.Length).Sum(k => Math.Exp(-CrossEntropy(p, k)) * (CrossEntropy(q, k) - CrossEntropy(p, k)));

    /// <summary>The mean of h_i − h_j over i of the k largest and j of the others; with a number of pairs' ends, those nearest the border.</summary>
    public static double Thickness(double[] map, int k, int? pairs)
    {
        double[] sorted = [.. map.OrderDescending()];
        double[] top = sorted[(k - (pairs ?? k))..k], rest = sorted[k..(pairs is { } count ? k + count : sorted.Length)];
        return top.SelectMany(_ => rest, (above, below) => above - below).Average();
    }

    /// <summary>‖a − b‖².</summary>
    public static double SquaredDistance(double[] a, double[] b) => a.Zip(b, (x, y) => (x - y) * (x - y)).Sum();

    /// <summary>a·b/(‖a‖‖b‖).</summary>
    public static double Cosine(double[] a, double[] b)
        => a.Zip(b, (x, y) => x * y).Sum() / Math.Sqrt(a.Sum(x => x * x) * b.Sum(x => x * x));

    /// <summary>The cosine of what a and b are above their means.</summary>
    public static double Correlation(double[] a, double[] b)
        => Cosine([.. a.Select(x => x - a.Average())], [.. b.Select(x => x - b.Average())]);

    /// <summary>The class with the largest logit beside y.</summary>
    public static int StrongestWrong(double[] logits, int y) => Enumerable.Range(0, logits.Length).Where(k => k != y).MaxBy(k => logits[k]);

    /// <summary>log(1 + exp(−(negative − positive))).</summary>
    public static double SoftMargin(double positive, double negative) => Math.Log(1 + Math.Exp(-(negative - positive)));

    /// <summary>ART's outer loss: over both anchors, the largest distance to the gradients of y and the smallest to those of j*.</summary>
    public static double PairTriplet(double[][] anchors, double[][] own, double[][] rival)
        => anchors.Average(anchor => SoftMargin(own.Max(g => 1 - Cosine(anchor, g)), rival.Min(g => 1 - Cosine(anchor, g))));
}
