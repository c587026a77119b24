namespace RobustAttribution.Tests.References;

/// <summary>Attacks on one image by their definition: objectives as plain loops, gradients by central differences.</summary>
internal static class AttackReferences
{
    /// <summary>∂f/∂x_i ≈ (f(x + h e_i) − f(x − h e_i))/2h.</summary>
    public static double[] Gradient(Func<double[], double> f, double[] x, double h = 1e-5)
        => [.. Enumerable.Range(0, x.Length).Select(i => (f(Moved(x, i, h)) - f(Moved(x, i, -h))) / (2 * h))];

    /// <summary>The iterates x⁰ … xⁿ of sign steps, projected to the ball of the maximum norm and to [0, 1].</summary>
    public static List<double[]> SignWalk(Func<double[], double> objective, double[] image, double[] start, double epsilon, int steps, double size)
    {
        List<double[]> iterates = [start];
        for (int t = 0; t < steps; t++)
        {
            double[] gradient = Gradient(objective, iterates[t]);
            iterates.Add(Project([.. iterates[t].Select((x, i) => x + (size * Math.Sign(gradient[i])))], image, epsilon));
        }

        return iterates;
    }

    /// <summary>The same with steps of Adam.</summary>
    public static List<double[]> AdamWalk(Func<double[], double> objective, double[] image, double[] start, double epsilon, int steps, double size)
    {
        List<double[]> iterates = [start];
        double[] m = new double[start.Length], v = new double[start.Length];
        for (int t = 1; t <= steps; t++)
        {
            double[] gradient = Gradient(objective, iterates[^1]);
            var next = new double[start.Length];
            for (int i = 0; i < next.Length; i++)
            {
                m[i] = (0.9 * m[i]) + (0.1 * gradient[i]);
                v[i] = (0.999 * v[i]) + (0.001 * gradient[i] * gradient[i]);
                next[i] = iterates[^1][i] + (size * (m[i] / (1 - Math.Pow(0.9, t))) / (Math.Sqrt(v[i] / (1 - Math.Pow(0.999, t))) + 1e-8));
            }

            iterates.Add(Project(next, image, epsilon));
        }

        return iterates;
    }

    /// <summary>
    /// APGD (Croce and Hein 2020, algorithm 1) with sign steps from 2ε, without momentum after a halving; and how often it halved.
    /// </summary>
    public static (List<double[]> Iterates, int Halvings) AdaptiveWalk(
        Func<double[], double> objective, double[] image, double[] start, double epsilon, int[] checkpoints, int steps)
    {
        List<double[]> iterates = [start];
        double size = 2 * epsilon, best = double.NegativeInfinity, bestBefore = double.NegativeInfinity, last = double.PositiveInfinity;
        (double[] bestPoint, double[] previous) = (start, start);
        (int rises, int checkpoint, int halvings, bool halvedBefore) = (0, 0, 0, false);
        for (int t = 0; t < steps; t++)
        {
            double[] x = iterates[t];
            double value = objective(x);
            rises += value > last ? 1 : 0;
            last = value;
            if (value > best)
            {
                (best, bestPoint) = (value, x);
            }

            if (checkpoints.Contains(t))
            {
                bool halve = rises < 0.75 * (t - checkpoint) || (!halvedBefore && best <= bestBefore);
                if (halve)
                {
                    size /= 2;
                    halvings++;
                    x = previous = bestPoint;
                }

                (rises, checkpoint, halvedBefore, bestBefore) = (0, t, halve, best);
            }

            double[] gradient = Gradient(objective, x);
            double[] stepped = Project([.. x.Select((v, i) => v + (size * Math.Sign(gradient[i])))], image, epsilon);
            double[] next = t == 0 ? stepped : [.. x.Select((v, i) => v + (0.75 * (stepped[i] - v)) + (0.25 * (v - previous[i])))];
            iterates.Add(Project(next, image, epsilon));
            previous = x;
        }

        return (iterates, halvings);
    }

    public static double[] Project(double[] x, double[] image, double epsilon)
        => [.. x.Select((value, i) => Math.Clamp(Math.Clamp(value, image[i] - epsilon, image[i] + epsilon), 0, 1))];

    /// <summary>Σ_c |g_c| at each pixel.</summary>
    public static double[] AbsoluteMap(double[] gradient, int pixels)
        => [.. Enumerable.Range(0, pixels).Select(p => Enumerable.Range(0, gradient.Length / pixels)
            .Sum(c => Math.Abs(gradient[(c * pixels) + p])))];

    public static double[] DividedBy(double[] values, double divisor) => [.. values.Select(value => value / divisor)];

    /// <summary>The indices of the k largest values.</summary>
    public static int[] Top(double[] values, int k) => [.. Enumerable.Range(0, values.Length).OrderByDescending(i => values[i]).Take(k)];

    /// <summary>(Σ h_p · row(p), Σ h_p · column(p))/Σ h_p.</summary>
    public static (double Row, double Column) Center(double[] map, int width)
        => (map.Select((value, p) => value * (p / width)).Sum() / map.Sum(), map.Select((value, p) => value * (p % width)).Sum() / map.Sum());

    private static double[] Moved(double[] x, int i, double h)
    {
        var moved = (double[])x.Clone();
        moved[i] += h;
        return moved;
    }
}
