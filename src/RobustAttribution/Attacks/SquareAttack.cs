using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>
/// Random search without gradients: from vertical stripes, a square window of random place and colour moves by 2ε, and the change stays where it
/// lowers the similarity of the maps (Andriushchenko et al.: "Square Attack: a query-efficient black-box adversarial attack via random search",
/// ECCV 2020, algorithm 1, which raises the loss of the prediction). The gain is the judge's dissimilarity.
/// </summary>
/// <remarks>
/// Works for attributions that cannot be differentiated and for networks without second derivative: where it beats an attack with gradients, these
/// are masked. Ours: in every norm a window moves along the threat model's own step, so that of <see cref="L2Ball"/> is plainer than the paper's.
/// </remarks>
public sealed record SquareAttack : IAttributionAttack, IMapSized
{
    // The window's share of the pixels halves at these shares of the queries (the authors' implementation).
    private static readonly double[] Halvings = [0.001, 0.005, 0.02, 0.1, 0.2, 0.4, 0.6, 0.8];

    /// <inheritdoc/>
    public IThreatModel ThreatModel { get; init => field = Require.NotNull(value); } = new LinfBall();

    /// <summary>The attribution attacked, differentiable or not. The input gradient by default.</summary>
    public IAttributionMethod Attribution { get; init => field = Require.NotNull(value); } = new InputGradient();

    /// <summary>How the attribution becomes the map that is attacked.</summary>
    public MapReduction Reduction { get; init => field = Require.NotNull(value); } = new();

    /// <summary>The similarity of a map to the clean one, which is attacked. Top-100 intersection by default.</summary>
    public IMapSimilarity Judge { get; init => field = Require.NotNull(value); } = new TopKIntersection();

    /// <summary>Maps computed of each image beside its own, 1 to 100,000. 200 by default.</summary>
    public int Queries { get; init => field = Require.InRange(value, 1, Limits.Iterations); } = 200;

    /// <summary>The window's share of the pixels at the beginning, above 0 to 1. 0.8 by default (Croce and Hein 2020).</summary>
    public double Share { get; init => field = Require.InRange(Require.Positive(value), 0, 1); } = 0.8;

    /// <inheritdoc/>
    public IAttributionAttack WithThreatModel(IThreatModel threatModel) => this with { ThreatModel = threatModel };

    /// <inheritdoc/>
    void IMapSized.CheckSize(long height, long width) => (Judge as MapSimilarity)?.CheckSize(height, width);

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The batch does not fit the network, or the judge not its maps.</exception>
    public AttackResult Perturb(ImageNetwork network, Tensor images, Tensor classes, Generator generator)
    {
        Require.NotNull(network, nameof(network)).CheckBatch(images, classes);
        Require.NotNull(generator, nameof(generator));
        lock (network.SyncRoot)
        {
            using IDisposable scope = Scope.Holding(network, images, classes, generator);
            using IDisposable inspection = network.ForInspection();
            using IDisposable mode = no_grad();
            return network.Repeatable(() => FindBest(network, images.detach().clone(), classes.clone(), generator), generator);
        }
    }

    /// <summary>The search.</summary>
    /// <param name="input">Bounds and size.</param>
    /// <param name="images">[N,C,H,W].</param>
    /// <param name="open">[n], int64: the images to attack; null for all. Random numbers are drawn for all.</param>
    /// <param name="generator">Source of every random draw.</param>
    /// <param name="gainOf">The gain [n], float64, of candidates [n,C,H,W] at a query, −∞ where the prediction changed.</param>
    internal void Search(InputSpecification input, Tensor images, Tensor? open, Generator generator, Func<Tensor, int, Tensor> gainOf)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor origin = Open(images), current = origin.clone();
        using ImageDraws draws = new(ThreatModel, images, generator);
        Tensor gain = full([origin.shape[0]], double.NegativeInfinity, ScalarType.Float64, images.device);
        for (int query = 0; query < Queries; query++)
        {
            using IDisposable step = NewDisposeScope();
            int side = Side(query, input);
            Tensor change = Open(query == 0 ? draws.Of(Stripes) : draws.Of((drawn, own) => Window(drawn, side, own)));
            Tensor candidate = ThreatModel.Project(ThreatModel.Step(current, change, 2 * ThreatModel.Radius), origin, input);
            Tensor found = gainOf(candidate, query).to(images.device);
            Tensor better = found.gt(gain);
            current.copy_(where(better.reshape(-1, 1, 1, 1), candidate, current));
            gain.copy_(where(better, found, gain));
        }

        Tensor Open(Tensor all) => open is null ? all : all.index_select(0, open);
    }

    private AttackResult FindBest(ImageNetwork network, Tensor images, Tensor classes, Generator generator)
    {
        var saliency = new SaliencyMap(Attribution, Reduction);
        (Tensor clean, Tensor logits) = saliency.WithLogits(network, images, classes);
        Tensor predicted = logits.argmax(1);
        double sign = Judge.HigherIsMoreSimilar ? -1 : 1;
        using BestIterates best = new(images, prediction: null, searches: false);
        best.Add(images, Judge.Compare(clean, clean) * sign, null, counts: ThreatModel.Radius == 0, found: false);
        if (ThreatModel.Radius > 0)
        {
            Search(network.Input, images, null, generator, (candidates, query) =>
            {
                (Tensor map, Tensor found) = saliency.WithLogits(network, candidates, classes);
                Tensor gains = (Judge.Compare(clean, map) * sign).to(images.device);
                gains = where(found.argmax(1).eq(predicted), gains, full_like(gains, double.NaN));
                best.Add(candidates, gains, null, counts: true, found: query > 0);
                return gains.nan_to_num(double.NegativeInfinity, double.PositiveInfinity, double.NegativeInfinity);
            });
        }

        return best.ToResult();
    }

    /// <summary>The window's side in pixels at a query.</summary>
    internal int Side(int query, InputSpecification input)
    {
        double share = Share * Math.Pow(0.5, Halvings.Count(at => query > at * Queries));
        return Math.Clamp((int)Math.Round(Math.Sqrt(share * input.Height * input.Width)), 1, Math.Min(input.Height, input.Width));
    }

    // ±1 for each column and channel.
    private static Tensor Stripes(Tensor images, Generator generator)
        => Signs([images.shape[0], images.shape[1], 1, images.shape[3]], images, generator).expand(images.shape);

    // ±1 for each channel within the window, 0 beside it.
    private static Tensor Window(Tensor images, int side, Generator generator)
    {
        (long count, long channels, long height, long width) = (images.shape[0], images.shape[1], images.shape[2], images.shape[3]);
        Tensor rows = Within(height).reshape(count, 1, height, 1), columns = Within(width).reshape(count, 1, 1, width);
        return Signs([count, channels, 1, 1], images, generator) * (rows & columns).to_type(images.dtype);

        Tensor Within(long length)
        {
            Tensor first = (CpuDraws.Uniform([count, 1], images, generator) * (length - side + 1)).floor();
            Tensor places = arange(length, images.dtype, images.device);
            return places.ge(first) & places.lt(first + side);
        }
    }

    private static Tensor Signs(long[] shape, Tensor like, Generator generator)
        => (CpuDraws.Uniform(shape, like, generator).ge(0.5).to_type(like.dtype) * 2) - 1;
}
