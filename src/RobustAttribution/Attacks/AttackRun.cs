using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>One attack on one batch: the walks of <see cref="AttributionAttack"/> and the views they look through.</summary>
internal sealed class AttackRun : IDisposable
{
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
        bool walksFromPicture = steps > 0 && !attack.RandomStart;
        trueClean = See(images, null, createGraph: walksFromPicture && surrogate is null);
        clean = surrogate is null ? trueClean : See(images, surrogate, createGraph: walksFromPicture);
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

        using AttackView? drawn = fromPicture ? null : See(current, null, createGraph: surrogate is null && steps > 0);
        using AttackView? smooth = fromPicture || surrogate is null ? null : See(current, surrogate, createGraph: steps > 0);
        AttackView trueStart = drawn ?? trueClean;
        AttackView start = surrogate is null ? trueStart : smooth ?? clean;
        AttackScene scene = new(clean.AsConstant(), trueClean.AsConstant(), trueStart.AsConstant(), classes);
        AttackScene trueScene = scene with { Clean = scene.TrueClean };
        Func<AttackView, Tensor> objective = attack.Objective(scene);
        Func<AttackView, Tensor>? judgement = best is null ? null : attack.Judgement(trueScene) ?? (surrogate is null ? null : attack.Objective(trueScene)); // null: by the objective
        double size = attack.Step.SizeFor(attack.ThreatModel.Radius, steps);
        Func<Tensor, Tensor, Tensor> advance = attack.Step.Begin(attack.ThreatModel, current, size);
        for (int step = 0; step <= steps; step++)
        {
            using IDisposable scope = NewDisposeScope();
            bool last = step == steps;
            using AttackView? next = step == 0 ? null : See(current, surrogate, createGraph: !last);
            using AttackView? judgedNext = step == 0 || surrogate is null ? null : See(current, null, createGraph: false);
            AttackView view = next ?? start;
            AttackView trueView = surrogate is null ? view : judgedNext ?? trueStart;
            Tensor? gain = last && (best is null || judgement is not null) ? null : Measure(objective, view);
            if (best is not null)
            {
                Tensor judged = judgement is null ? gain! : Measure(judgement, trueView);
                best.Offer(current, judged.detach(), attack.KeepPrediction ? trueView.Logits : null, counts: !fromPicture || step > 0 || steps == 0);
            }

            if (!last)
            {
                Tensor gradient = Differentiation.Gradient(gain!, view.Images, createGraph: false).nan_to_num(0, 0, 0);
                using Tensor before = current;
                current = attack.ThreatModel.Project(advance(before, gradient), images, network.Input).MoveToOuterDisposeScope();
            }
        }

        return current;
    }

    /// <summary>Frees the views.</summary>
    public void Dispose()
    {
        trueClean.Dispose();
        clean.Dispose();
    }

    // Says it before any work, and with the attack's own way out.
    private void RequireSwitch()
    {
        if (surrogate is not null && !network.HasSwitchableActivation)
        {
            throw new InvalidOperationException(
                $"{attack.GetType().Name} looks for its steps through {surrogate}, and the network {network.Backbone.GetName()} has no {nameof(ActivationLayer)} to switch."
                + $" Build it with {nameof(ActivationLayer)}, or set {nameof(AttributionAttack.Surrogate)} to null where its own activations have a second derivative.");
        }
    }

    private static Tensor Measure(Func<AttackView, Tensor> measure, AttackView view)
    {
        using IDisposable mode = enable_grad(view.CreatesGraph);
        return measure(view);
    }

    private AttackView See(Tensor pictures, Activation? activation, bool createGraph) => new(attack, network, activation, pictures, classes, createGraph);
}
