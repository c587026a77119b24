namespace RobustAttribution.Tests.Parity;

/// <summary>A value that float32 does not give to 1e-4 on every processor, and the measured reason. Float64 has no exception: 1e-9.</summary>
/// <remarks>
/// Two kinds. Where sums nearly cancel, the value has fewer digits: a wider <see cref="Tolerance"/>. Where a walk passes a kink (a ReLU, a
/// max-pool or the sign of a gradient, decided by a rounding), there are several right ends: the golden one must then be reached, still to 1e-4,
/// from images that differ by less than float32 loses inside these networks anyway (<see cref="GoldenNetwork.Neighbour"/>).
/// GoldenValues/Methods/README.md says how this was measured.
/// </remarks>
/// <param name="Network">One of <see cref="GoldenNetwork.All"/>.</param>
/// <param name="Activation">relu or softplus.</param>
/// <param name="Key">The value; for a kink the method, all of whose values follow the walk.</param>
/// <param name="Tolerance">Largest relative error in the Euclidean norm; null for a kink.</param>
/// <param name="Reason">
/// What was measured. "One ulp": the largest change when each value of the images moves to the float32 value beside it, up or down at random.
/// </param>
internal sealed record Float32Exception(string Network, string Activation, string Key, double? Tolerance, string Reason)
{
    public static IReadOnlyList<Float32Exception> All { get; } =
    [
        // Sums that nearly cancel.
        new("resnet18", "relu", "attribution/LayerwiseRelevance.Epsilon", 1e-3, "divides by sums of either sign: one ulp 1.3e-4"),
        new("resnet18", "softplus", "attribution/LayerwiseRelevance.Epsilon", 1e-3,
            "divides by sums of either sign: one ulp 7.8e-4; in float64, too, a change of the images comes out 950 times as large"),
        new("wideresnet16", "softplus", "attribution/LayerwiseRelevance.Epsilon", 1e-3,
            "divides by sums of either sign: one ulp 1.0e-4; error 2.0e-4 with AVX2"),
        new("wideresnet16", "relu", "attribution/LayerwiseRelevance.EpsilonAlpha2Beta1", 5e-4,
            "one ulp 2.5e-4; in float64, too, a change of the images comes out 1200 times as large"),
        new("wideresnet16", "softplus", "objective/LocalGradientAlignment.Gradient/term/cosine", 2e-3,
            "(1 − cos)/2 = 9.84e-5, of which one rounding of cos is 3.0e-4: one ulp 6e-4, four ulps 1.5e-3"),
        new("wideresnet16", "softplus", "objective/Trades/term/divergence", 2e-3,
            "Σ p log(p/q) = 2e-4 of terms that nearly cancel: one ulp 7.6e-4; error 2.4e-4"),

        // Kinks.
        new("wideresnet16", "relu", "attack/TopKAttack.L2", null,
            "step 4 ends where a ReLU of the ninth layer gets 3e-4 (root mean square 7.8): one gain of three jumps by 6.6e-4"),
        new("lenet", "relu", "objective/AdversarialCrossEntropy", null,
            "step 4 meets a max-pool of two values 4e-7 apart: two signs flip, the loss jumps by 7.9e-4, gradients by up to 0.11"),
        new("resnet18", "relu", "objective/AdversarialCrossEntropy", null, "one ulp moves gradients of parameters by up to 1.16"),
        new("resnet18", "relu", "attack/ProjectedGradientDescent", null, "one ulp moves images by 8.2e-3"),
        new("resnet18", "relu", "attack/TopKAttack", null, "one ulp moves gains by 0.050"),
        new("resnet18", "relu", "attack/TopKAttack.L2", null, "one ulp moves gains by 1.1e-3"),
        new("resnet18", "relu", "attack/CenterOfMassAttack", null, "one ulp moves gains by 0.039"),
        new("wideresnet16", "softplus", "objective/SpatialAlignment", null, "one ulp moves gradients of parameters by up to 0.031"),
    ];

    public static double ToleranceOf(string network, string activation, string key) => Find(network, activation, key)?.Tolerance ?? 1e-4;

    public static bool HasKink(string network, string activation, string method) => Find(network, activation, method) is { Tolerance: null };

    private static Float32Exception? Find(string network, string activation, string key)
        => All.SingleOrDefault(exception => (exception.Network, exception.Activation, exception.Key) == (network, activation, key));
}
