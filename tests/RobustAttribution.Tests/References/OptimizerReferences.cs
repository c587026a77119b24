namespace RobustAttribution.Tests.References;

/// <summary>The update rules as their papers print them, one number at a time.</summary>
internal static class OptimizerReferences
{
    public static void Sgd(double[] w, Func<int, double[]> gradientAt, int steps, double rate, double momentum, bool nesterov, double decay)
    {
        double[] velocity = new double[w.Length];
        for (int t = 1; t <= steps; t++)
        {
            double[] g = gradientAt(t);
            for (int i = 0; i < w.Length; i++)
            {
                double d = g[i] + (decay * w[i]);
                velocity[i] = (momentum * velocity[i]) + d;
                w[i] -= rate * (nesterov ? d + (momentum * velocity[i]) : velocity[i]);
            }
        }
    }

    public static void Adam(double[] w, Func<int, double[]> gradientAt, int steps, double rate, double beta1, double beta2, double epsilon,
        double decay, bool decoupled)
    {
        double[] m = new double[w.Length];
        double[] v = new double[w.Length];
        for (int t = 1; t <= steps; t++)
        {
            double[] g = gradientAt(t);
            for (int i = 0; i < w.Length; i++)
            {
                double d = decoupled ? g[i] : g[i] + (decay * w[i]);
                if (decoupled)
                {
                    w[i] -= rate * decay * w[i];
                }

                m[i] = (beta1 * m[i]) + ((1 - beta1) * d);
                v[i] = (beta2 * v[i]) + ((1 - beta2) * d * d);
                w[i] -= rate * (m[i] / (1 - Math.Pow(beta1, t))) / (Math.Sqrt(v[i] / (1 - Math.Pow(beta2, t))) + epsilon);
            }
        }
    }
}
