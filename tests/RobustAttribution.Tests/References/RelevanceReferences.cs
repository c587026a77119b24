namespace RobustAttribution.Tests.References;

/// <summary>
/// The rules of layer-wise relevance as the papers print them: Rᵢ = Σⱼ (numerator of i and j)/(sum of the numerators of j, with the bias) · Rⱼ.
/// </summary>
internal static class RelevanceReferences
{
    /// <summary>Bach et al. 2015, eq. 58.</summary>
    public static ChainReference.Rule Epsilon(double epsilon)
        => (connections, bias, x, _, relevance, _, _) => Share(connections, x.Length, relevance, (i, w, _) => x[i] * w, bias, b => b, epsilon);

    /// <summary>
    /// Montavon et al. 2019, in the form for any sign of inputs and outputs: the numerators of the output's own sign count 1 + γ times.
    /// </summary>
    public static ChainReference.Rule Gamma(double gamma)
        => (connections, bias, x, z, relevance, _, _) =>
        {
            double[] own = [.. z];
            if (bias is null)
            {
                own = new double[z.Length]; // the output without its bias decides the sign
                foreach ((int i, int j, double w) in connections)
                {
                    own[j] += x[i] * w;
                }
            }

            return Share(connections, x.Length, relevance, (i, w, j) => Weigh(x[i] * w, own[j]), bias, (b, j) => Weigh(b, own[j]), 0);

            double Weigh(double part, double output) => part > 0 == output > 0 ? (1 + gamma) * part : part;
        };

    /// <summary>Montavon et al. 2017, eq. 10.</summary>
    public static double[] Positive(
        List<(int I, int J, double W)> connections, double[]? bias, double[] x, double[] z, double[] relevance, double[] lowest, double[] highest)
        => Share(connections, x.Length, relevance, (i, w, _) => Math.Max(x[i] * w, 0), bias, b => Math.Max(b, 0), 0);

    /// <summary>Bach et al. 2015, eq. 60.</summary>
    public static ChainReference.Rule AlphaBeta(double alpha)
        => (connections, bias, x, z, relevance, lowest, highest) =>
        {
            double[] positive = Positive(connections, bias, x, z, relevance, lowest, highest);
            double[] negative = Share(connections, x.Length, relevance, (i, w, _) => Math.Min(x[i] * w, 0), bias, b => Math.Min(b, 0), 0);
            return [.. positive.Select((value, i) => (alpha * value) - ((alpha - 1) * negative[i]))];
        };

    /// <summary>Montavon et al. 2017, eq. 11.</summary>
    public static double[] Box(
        List<(int I, int J, double W)> connections, double[]? bias, double[] x, double[] z, double[] relevance, double[] lowest, double[] highest)
    {
        double Numerator(int i, double w, int j) => (x[i] * w) - (lowest[i] * Math.Max(w, 0)) - (highest[i] * Math.Min(w, 0));
        return Share(connections, x.Length, relevance, Numerator, null, b => b, 0);
    }

    private static double[] Share(
        List<(int I, int J, double W)> connections,
        int inputs,
        double[] relevance,
        Func<int, double, int, double> numerator,
        double[]? bias,
        Func<double, double> biasPart,
        double epsilon)
        => Share(connections, inputs, relevance, numerator, bias, (b, _) => biasPart(b), epsilon);

    private static double[] Share(
        List<(int I, int J, double W)> connections,
        int inputs,
        double[] relevance,
        Func<int, double, int, double> numerator,
        double[]? bias,
        Func<double, int, double> biasPart,
        double epsilon)
    {
        double[] sum = [.. relevance.Select((_, j) => bias is null ? 0 : biasPart(bias[j], j))];
        foreach ((int i, int j, double w) in connections)
        {
            sum[j] += numerator(i, w, j);
        }

        var shared = new double[inputs];
        foreach ((int i, int j, double w) in connections)
        {
            double divisor = sum[j] + (sum[j] >= 0 ? epsilon : -epsilon);
            shared[i] += divisor == 0 ? 0 : numerator(i, w, j) / divisor * relevance[j];
        }

        return shared;
    }
}
