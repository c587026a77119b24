using System.Globalization;
using RobustAttribution.Attacks;
using RobustAttribution.Similarities;

namespace RobustAttribution.Metrics;

/// <summary>Reads the figures of a worst case and says what speaks against them.</summary>
internal sealed class ResultAnalysis(
    WorstCaseEvaluation evaluation, IReadOnlyList<WorstCaseMeasure> measures, IReadOnlyList<WorstCaseBatch> batches, bool wasTraining)
{
    private const double LeastLoss = 0.02; // of the judge: below it nothing can be compared
    private const double LateLoss = 0.05; // the share of the whole loss that the end of a search may still find
    private const double NearlyAll = 0.8; // the share of the whole loss at which noise is nearly an attack
    private const double Often = 0.1; // the share of images at which an attack without gradients wins clearly
    private const double ClearlyWorse = 0.02;
    private const double MostIterates = 0.5;
    private const double KinkLoss = 0.005;
    private const string GreyLevels = "8 grey levels are 8/255 = 0.0314";
    private const double LargestChange = 0.3, SmallestChange = 0.1 / 255, Dark = 0.05; // of a pixel; 0.3 is the usual ε on MNIST

    private readonly WorstCaseMeasure measure = measures[0];
    private readonly double unit = UnitOf(measures[0]);
    private readonly WorstCaseNumbers[] judged = [.. batches.Select(batch => batch.Judged[0])];
    private readonly int attacks = batches[0].Attacks.Count;

    private int GradientAttacks => attacks - 2; // the last two are squares and noise

    private int Images => measure.Values.Count;

    public IEnumerable<EvaluationFinding> Findings()
    {
        EvaluationFinding?[] all =
            [Convergence(), Noise(), GradientFree(), Gradient(), Prediction(), Continuity(), Mode(), Unit(), Constancy()];
        return all.OfType<EvaluationFinding>();
    }

    private EvaluationFinding? Convergence()
    {
        double loss = Loss(measure.Mean);
        bool isNothingLeft = measure.Similarity is TopKIntersection && measure.Mean == 0;
        if (!(loss >= LeastLoss) || measure.ByRestart.Count == 0 || isNothingLeft)
        {
            return null;
        }

        double lastRestart = measure.ByRestart.Count < 2 ? double.NaN : (Loss(measure.ByRestart[^1]) - Loss(measure.ByRestart[^2])) / loss;
        AttackAlone strongest = measure.ByAttack.Take(GradientAttacks).Where(alone => alone.Curve.Count > 1).MaxBy(alone => Loss(alone.Mean))
            ?? measure.ByAttack[0];
        double lastSteps = strongest.Curve.Count < 2
            ? double.NaN
            : (Loss(strongest.Curve[^1]) - Loss(strongest.Curve[(strongest.Curve.Count - 1) * 4 / 5])) / loss;
        return lastRestart > LateLoss || lastSteps > LateLoss || measure.ByRestart.Count < 2 || strongest.Curve.Count < 2
            ? Found(
                EvaluationConcern.NotConverged,
                measure.ByRestart.Count < 2
                    ? "there was one restart, so that nobody knows what another one finds; run at least two"
                    : $"of all that the maps lose, the last restart found {Share(lastRestart)} and the last fifth of the steps of {strongest.Attack}"
                        + $" {Share(lastSteps)}; add steps or restarts until both are below {Share(LateLoss)}")
            : null;
    }

    private EvaluationFinding? Noise()
    {
        double share = Loss(measure.ByAttack[^1].Mean) / Loss(measure.Mean);
        return Loss(measure.Mean) >= LeastLoss && share > NearlyAll
            ? Found(
                EvaluationConcern.NoiseNearlyAsStrong,
                $"uniform noise of the same size reaches {Number(measure.ByAttack[^1].Mean)} where all attacks together reach"
                + $" {Number(measure.Mean)}; either they found no direction, or these maps change with anything")
            : null;
    }

    private EvaluationFinding? GradientFree()
    {
        int wins = 0, compared = 0;
        foreach (WorstCaseNumbers batch in judged)
        {
            for (int image = 0; image < batch.Similarity.Count; image++)
            {
                double free = Loss(batch.ByAttack[^2][image]);
                double best = Enumerable.Range(0, GradientAttacks).Select(attack => Loss(batch.ByAttack[attack][image]))
                    .Where(double.IsFinite).DefaultIfEmpty(double.NaN).Max();
                if (double.IsFinite(batch.Similarity[image]) && double.IsFinite(free) && double.IsFinite(best))
                {
                    compared++;
                    wins += free > best + ClearlyWorse ? 1 : 0;
                }
            }
        }

        return wins > Often * compared
            ? Found(
                EvaluationConcern.GradientFreeStronger,
                $"squares without any gradient lower the map clearly further than every attack with gradients for {wins} of {compared} images:"
                + " the gradients mislead, and a stronger attack without them would find more")
            : null;
    }

    private EvaluationFinding? Gradient()
    {
        long with = batches.Sum(batch => batch.WithGradient);
        return with < Images / 2.0
            ? Found(
                EvaluationConcern.NoGradient,
                $"the objectives have a gradient for {with} of {Images} images (a network of ReLUs has no second derivative); set"
                + $" {nameof(WorstCaseAttack.UseSurrogates)}, or measure with attacks that need none")
            : null;
    }

    private EvaluationFinding? Prediction()
    {
        double tried = batches.Sum(batch => batch.Tried.Take(GradientAttacks).Sum());
        double lost = batches.Sum(batch => batch.LostToPrediction.Take(GradientAttacks).Sum());
        return lost > MostIterates * tried
            ? Found(
                EvaluationConcern.PredictionChanged,
                $"{Share(lost / tried)} of what the attacks tried changed the prediction and did not count; the maps may hold only because the"
                + " predictions do not. Measure the accuracy under attack beside, or a smaller budget")
            : null;
    }

    private EvaluationFinding? Continuity()
    {
        double mean = SampleMean.Of(batches.SelectMany(batch => batch.UnderTinyNoise).Where(value => !double.IsNaN(value))).Mean;
        return Loss(mean) > KinkLoss
            ? Found(
                EvaluationConcern.NotContinuous,
                $"noise of {Small(WorstCaseEvaluation.Tiny)} lowers the measure to {Number(mean)}: the network has kinks or ties at these images"
                + " (max-pooling over a constant background); average pooling and a smooth activation have none")
            : null;
    }

    private EvaluationFinding? Mode()
        => wasTraining
            ? Found(
                EvaluationConcern.TrainingMode,
                "the network was handed over in training mode; it was measured in evaluation mode, as explanations are made, and is in"
                + " training mode again")
            : null;

    private EvaluationFinding? Unit()
    {
        double radius = evaluation.Attack.ThreatModel.Radius;
        double largest = batches.Max(batch => batch.LargestPixel);
        double change = evaluation.Attack.ThreatModel switch
        {
            LinfBall => radius,
            L2Ball => radius / Math.Sqrt(batches[0].ValuesPerImage),
            _ => double.NaN,
        };
        string of = evaluation.Attack.ThreatModel is L2Ball ? $", as {Small(change)} for each value," : " of a range of 1,";
        string? text = change switch
        {
            > LargestChange => $"ε is {Number(radius)}{of} so that one image can become another; {GreyLevels}",
            > 0 and < SmallestChange => $"ε is {Small(radius)}{of} less than a tenth of a grey level; {GreyLevels}",
            _ when largest is > 0 and < Dark => $"the brightest pixel of all images is {Small(largest)}; images go from 0 to 1. Were they divided by"
                + " 255 twice?",
            _ => null,
        };
        return text is null ? null : Found(EvaluationConcern.UnitOfEpsilon, text);
    }

    private EvaluationFinding? Constancy()
        => measures.Select(each => each.Others?.InCommon).FirstOrDefault(text => text is not null) is { } text
            ? Found(EvaluationConcern.ConstantMaps, text)
            : null;

    /// <summary>
    /// How far a value is from ideal; higher is a stronger attack. Distances are in units of that between maps of different images.
    /// </summary>
    private double Loss(double value) => FromIdeal(measure.Similarity, value) / unit;

    private static double FromIdeal(IMapSimilarity similarity, double value)
        => similarity.HigherIsMoreSimilar ? similarity.Ideal - value : value - similarity.Ideal;

    private static double UnitOf(WorstCaseMeasure measure)
    {
        double apart = measure.Similarity.Ideal == 1 || measure.Others is not { } others ? 1
            : FromIdeal(measure.Similarity, double.IsNaN(others.OtherClass.Mean) ? others.SameClass.Mean : others.OtherClass.Mean);
        return apart > 0 ? apart : 1;
    }

    private static EvaluationFinding Found(EvaluationConcern flag, string text) => new(flag, text);

    private static string Share(double share) => share.ToString("0.0 %", CultureInfo.InvariantCulture);

    private static string Small(double value) => value.ToString("0.#e-0", CultureInfo.InvariantCulture);

    private static string Number(double value)
        => Math.Abs(value) is > 0 and < 0.001 ? Small(value) : value.ToString("F3", CultureInfo.InvariantCulture);
}
