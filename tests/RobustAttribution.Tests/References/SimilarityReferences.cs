namespace RobustAttribution.Tests.References;

/// <summary>The similarities as their papers define them, over one pair of maps [H,W] in plain loops.</summary>
internal static class SimilarityReferences
{
    public static double TopK(double[,] a, double[,] b, int k) => (double)Top(a, k).Intersect(Top(b, k)).Count() / k;

    public static double LensRecall(double[,] a, double[,] b, int k, int w)
    {
        List<(int Row, int Column)> reference = Top(a, k);
        return (double)Top(b, k)
            .Count(pixel => reference.Any(other => Math.Abs(pixel.Row - other.Row) <= w && Math.Abs(pixel.Column - other.Column) <= w)) / k;
    }

    public static double Kendall(double[,] a, double[,] b)
    {
        (double[] x, double[] y) = (Flat(a), Flat(b));
        long concordant = 0, discordant = 0, onlyX = 0, onlyY = 0;
        for (int i = 0; i < x.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                int s = Math.Sign(x[i].CompareTo(x[j])) * Math.Sign(y[i].CompareTo(y[j]));
                concordant += s > 0 ? 1 : 0;
                discordant += s < 0 ? 1 : 0;
                onlyX += x[i] == x[j] && y[i] != y[j] ? 1 : 0;
                onlyY += y[i] == y[j] && x[i] != x[j] ? 1 : 0;
            }
        }

        return (concordant - discordant) / Math.Sqrt((double)(concordant + discordant + onlyX) * (concordant + discordant + onlyY));
    }

    public static double Spearman(double[,] a, double[,] b) => Correlation(Ranks(Flat(a)), Ranks(Flat(b)));

    public static double Pearson(double[,] a, double[,] b) => Correlation(Flat(a), Flat(b));

    public static double Cosine(double[,] a, double[,] b)
    {
        (double[] x, double[] y) = (Flat(a), Flat(b));
        return x.Zip(y, (u, v) => u * v).Sum() / Math.Sqrt(x.Sum(u => u * u) * y.Sum(v => v * v));
    }

    public static double SquaredError(double[,] a, double[,] b) => Flat(a).Zip(Flat(b), (u, v) => (u - v) * (u - v)).Average();

    public static double Ssim(double[,] a, double[,] b, int window, double? sigma)
    {
        double range = Flat(a).Concat(Flat(b)).Max() - Flat(a).Concat(Flat(b)).Min();
        double c1 = Math.Pow(0.01 * range, 2), c2 = Math.Pow(0.03 * range, 2), sum = 0;
        int count = 0, r = window / 2;
        for (int row = r; row < a.GetLength(0) - r; row++)
        {
            for (int column = r; column < a.GetLength(1) - r; column++, count++)
            {
                double total = 0, ma = 0, mb = 0, va = 0, vb = 0, cov = 0;
                for (int pass = 0; pass < 2; pass++)
                {
                    for (int i = -r; i <= r; i++)
                    {
                        for (int j = -r; j <= r; j++)
                        {
                            double weight = sigma is double s ? Math.Exp(-((i * i) + (j * j)) / (2 * s * s)) : 1;
                            (double x, double y) = (a[row + i, column + j], b[row + i, column + j]);
                            if (pass == 0)
                            {
                                total += weight;
                                ma += weight * x;
                                mb += weight * y;
                            }
                            else
                            {
                                va += weight * (x - ma) * (x - ma) / total;
                                vb += weight * (y - mb) * (y - mb) / total;
                                cov += weight * (x - ma) * (y - mb) / total;
                            }
                        }
                    }

                    (ma, mb) = pass == 0 ? (ma / total, mb / total) : (ma, mb);
                }

                sum += ((2 * ma * mb) + c1) * ((2 * cov) + c2) / (((ma * ma) + (mb * mb) + c1) * (va + vb + c2));
            }
        }

        return sum / count;
    }

    public static double CenterShift(double[,] a, double[,] b)
    {
        ((double r1, double c1), (double r2, double c2)) = (Center(a), Center(b));
        return Math.Sqrt(((r1 - r2) * (r1 - r2)) + ((c1 - c2) * (c1 - c2)));
    }

    private static (double Row, double Column) Center(double[,] map)
    {
        double mass = 0, row = 0, column = 0;
        for (int i = 0; i < map.GetLength(0); i++)
        {
            for (int j = 0; j < map.GetLength(1); j++)
            {
                mass += Math.Abs(map[i, j]);
                row += i * Math.Abs(map[i, j]);
                column += j * Math.Abs(map[i, j]);
            }
        }

        return (row / mass, column / mass);
    }

    private static List<(int Row, int Column)> Top(double[,] map, int k)
    {
        double[] values = Flat(map);
        // A stable sort
        return [.. from place in Enumerable.Range(0, values.Length).OrderByDescending(i => values[i]).Take(k)
            select (place / map.GetLength(1), place % map.GetLength(1))];
    }

    private static double[] Ranks(double[] values)
        => [.. values.Select(value => values.Count(other => other < value) + ((values.Count(other => other == value) + 1) / 2.0))];

    private static double Correlation(double[] x, double[] y)
    {
        (double mx, double my) = (x.Average(), y.Average());
        return x.Zip(y, (u, v) => (u - mx) * (v - my)).Sum() / Math.Sqrt(x.Sum(u => (u - mx) * (u - mx)) * y.Sum(v => (v - my) * (v - my)));
    }

    private static double[] Flat(double[,] map) => [.. map.Cast<double>()];
}
