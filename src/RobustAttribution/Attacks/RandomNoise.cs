using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>One draw from the ball around each image, uniform: no attack, but what every attack must be stronger than. Its gain is 0.</summary>
/// <remarks>It does not search: a draw that changes the prediction is invalid, and the result is the image itself.</remarks>
public sealed record RandomNoise : IAttributionAttack
{
    /// <inheritdoc/>
    public IThreatModel ThreatModel { get; init => field = Require.NotNull(value); } = new LinfBall();

    /// <summary>Whether only a draw that keeps the prediction counts. True by default; false never runs the network.</summary>
    public bool KeepPrediction { get; init; } = true;

    /// <inheritdoc/>
    public IAttributionAttack WithThreatModel(IThreatModel threatModel) => this with { ThreatModel = threatModel };

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The batch does not fit the network.</exception>
    public AttackResult Perturb(ImageNetwork network, Tensor images, Tensor classes, Generator generator)
    {
        Require.NotNull(network, nameof(network)).CheckBatch(images, classes);
        Require.NotNull(generator, nameof(generator));
        lock (network.SyncRoot)
        {
            using IDisposable scope = Scope.Holding(network, images, classes, generator);
            using IDisposable inspection = network.ForInspection();
            using IDisposable mode = no_grad();
            Tensor noisy = ThreatModel.RandomStart(images.detach(), network.Input, generator);
            using BestIterates best = new(images, KeepPrediction ? network.Logits(images).argmax(1) : null, searches: false);
            Tensor none = zeros([images.shape[0]], ScalarType.Float64, images.device);
            best.Add(noisy, none, KeepPrediction ? network.Logits(noisy) : null, counts: true, found: true);
            return best.ToResult();
        }
    }
}
