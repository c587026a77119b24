using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>
/// Steps with momentum 0.75 that halve, image by image, where progress stalls, and go on from the best point so far: APGD (Croce and Hein: "Reliable
/// evaluation of adversarial robustness with an ensemble of diverse parameter-free attacks", ICML 2020, algorithm 1). The first step is 2ε long.
/// </summary>
/// <remarks>
/// At the paper's checkpoints a step halves where the objective rose in less than 0.75 of the steps since the last one, or where neither the step
/// was halved there nor the best value has risen since. Ours: after a halving the momentum begins anew.
/// </remarks>
public sealed record AdaptiveStep : AttackStep
{
    private const double Momentum = 0.75, EnoughRises = 0.75;

    /// <inheritdoc/>
    internal override double SizeFor(double radius, int steps) => Size ?? 2 * radius;

    /// <inheritdoc/>
    internal override Func<Tensor, Tensor, Tensor, Tensor> Begin(WalkSpace space)
    {
        (Tensor previous, Tensor best, Tensor uphill) = (space.Start.clone(), space.Start.clone(), zeros_like(space.Start));
        long count = space.Start.shape[0];
        Tensor size = full([count, 1, 1, 1], space.Size, space.Start.dtype, space.Start.device);
        Tensor last = Values(double.PositiveInfinity), highest = Values(double.NegativeInfinity), atCheckpoint = highest.clone(), rises = Values(0);
        Tensor halved = zeros([count], ScalarType.Bool, space.Start.device);
        HashSet<int> checkpoints = Checkpoints(space.Steps);
        (int step, int checkpoint) = (0, 0);
        return (current, value, gradient) =>
        {
            using IDisposable scope = NewDisposeScope();
            Tensor better = value.gt(highest);
            rises.copy_(rises + value.gt(last));
            last.copy_(value);
            highest.copy_(where(better, value, highest));
            best.copy_(where(OfImages(better), current, best));
            uphill.copy_(where(OfImages(better), gradient, uphill));
            (Tensor from, Tensor before, Tensor direction) = (current, previous, gradient);
            if (checkpoints.Contains(step))
            {
                halved.copy_(rises.lt(EnoughRises * (step - checkpoint)) | (halved.logical_not() & highest.le(atCheckpoint)));
                Tensor restart = OfImages(halved);
                (from, before, direction) = (where(restart, best, from), where(restart, best, before), where(restart, uphill, direction));
                size.copy_(where(restart, size / 2, size));
                atCheckpoint.copy_(highest);
                rises.copy_(zeros_like(rises));
                checkpoint = step;
            }

            Tensor stepped = space.Project(from + (space.ThreatModel.Step(zeros_like(from), direction, 1) * size));
            Tensor next = step++ == 0 ? stepped : from + ((stepped - from) * Momentum) + ((from - before) * (1 - Momentum));
            previous.copy_(from);
            return next.MoveToOuterDisposeScope();
        };

        Tensor Values(double all) => full([count], all, space.Start.dtype, space.Start.device);
        static Tensor OfImages(Tensor values) => values.reshape(-1, 1, 1, 1);
    }

    /// <summary>w_j = ⌈p_j·steps⌉, p_0 = 0, p_1 = 0.22, p_{j+1} = p_j + max(p_j − p_{j−1} − 0.03, 0.06); without w_0.</summary>
    internal static HashSet<int> Checkpoints(int steps)
    {
        HashSet<int> found = [];
        for ((int percent, int gap) = (22, 22); percent <= 100; gap = Math.Max(gap - 3, 6), percent += gap)
        {
            found.Add((int)Math.Ceiling(percent * (long)steps / 100m));
        }

        return found;
    }
}
