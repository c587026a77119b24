using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>
/// An ensemble with nothing to tune: of each image the worst, by a similarity, of six attacks on the map with restarts and <see
/// cref="AdaptiveStep"/>, one without gradients and uniform noise, in the manner of AutoAttack (Croce and Hein: "Reliable evaluation of adversarial
/// robustness with an ensemble of diverse parameter-free attacks", ICML 2020).
/// </summary>
/// <remarks>
/// The attacks: top-k, rank pairs, target map (a frame), centre of mass, cosine distance, mean squared error, squares. Their first walk begins at
/// the image (a random draw where the objective has no gradient there), every second one after it at the worst iterate that any of them found, those
/// between at random draws, so that a further restart never finds less. ReLU networks are walked on through softplus with β = 20, 5, 100 in turn. An
/// attribution with noise (<see cref="NoisyAttribution"/>) is attacked as the function that its seed makes it, samples times as costly.
/// </remarks>
public sealed record WorstCaseAttack : IAttributionAttack, IMapSized
{
    private static readonly Activation[] Sweep = [Activation.Softplus(20), Activation.Softplus(5), Activation.Softplus(100)];

    /// <inheritdoc/>
    public IThreatModel ThreatModel { get; init => field = Require.NotNull(value); } = new LinfBall();

    /// <summary>The attribution attacked; any differentiable one. The input gradient by default.</summary>
    /// <exception cref="ArgumentException">The attribution cannot be differentiated.</exception>
    public IAttributionMethod Attribution
    {
        get;
        init => field = MapAttack.Differentiable(value);
    }
    = new InputGradient();

    /// <summary>How the attribution becomes the map that is compared. Each attack scales it as it needs.</summary>
    public MapReduction Reduction { get; init => field = Require.NotNull(value); } = new();

    /// <summary>The similarity that decides which iterate is worst. Top-100 intersection by default; its k is that of the attacks.</summary>
    public IMapSimilarity Judge { get; init => field = Require.NotNull(value); } = new TopKIntersection();

    /// <summary>Steps of each walk, 1 to 100,000. 40 by default.</summary>
    public int Steps { get; init => field = Require.InRange(value, 1, Limits.Iterations); } = 40;

    /// <summary>Walks of each attack, 1 to 100,000. 5 by default: from the image, a draw, the worst iterate, a draw, the worst iterate.</summary>
    public int Restarts { get; init => field = Require.InRange(value, 1, Limits.Iterations); } = 5;

    /// <summary>Queries of the attack without gradients, 1 to 100,000. 200 by default.</summary>
    public int Queries { get; init => field = Require.InRange(value, 1, Limits.Iterations); } = 200;

    /// <summary>Draws of uniform noise, 1 to 100,000. 10 by default.</summary>
    public int NoiseDraws { get; init => field = Require.InRange(value, 1, Limits.Iterations); } = 10;

    /// <summary>Whether networks that are not smooth are walked on through softplus. True by default; false walks on any network as it is.</summary>
    public bool UseSurrogates { get; init; } = true;

    /// <summary>
    /// The judge's similarity from which on an image is finished: a short walk of two attacks comes first, and the full set meets the survivors
    /// only. Null, the default, searches to the end, unless a top-k intersection is 0.
    /// </summary>
    public double? EnoughSimilarity { get; init => field = value is { } enough ? Require.Finite(enough) : null; }

    /// <inheritdoc/>
    public IAttributionAttack WithThreatModel(IThreatModel threatModel) => this with { ThreatModel = threatModel };

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The batch does not fit the network, or an option does not fit the images.</exception>
    /// <exception cref="InvalidOperationException">
    /// <see cref="UseSurrogates"/> is set, and the network has no switchable activation; or a map is not finite.
    /// </exception>
    public AttackResult Perturb(ImageNetwork network, Tensor images, Tensor classes, Generator generator)
        => Find(network, images, classes, generator, [], search => search.Worst(0));

