using RobustAttribution.Similarities;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>The iterates of a <see cref="WorstCaseSearch"/> by one similarity: the worst, and how each attack came to it.</summary>
internal sealed class JudgedIterates : IDisposable
{
    private readonly double sign;
    private readonly double[] ofImage; // [N]: the gain of the images themselves
    private readonly Tensor gainOfImage; // the same; of the caller's dispose scope
    private readonly double[][] alone; // [A][N]: NaN where an attack did not run
    private readonly double[][] found; // [A][N]: with starts at the others' ends, without these starts
    private readonly List<double[]>[] bySteps; // [A][steps][N]: NaN where an attack did not run
    private readonly List<double[]> byRestart = [];
    private int part;
    private long[] places = [];
    private bool isAlone;

    /// <param name="judge">The similarity.</param>
    /// <param name="images">[N,C,H,W]: before the attack.</param>
    /// <param name="reference">[N,H,W]: their maps.</param>
    /// <param name="attacks">A.</param>
    /// <param name="countsImage">Whether the images themselves count as attacked.</param>
    public JudgedIterates(IMapSimilarity judge, Tensor images, Tensor reference, int attacks, bool countsImage)
    {
        (Judge, Reference, sign) = (judge, reference, judge.HigherIsMoreSimilar ? -1 : 1);
        Best = new BestIterates(images, prediction: null, searches: !countsImage);
        Tensor gain = GainOf(reference, reference);
        ofImage = gain.data<double>().ToArray();
        gainOfImage = gain.to(images.device);
        Best.Add(images, gain, null, countsImage, found: false);
        alone = [.. Enumerable.Range(0, attacks).Select(_ => Filled(double.NaN))];
        found = [.. Enumerable.Range(0, attacks).Select(_ => Filled(double.NaN))];
        bySteps = [.. Enumerable.Range(0, attacks).Select(_ => new List<double[]>())];
    }

    public IMapSimilarity Judge { get; }

    /// <summary>[N,H,W]: the maps before the attack.</summary>
    public Tensor Reference { get; }

    public BestIterates Best { get; }

    /// <summary>[N], float64, on the CPU: how unlike the maps are.</summary>
    public Tensor GainOf(Tensor reference, Tensor maps) => Judge.Compare(reference, maps) * sign;

    /// <summary>The images whose similarity is not yet enough.</summary>
    public long[] NotYet(double enough)
        => [.. Enumerable.Range(0, ofImage.Length).Where(i => !(WorstOf(i) >= enough * sign)).Select(i => (long)i)];

    /// <summary>A walk of an attack begins, on some images.</summary>
    public void Begin(int attack, long[] open, bool byItself)
    {
        (part, places, isAlone) = (attack, open, byItself);
        foreach (long place in byItself ? places : [])
        {
            alone[part][place] = Larger(alone[part][place], ofImage[place]);
        }
    }

    /// <summary>Its next iterate.</summary>
    /// <param name="images">[N,C,H,W].</param>
    /// <param name="gains">[N], NaN where it does not count.</param>
    /// <param name="ofOpen">[n], the same of the images that the attack runs on.</param>
    /// <param name="step">Its place in the walk.</param>
    /// <param name="isFound">Whether a step found it.</param>
    /// <param name="counts">Whether it makes its images valid.</param>
    public void Add(Tensor images, Tensor gains, Tensor ofOpen, int step, bool isFound, bool counts)
    {
        Best.Add(images, gains, null, counts, isFound);
        Best.AddDirected(gains.gt(gainOfImage)); // by noise or squares, before any gradient
        double[] values = ofOpen.data<double>().ToArray();
        while (isAlone && bySteps[part].Count <= step)
        {
            bySteps[part].Add(Filled(double.NaN));
        }

        foreach ((int i, long place) in places.Index())
        {
            if (isAlone)
            {
                alone[part][place] = Larger(alone[part][place], values[i]);
                bySteps[part][step][place] = Larger(bySteps[part][step][place], values[i]);
            }

            if (isAlone || step > 0)
            {
                found[part][place] = Larger(found[part][place], values[i]);
            }
        }
    }

    /// <summary>All attacks of a restart have run.</summary>
    public void EndRestart() => byRestart.Add([.. ofImage.Select((_, i) => WorstOf(i) * sign)]);

    public WorstCaseByJudge ToResult(AttackResult worst)
    {
        bool[] valid = worst.Valid.cpu().data<bool>().ToArray();
        return new WorstCaseByJudge(Judge, worst)
        {
            Similarity = [.. valid.Select((attacked, i) => attacked ? WorstOf(i) * sign : double.NaN)],
            ByAttack = [.. alone.Select(gains => gains.Select(gain => gain * sign).ToArray())],
            ByRestart = byRestart,
            Curves = [.. bySteps.Select((steps, attack) => Curve(steps, alone[attack], valid))],
            Winner = [.. ofImage.Select((_, i) => Winner(i))],
        };
    }

    public void Dispose() => Best.Dispose();

    private static double Larger(double kept, double value) => value > kept || double.IsNaN(kept) ? value : kept;

    private double[] Filled(double value) => [.. Enumerable.Repeat(value, ofImage.Length)];

    private double WorstOf(int image) => found.Aggregate(ofImage[image], (worst, gains) => Larger(worst, gains[image]));

    private int Winner(int image)
    {
        double worst = WorstOf(image);
        int byItself = FirstOf(alone);
        return worst == ofImage[image] ? -1 : byItself >= 0 ? byItself : FirstOf(found);

        int FirstOf(double[][] byAttack) => Array.FindIndex(byAttack, gains => gains[image] == worst);
    }

    private double[] Curve(List<double[]> steps, double[] reached, bool[] valid)
    {
        int[] attacked = [.. Enumerable.Range(0, reached.Length).Where(i => valid[i] && !double.IsNaN(reached[i]))];
        double[] best = (double[])ofImage.Clone();
        return [.. steps.Select(gains =>
        {
            foreach (int i in attacked)
            {
                best[i] = Larger(best[i], gains[i]);
            }

            return attacked.Select(i => best[i]).DefaultIfEmpty(double.NaN).Average() * sign;
        })];
    }
}
