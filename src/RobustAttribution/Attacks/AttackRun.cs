using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>One attack on one batch: the walks of <see cref="AttributionAttack"/> and the views they look through.</summary>
internal sealed class AttackRun : IDisposable
{
    private readonly List<AttackView> views = [];
    private readonly AttributionAttack attack;
    private readonly ImageNetwork network;
    private readonly Tensor images;
    private readonly Tensor classes;
    private readonly Generator generator;
    private readonly Activation? surrogate;
    private readonly int steps;
    private readonly AttackView trueClean;
    private readonly AttackView clean;

    public AttackRun(AttributionAttack attack, ImageNetwork network, Tensor images, Tensor classes, Generator generator)
    {
        (this.attack, this.network, this.images, this.classes, this.generator) = (attack, network, images, classes, generator);
        surrogate = AttackView.SurrogateFor(network, attack.Surrogate);
        RequireSwitch();
        steps = attack.ThreatModel.Radius > 0 ? attack.Steps : 0;
        trueClean = See(images, null, differentiable: surrogate is null && !attack.RandomStart);
        clean = surrogate is null ? trueClean : See(images, surrogate, differentiable: !attack.RandomStart);
    }

    /// <summary>All walks; the best iterate of each picture.</summary>
    public AttackResult FindBest()
    {
        using BestIterates best = new(images, attack.KeepPrediction ? trueClean.AsConstant().Logits.argmax(1) : null);
        for (int walk = 0; walk < attack.Restarts; walk++)
        {
            using IDisposable scope = NewDisposeScope();
            _ = Walk(walk, best);
        }

        return best.ToResult();
    }

    /// <summary>One walk.</summary>
    /// <param name="index">From 0; only the first may begin at the picture.</param>
    /// <param name="best">Is offered every iterate; null when only the end is wanted.</param>
    /// <returns>The last iterate; belongs to the caller's scope.</returns>
    public Tensor Walk(int index, BestIterates? best)
    {
        bool fromPicture = index == 0 && !attack.RandomStart;
        Tensor current = fromPicture ? images.alias() : attack.ThreatModel.RandomStart(images, network.Input, generator);
        if (steps == 0 && best is null)
        {
            return current;
        }

        AttackView trueStart = fromPicture ? trueClean : See(current, null, differentiable: surrogate is null);
        AttackView start = surrogate is null ? trueStart : fromPicture ? clean : See(current, surrogate, differentiable: true);
        AttackScene scene = new(clean.AsConstant(), trueClean.AsConstant(), trueStart.AsConstant(), classes);
        AttackScene trueScene = scene with { Clean = scene.TrueClean };
        Func<AttackView, Tensor> objective = attack.Objective(scene);
        Func<AttackView, Tensor>? judgement = best is null ? null : attack.Judgement(trueScene) ?? (surrogate is null ? null : attack.Objective(trueScene));
        double size = attack.Step.SizeFor(attack.ThreatModel.Radius, steps);
        Func<Tensor, Tensor, Tensor> advance = attack.Step.Begin(attack.ThreatModel, current, size);
        for (int step = 0; step <= steps; step++)
        {
            using IDisposable scope = NewDisposeScope();
            bool last = step == steps;
            using AttackView? next = step == 0 ? null : new AttackView(attack, network, surrogate, current, classes, createGraph: !last);
            using AttackView? trueNext = step == 0 || surrogate is null || best is null ? null : new AttackView(attack, network, null, current, classes, createGraph: false);
            AttackView view = next ?? start;
            AttackView trueView = surrogate is null ? view : trueNext ?? trueStart;
            Tensor? gain = last && (best is null || judgement is not null) ? null : Measure(objective, view);
            if (best is not null)
            {
                Tensor judged = judgement is null ? gain! : Measure(judgement, trueView);
                best.Offer(current, judged.detach(), attack.KeepPrediction ? trueView.Logits : null, counts: !fromPicture || step > 0 || steps == 0);
            }

            if (!last)
            {
                Tensor gradient = Differentiation.Gradient(gain!, view.Images, createGraph: false).nan_to_num(0, 0, 0);
                current = attack.ThreatModel.Project(advance(current, gradient), images, network.Input).MoveToOuterDisposeScope();
            }
        }

        return current;
    }

    /// <summary>Frees the views.</summary>
    public void Dispose() => views.ForEach(view => view.Dispose());

    // Says it before any work, and with the attack's own way out.
    private void RequireSwitch()
    {
        if (surrogate is not null && !network.HasSwitchableActivation)
        {
            throw new InvalidOperationException(
                $"{attack.GetType().Name} looks for its steps through {surrogate}, and the network {network.Backbone.GetName()} has no {nameof(ActivationLayer)} to switch. "
                + $"Build it with {nameof(ActivationLayer)}, or set {nameof(AttributionAttack.Surrogate)} to null where its own activations have a second derivative.");
        }
    }

    private static Tensor Measure(Func<AttackView, Tensor> measure, AttackView view)
    {
        using IDisposable mode = enable_grad(view.CreatesGraph);
        return measure(view);
    }

    private AttackView See(Tensor pictures, Activation? activation, bool differentiable)
    {
        AttackView view = new(attack, network, activation, pictures, classes, differentiable && steps > 0);
        views.Add(view);
        return view;
    }
}