    /// <summary>The attack with all that it came past: what each of its attacks reaches alone, after each restart, and along the steps.</summary>
    /// <param name="network">The network whose attribution is attacked.</param>
    /// <param name="images">[N,C,H,W] in [0, 1].</param>
    /// <param name="classes">[N], int64: the classes whose attribution is attacked; as a rule the predicted ones.</param>
    /// <param name="generator">Source of every random draw; draws are made for all images, finished or not.</param>
    /// <param name="alsoJudged">Other similarities whose worst iterates are kept beside; they steer nothing. Null for none.</param>
    /// <returns>One result for <see cref="Judge"/> and each of the others; owned by the caller.</returns>
    /// <exception cref="ArgumentException">The batch does not fit the network, or an option does not fit the images.</exception>
    /// <exception cref="InvalidOperationException">
    /// <see cref="UseSurrogates"/> is set, and the network has no switchable activation; or a map is not finite.
    /// </exception>
    public WorstCaseResult Search(
        ImageNetwork network, Tensor images, Tensor classes, Generator generator, IReadOnlyList<IMapSimilarity>? alsoJudged = null)
        => Find(network, images, classes, generator, alsoJudged ?? [], search => search.ToResult());

    /// <inheritdoc/>
    void IMapSized.CheckSize(long height, long width) => Check(height, width, []);

    /// <summary>The attacks with gradients, for one restart.</summary>
    internal IReadOnlyList<MapAttack> Walks(int restart, long pixels)
    {
        int k = Judge is TopKIntersection top ? top.K : (int)Math.Clamp(pixels / 2, 1, 100);
        MapAttack[] attacks =
        [
            new TopKAttack { K = k }, new RankPairsAttack { K = k }, new TargetMapAttack(), new CenterOfMassAttack(),
            new MapDistanceAttack(), new MapDistanceAttack { Distance = MapDistance.MeanSquaredError },
        ];
        return
        [
            .. attacks.Select(attack => attack with
            {
                ThreatModel = ThreatModel,
                Steps = Steps,
                Step = new AdaptiveStep(),
                RandomStart = restart > 0 || !attack.LeavesImage,
                Surrogate = UseSurrogates ? Sweep[restart % Sweep.Length] : null,
                Attribution = Attribution,
                Reduction = new MapReduction(Reduction.Sign, Reduction.Sign == MapSign.Signed ? MapScale.AbsMax : attack.Reduction.Scale),
            }),
        ];
    }

    private T Find<T>(
        ImageNetwork network,
        Tensor images,
        Tensor classes,
        Generator generator,
        IReadOnlyList<IMapSimilarity> others,
        Func<WorstCaseSearch, T> result)
    {
        Require.NotNull(network, nameof(network)).CheckBatch(images, classes);
        Require.NotNull(generator, nameof(generator));
        Check(network.Input.Height, network.Input.Width, others);
        if (UseSurrogates && NetworkView.SurrogateFor(network, Sweep[0]) is { } surrogate && !network.HasSwitchableActivation)
        {
            throw new InvalidOperationException(
                $"{nameof(WorstCaseAttack)} walks through {surrogate}, and the network {network.Backbone.GetName()} has no activation that can be"
                + $" exchanged for it. Build it with ReLU modules or {nameof(ActivationLayer)}, or set {nameof(UseSurrogates)} to false where its"
                + " own activations have a second derivative.");
        }

        lock (network.SyncRoot)
        {
            using IDisposable scope = Scope.Holding(network, images, classes, generator);
            using IDisposable inspection = network.ForInspection();
            using IDisposable mode = no_grad();
            return network.Repeatable(
                () =>
                {
                    using WorstCaseSearch search = new(this, network, images.detach().clone(), classes.clone(), generator, [Judge, .. others]);
                    search.Run();
                    return result(search);
                },
                generator);
        }
    }

    private void Check(long height, long width, IReadOnlyList<IMapSimilarity> others)
    {
        foreach (IMapSimilarity judge in others.Prepend(Judge))
        {
            (judge as MapSimilarity)?.CheckSize(height, width);
        }

        foreach (MapAttack attack in Walks(0, height * width))
        {
            attack.CheckSize(height, width);
        }
    }
}
