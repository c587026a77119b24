using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>
/// Gradient ascent on an objective within a budget. This class owns the loop and its guarantees; an attack adds its objective in a few lines.
/// <list type="bullet">
/// <item>Every iterate is inside ball and bounds; with ε = 0 the result is the image itself.</item>
/// <item>The network runs in evaluation mode with frozen parameters; its state is restored, also after an exception.</item>
/// <item>The walk follows the gradients of a smooth <see cref="Surrogate"/> where the network has no second derivative; iterates are compared on the
/// network as it is.</item>
/// <item>Of all iterates of all restarts, the start included, the best one that keeps the prediction is returned, for each image by itself.</item>
/// </list>
/// </summary>
/// <remarks>
/// An image is <see cref="AttackResult.Valid"/> when an iterate that was moved (randomly or by a step) keeps the prediction, the one of the
/// image itself, and the objective's gradient was not 0 at every step: such an image was not attacked. One forward pass serves prediction,
/// attribution and objective of an iterate where they go through the same activation.
/// </remarks>
public abstract record AttributionAttack : IAttributionAttack, IMapSized
{
    /// <inheritdoc/>
    public IThreatModel ThreatModel { get; init => field = Require.NotNull(value); } = new LinfBall();

    /// <summary>Steps of each walk, at least 0; with 0 only the start is evaluated.</summary>
    public int Steps { get; init => field = Require.InRange(value, 0, Limits.Iterations); } = 50;

    /// <summary>How the attack walks.</summary>
    public AttackStep Step { get; init => field = Require.NotNull(value); } = new SteepestStep(1.0 / 255);

    /// <summary>
    /// Whether the first walk begins at a random point of the ball instead of the image, true by default. Further ones always do.
    /// </summary>
    /// <remarks>
    /// From the image, a walk may find nothing better than the image: maps need not be continuous there, as with ties of max-pooling on a constant
    /// background.
    /// </remarks>
    public bool RandomStart { get; init; } = true;

    /// <summary>Walks, 1 to 100,000. 1 by default. A further one never makes the result worse.</summary>
    public int Restarts { get; init => field = Require.InRange(value, 1, Limits.Iterations); } = 1;

    /// <summary>Whether only iterates that keep the prediction count. True by default for attacks on explanations.</summary>
    public bool KeepPrediction { get; init; } = true;

    /// <summary>
    /// Replaces a network activation without second derivative (ReLU) while the attack computes its steps; a smooth network is attacked as it is.
    /// Softplus with β = 20 by default for attacks on explanations (Dombrowski et al. 2019); null attacks any network as it is, and no image of a
    /// ReLU network is <see cref="AttackResult.Valid"/> then.
    /// </summary>
    public Activation? Surrogate { get; init; } = Activation.Softplus(20);

    /// <summary>The map that is attacked; null for attacks on the prediction alone.</summary>
    protected internal virtual SaliencyMap? AttackedMap => null;

    /// <summary>Whether the objective uses <see cref="NetworkView.LogitGradient"/>.</summary>
    protected internal virtual bool NeedsLogitGradients => false;

    /// <inheritdoc/>
    public IAttributionAttack WithThreatModel(IThreatModel threatModel) => this with { ThreatModel = threatModel };

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The batch does not fit the network, or an option does not fit the images.</exception>
    /// <exception cref="InvalidOperationException">
    /// There is a <see cref="Surrogate"/> to switch to, and the network has no switchable activation.
    /// </exception>
    public AttackResult Perturb(ImageNetwork network, Tensor images, Tensor classes, Generator generator)
    {
        Check(network, images, classes, generator);
        lock (network.SyncRoot)
        {
            using IDisposable scope = Scope.Holding(network, images, classes, generator);
            using IDisposable inspection = network.ForInspection();
            using IDisposable mode = no_grad();
            return network.Repeatable(FindBest, generator);
        }

        AttackResult FindBest()
        {
            using AttackRun run = new(this, network, images.detach().clone(), classes.clone(), generator); // they may be of inference mode
            return run.FindBest();
        }
    }

    /// <summary>The last iterate of one walk, without choosing the best one: what adversarial training uses, for one forward pass less.</summary>
    /// <returns>[N,C,H,W]; owned by the caller; inside ball and bounds.</returns>
    internal Tensor LastIterate(ImageNetwork network, Tensor images, Tensor classes, Generator generator)
    {
        Check(network, images, classes, generator);
        using IDisposable scope = NewDisposeScope();
        using IDisposable inspection = network.ForInspection();
        using IDisposable mode = no_grad();
        using AttackRun run = new(this, network, images.detach(), classes, generator);
        return run.Walk(0, null).MoveToOuterDisposeScope();
    }

    /// <summary>The method itself: what to increase.</summary>
    /// <param name="clean">The images before the attack, through the true network; a constant.</param>
    /// <param name="start">Where the walk begins, through the true network; a constant.</param>
    /// <returns>
    /// The objective of a view, [N], differentiable at <see cref="NetworkView.Images"/>; higher is a stronger attack. It may be NaN where
    /// undefined: such an iterate never counts.
    /// </returns>
    protected internal abstract Func<NetworkView, Tensor> Objective(NetworkView clean, NetworkView start);

    /// <summary>What the best iterate is chosen by, on the true network: [N], higher is better; null, the default, takes the objective.</summary>
    /// <param name="clean">The images before the attack, through the true network; a constant.</param>
    protected internal virtual Func<NetworkView, Tensor>? Criterion(NetworkView clean) => null;

    /// <summary>
    /// The criterion above which an image is finished, so that steps and restarts run on the others; null, the default, searches to the end.
    /// Only for objectives and criteria that take nothing but the view: clean images and start are of all images.
    /// </summary>
    internal virtual double? Enough => null;

    /// <summary>ℓ_y(x'), the cross-entropy of each image, [N].</summary>
    private protected static Tensor Loss(NetworkView view)
        => nn.functional.cross_entropy(view.Logits, view.Classes, reduction: nn.Reduction.None);

    /// <summary><c>γ · ℓ_y(x') + (1 − γ) · other</c>; what has no weight is not computed.</summary>
    private protected static Tensor WithCrossEntropy(NetworkView view, double share, Func<NetworkView, Tensor> other) => share switch
    {
        0 => other(view),
        1 => Loss(view),
        _ => (Loss(view) * share) + (other(view) * (1 - share)),
    };

    /// <summary>Throws unless the attack can be run on maps of this size.</summary>
    internal virtual void CheckSize(long height, long width)
    {
    }

    /// <inheritdoc/>
    void IMapSized.CheckSize(long height, long width) => CheckSize(height, width);

    private void Check(ImageNetwork network, Tensor images, Tensor classes, Generator generator)
    {
        Require.NotNull(network, nameof(network)).CheckBatch(images, classes);
        Require.NotNull(generator, nameof(generator));
        if (ThreatModel is LinfBall && Step.Size is { } size)
        {
            Require.Pixels(size, $"{nameof(Step)}.{nameof(AttackStep.Size)}");
        }
    }
}
