using RobustAttribution.Attacks;
using RobustAttribution.Attributions;

namespace RobustAttribution.MLNet;

/// <summary>What a recipe measures of the trained network, besides its accuracy on the whole test set. Nothing by default.</summary>
public sealed record RecipeEvaluation
{
    /// <summary>The first test images that are explained and attacked, at least 1; null, the default, for all.</summary>
    public int? Images { get; init => field = value is null ? null : Require.InRange(value.Value, 1); }

    /// <summary>ε of the random perturbations, in pixel units; one measurement for each.</summary>
    public IReadOnlyList<double> RandomPerturbationRadii
    {
        get;
        init => field = [.. Require.NotNull(value).Select(radius => Require.Pixels(radius, nameof(RandomPerturbationRadii)))];
    }

    = [];

    /// <summary>The measures of the random perturbations.</summary>
    public IReadOnlyList<SimilarityColumn> RandomPerturbationSimilarities { get; init => field = [.. Require.NotNull(value)]; } = [];

    /// <summary>Uniform draws for each image and ε, 1 to 100,000. 10 by default (AGA).</summary>
    public int RandomPerturbationDraws { get; init => field = Require.InRange(value, 1, Limits.Iterations); } = 10;

    /// <summary>The attacks on explanations and what is measured of each.</summary>
    public IReadOnlyList<AttributionRobustnessOptions> ExplanationAttacks { get; init => field = [.. Require.NotNull(value)]; } = [];

    /// <summary>Insertion, deletion and adversarial insertion; null for none.</summary>
    public PixelCurveOptions? PixelCurves { get; init; }

    /// <summary>The attack on the prediction; null for none.</summary>
    public AttributionAttack? PredictionAttack { get; init; }

    /// <summary>The kinds of maps by which objects are found.</summary>
    public IReadOnlyList<LocalizationProtocol> Localization { get; init => field = [.. Require.NotNull(value)]; } = [];

    /// <summary>The same measurements with as little work as can be: single steps, single draws, few points, two images of any prediction.</summary>
    internal RecipeEvaluation Shorten() => this with
    {
        Images = 2,
        RandomPerturbationDraws = 1,
        ExplanationAttacks =
        [
            .. ExplanationAttacks.Select(options => options with
            {
                Attack = Shorten(options.Attack),
                Method = Shorten(options.Method),
                CorrectlyClassifiedOnly = false,
            }),
        ],
        PixelCurves = PixelCurves is { } curves ? curves with { Steps = 2, Attack = curves.Attack is null ? null : Shorten(curves.Attack) } : null,
        PredictionAttack = PredictionAttack is null ? null : PredictionAttack with { Steps = 1 },
    };

    private static IAttributionAttack Shorten(IAttributionAttack attack) => attack switch
    {
        MapAttack map => map with { Steps = 1, Attribution = Shorten(map.Attribution) },
        AttributionAttack walk => walk with { Steps = 1 },
        WorstCaseAttack worst => worst with { Steps = 1, Restarts = 1, Queries = 1, NoiseDraws = 1, Attribution = Shorten(worst.Attribution) },
        SquareAttack square => square with { Queries = 1, Attribution = Shorten(square.Attribution) },
        _ => attack,
    };

    private static IAttributionMethod Shorten(IAttributionMethod method)
        => method is IntegratedGradients integrated ? integrated with { Steps = 1 } : method;
}
