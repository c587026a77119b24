using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>
/// What a network computes for one batch of images: logits, attribution, map and gradients. Each is computed when it is first asked for, and kept;
/// one forward pass serves all of them where the attribution allows it (<see cref="SinglePassAttribution"/>).
/// </summary>
/// <remarks>Owns its tensors; they live as long as the view.</remarks>
public sealed class NetworkView : IDisposable
{
    private readonly List<Tensor> owned = [];
    private readonly ImageNetwork network;
    private readonly AttributionAttack attack;
    private readonly Activation? activation;
    private readonly NetworkView? source;
    private readonly NetworkView? clean;
    private Tensor? normalized, logits, attribution, map;
    private NetworkView? constant;
    private LogitPass? pass;

    internal NetworkView(
        AttributionAttack attack, ImageNetwork network, Activation? activation, Tensor images, Tensor classes, NetworkView? clean, bool createGraph)
    {
        (this.attack, this.network, this.activation, this.clean, Classes, CreatesGraph) = (attack, network, activation, clean, classes, createGraph);
        Images = Own(images.detach());
        if (createGraph)
        {
            Images.requires_grad_(true);
        }
    }

    private NetworkView(NetworkView source)
    {
        (this.source, attack, network, activation) = (source, source.attack, source.network, source.activation);
        (clean, Classes) = (source.clean, source.Classes);
        Images = Own(source.Images.detach());
    }

    /// <summary>[N,C,H,W]: the images in pixel scale; what the objective is differentiated at.</summary>
    public Tensor Images { get; }

    /// <summary>[N], int64: the classes whose attribution is attacked.</summary>
    public Tensor Classes { get; }

    /// <summary>The images before the attack through the same network, as a constant.</summary>
    public NetworkView Clean => clean ?? (source is null ? AsConstant() : this);

    /// <summary>[N,C,H,W]: the normalised images.</summary>
    public Tensor Normalized => normalized ??= source is null ? Own(Compute(Normalize)) : Constant(source.Normalized);

    /// <summary>[N,K].</summary>
    public Tensor Logits
    {
        get
        {
            if (logits is null && source is not null)
            {
                logits = Constant(source.Logits);
            }
            else if (logits is null && attack.AttackedMap?.Method is SinglePassAttribution)
            {
                _ = Attribution;
            }

            return logits ??= attack.NeedsLogitGradients
                ? Compute(() => Pass.Logits)
                : Own(Compute(() => network.LogitsOfNormalized(Normalized)));
        }
    }

    /// <summary>[N,C,H,W]: the attribution behind <see cref="Map"/>, signed.</summary>
    /// <exception cref="InvalidOperationException">The attack has no <see cref="AttributionAttack.AttackedMap"/>.</exception>
    public Tensor Attribution => attribution ??= source is null ? Explain() : Constant(source.Attribution);

    /// <summary>[N,H,W]: the map that is attacked.</summary>
    /// <exception cref="InvalidOperationException">The attack has no <see cref="AttributionAttack.AttackedMap"/>.</exception>
    public Tensor Map => map ??= source is null ? Own(Compute(() => Attacked.Reduction.Reduce(Attribution))) : Constant(source.Map);

    private SaliencyMap Attacked => attack.AttackedMap
        ?? throw new InvalidOperationException($"{attack.GetType().Name} attacks no map; it can use {nameof(Logits)} and {nameof(LogitGradient)}.");

    /// <summary>Whether the view can be differentiated at <see cref="Images"/>.</summary>
    internal bool CreatesGraph { get; }

    /// <summary>g_k at the normalised images, for attacks that declare it (<see cref="AttributionAttack.NeedsLogitGradients"/>).</summary>
    /// <param name="ofClasses">[N], int64: k.</param>
    /// <returns>[N,C,H,W]; belongs to the view.</returns>
    public Tensor LogitGradient(Tensor ofClasses)
        => source is null
            ? Own(Compute(() => Pass.Gradient(ofClasses, CreatesGraph)))
            : Constant(source.LogitGradient(ofClasses));

    /// <summary>
    /// The integrated gradients of the cross-entropy from the clean images to these, [N,C,H,W], for attacks that declare
    /// <see cref="AttributionAttack.NeedsLogitGradients"/>; belongs to the view.
    /// </summary>
    internal Tensor IntegratedLossGradient(PathQuadrature quadrature, int points)
        => source is null
            ? Own(Compute(() => Attributions.IntegratedLossGradient.Of(
                attack.GetType().Name, network, Clean.Normalized, Normalized, Classes, quadrature.Rule(points), CreatesGraph)))
            : Constant(source.IntegratedLossGradient(quadrature, points));

    /// <summary>Frees the tensors. Harmless when repeated.</summary>
    public void Dispose()
    {
        owned.ForEach(tensor => tensor.Dispose());
        owned.Clear();
        pass?.Dispose();
        constant?.Dispose();
    }

    /// <summary>
    /// The activation to use instead of the network's own where a second derivative is needed; null where the network is smooth by itself
    /// or there is no surrogate.
    /// </summary>
    internal static Activation? SurrogateFor(ImageNetwork network, Activation? surrogate)
        => network.Activation is { IsSmooth: true } ? null : surrogate;

    /// <summary>The same view as a constant, which lives as long as this one: all of its tensors are detached.</summary>
    internal NetworkView AsConstant() => constant ??= new NetworkView(this);

    // Its logits belong to the view.
    private LogitPass Pass
    {
        get
        {
            if (pass is null)
            {
                pass = new LogitPass(attack.GetType().Name, network, Normalized, CreatesGraph ? Derivative.Second : Derivative.First);
                Own(pass.Logits);
            }

            return pass;
        }
    }

    private Tensor Normalize()
    {
        Tensor x = network.Normalize(Images);
        return attack.NeedsLogitGradients && !CreatesGraph ? x.requires_grad_(true) : x;
    }

    private Tensor Explain()
    {
        IAttributionMethod method = Attacked.Method;
        if (method is not SinglePassAttribution both)
        {
            return Own(Compute(() => method.Attribute(network, Images, Classes, CreatesGraph)));
        }

        using IDisposable scope = NewDisposeScope();
        using IDisposable? switched = Switch();
        using IDisposable mode = enable_grad(CreatesGraph);
        (Tensor found, Tensor score) = both.AttributeChecked(network, Images, Classes, CreatesGraph);
        logits ??= Own(score);
        return Own(found);
    }

    // What is computed within belongs to this view; what it took on the way does not outlive the call.
    private Tensor Compute(Func<Tensor> value)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable? switched = Switch();
        using IDisposable mode = enable_grad(CreatesGraph || attack.NeedsLogitGradients);
        return value().MoveToOuterDisposeScope();
    }

    private IDisposable? Switch() => activation is null ? null : network.WithActivation(activation);

    private Tensor Constant(Tensor value) => Own(value.detach());

    private Tensor Own(Tensor tensor)
    {
        owned.Add(tensor.DetachFromDisposeScope());
        return tensor;
    }
}
