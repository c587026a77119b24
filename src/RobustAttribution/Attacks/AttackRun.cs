using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>One attack on one batch: all walks of <see cref="AttributionAttack"/>.</summary>
internal sealed class AttackRun : IDisposable
{
    private readonly AttributionAttack attack;
    private readonly ImageNetwork network;
    private readonly Tensor images;
    private readonly Tensor classes;
    private readonly Generator generator;
    private readonly Activation? surrogate;
    private readonly int steps;
    private readonly Views? clean;
    private Tensor? open; // [n], int64: the places of the images that are not finished; null: all

    public AttackRun(AttributionAttack attack, ImageNetwork network, Tensor images, Tensor classes, Generator generator)
    {
        (this.attack, this.network, this.images, this.classes, this.generator) = (attack, network, images, classes, generator);
        surrogate = NetworkView.SurrogateFor(network, attack.Surrogate);
        RequireSwitch();
        steps = attack.ThreatModel.Radius > 0 ? attack.Steps : 0;
        RequireDerivative();
        clean = ViewsOf(images, createGraph: steps > 0 && !attack.RandomStart);
    }

    private NetworkView Clean => clean!.Value.True.Clean;

    /// <summary>All walks; the best iterate of each image.</summary>
    public AttackResult FindBest()
    {
        using BestIterates best = new(images, attack.KeepPrediction ? Clean.Logits.argmax(1) : null, searches: steps > 0);
        for (int walk = 0; walk < attack.Restarts; walk++)
        {
            using IDisposable scope = NewDisposeScope();
            _ = Walk(walk, best);
        }

        return best.ToResult();
    }

    /// <summary>One walk from where the attack begins it.</summary>
    /// <param name="index">From 0; only the first may begin at the image.</param>
    /// <param name="best">Receives every iterate; null when only the last one is wanted.</param>
    /// <returns>The last iterate; belongs to the caller's scope.</returns>
    public Tensor Walk(int index, IIterates? best)
        => index == 0 && !attack.RandomStart
            ? Walk(images.alias(), fromImage: true, best)
            : Walk(attack.ThreatModel.RandomStart(images, network.Input, generator), fromImage: false, best);

    /// <summary>One walk.</summary>
    /// <param name="current">[N,C,H,W]: where it begins; owned by this from now on.</param>
    /// <param name="fromImage">Whether that is the images themselves.</param>
    /// <param name="best">Receives every iterate; null when only the last one is wanted.</param>
    /// <returns>The last iterate; belongs to the caller's scope.</returns>
    public Tensor Walk(Tensor current, bool fromImage, IIterates? best)
    {
        if ((steps == 0 && best is null) || open?.shape[0] == 0)
        {
            return current;
        }

        using Views? random = fromImage ? null : ViewsOf(current, createGraph: steps > 0);
        Views start = random ?? clean!.Value;
        Func<NetworkView, Tensor> objective = attack.Objective(Clean, start.True.AsConstant());
        Func<NetworkView, Tensor> criterion = (best is null ? null : attack.Criterion(Clean)) ?? objective;
        double size = attack.Step.SizeFor(attack.ThreatModel.Radius, steps);
        Func<Tensor, Tensor, Tensor, Tensor> advance = attack.Step.Begin(new(attack.ThreatModel, current, size, steps, Project));
        int passes = best is null ? steps : steps + 1; // the last iterate is only compared
        for (int step = 0; step < passes; step++)
        {
            using IDisposable scope = NewDisposeScope();
            using Views? next = step == 0 ? null : ViewsOf(current, createGraph: step < steps);
            Views now = next ?? start;
            Tensor? gain = best is null ? null : Evaluate(criterion, now.True);
            best?.Add(new(
                current,
                OfAll(gain!.detach(), double.NaN),
                attack.KeepPrediction ? OfAll(now.True.Logits, 0) : null,
                now.True,
                step,
                Counts: !fromImage || step > 0 || steps == 0));
            if (step < steps)
            {
                Tensor value = gain is not null && criterion == objective && surrogate is null ? gain : Evaluate(objective, now.Search);
                Tensor gradient = Differentiation.GradientIfAny(value, now.Search.Images, createGraph: false)?.nan_to_num(0, 0, 0) is { } found
                    ? OfAll(found, 0)
                    : zeros_like(current);
                best?.AddDirection(gradient);
                using Tensor before = current;
                current = Project(advance(before, OfAll(value.detach(), double.NaN), gradient)).MoveToOuterDisposeScope();
            }

            if (attack.Enough is { } enough && best is BestIterates kept && Drop(kept.Open(enough)) == 0)
            {
                return current;
            }
        }

        return current;
    }

    /// <summary>Frees the views of the clean images.</summary>
    public void Dispose()
    {
        clean?.Dispose();
        open?.Dispose();
    }

    private Tensor Project(Tensor candidate) => attack.ThreatModel.Project(candidate, images, network.Input);

    private long Drop(Tensor others)
    {
        open?.Dispose();
        open = others.DetachFromDisposeScope();
        return open.shape[0];
    }

    // Only passes of the network leave images out: what is kept between steps is of all images.
    private Tensor OfOpen(Tensor all) => open is null ? all : all.index_select(0, open);

    private Tensor OfAll(Tensor ofOpen, double others)
        => open is null
            ? ofOpen
            : full([images.shape[0], .. ofOpen.shape.Skip(1)], others, ofOpen.dtype, ofOpen.device).index_copy_(0, open, ofOpen);

    // Throws before any work, with a message that names the attack's option.
    private void RequireSwitch()
    {
        if (surrogate is not null && !network.HasSwitchableActivation)
        {
            throw new InvalidOperationException(
                $"{attack.GetType().Name} finds its steps through {surrogate}, and the network {network.Backbone.GetName()}"
                + $" has no activation that can be exchanged for it. Build it with ReLU modules or {nameof(ActivationLayer)},"
                + $" or set {nameof(AttributionAttack.Surrogate)} to null where its own activations have a second derivative.");
        }
    }

    private void RequireDerivative()
    {
        if (steps > 0)
        {
            using IDisposable? switched = surrogate is null ? null : network.WithActivation(surrogate);
            if (network.ObstacleTo(images, Derivative.First) is { } obstacle)
            {
                throw obstacle.EndsProcess ? new NotSupportedException(obstacle.Text) : new InvalidOperationException(obstacle.Text);
            }
        }
    }

    private static Tensor Evaluate(Func<NetworkView, Tensor> function, NetworkView view)
    {
        using IDisposable mode = enable_grad(view.CreatesGraph);
        return function(view);
    }

    private Views ViewsOf(Tensor batch, bool createGraph)
    {
        (Tensor some, Tensor targets) = (OfOpen(batch), OfOpen(classes));
        NetworkView search = new(attack, network, surrogate, some, targets, clean?.Search.Clean, createGraph);
        return new(search, surrogate is null ? search : new(attack, network, null, some, targets, clean?.True.Clean, createGraph: false));
    }
}
