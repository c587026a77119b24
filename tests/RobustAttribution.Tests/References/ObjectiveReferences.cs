namespace RobustAttribution.Tests.References;

/// <summary>The losses of the objectives for one image, from the formulas of the papers, as plain loops.</summary>
internal static class ObjectiveReferences
{
    /// <summary>−log softmax(logits)_y.</summary>
    public static double CrossEntropy(double[] logits, int y) => Math.Log(logits.Sum(value => Math.Exp(value - logits[y])));

    /// <summary>‖a − b‖².</summary>
    public static double SquaredDistance(double[] a, double[] b) => a.Zip(b, (x, y) => (x - y) * (x - y)).Sum();

    /// <summary>a·b/(‖a‖‖b‖).</summary>
    public static double Cosine(double[] a, double[] b)
        => a.Zip(b, (x, y) => x * y).Sum() / Math.Sqrt(a.Sum(x => x * x) * b.Sum(x => x * x));

    /// <summary>The class with the largest logit beside y.</summary>
    public static int StrongestWrong(double[] logits, int y) => Enumerable.Range(0, logits.Length).Where(k => k != y).MaxBy(k => logits[k]);

    /// <summary>log(1 + exp(−(negative − positive))).</summary>
    public static double SoftMargin(double positive, double negative) => Math.Log(1 + Math.Exp(-(negative - positive)));

    /// <summary>ART's outer loss: over both anchors, the largest distance to the gradients of y and the smallest to those of j*.</summary>
    public static double PairTriplet(double[][] anchors, double[][] own, double[][] rival)
        => anchors.Average(anchor => SoftMargin(own.Max(g => 1 - Cosine(anchor, g)), rival.Min(g => 1 - Cosine(anchor, g))));
}
