using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>The result of <see cref="ImageNetwork.Check"/>: whether the layer-by-layer attributions see all of a network.</summary>
/// <param name="Findings">
/// What is not understood or not seen, a sentence each that names the module; empty for a network that every attribution handles.
/// </param>
/// <param name="LogitDifference">The largest difference of a logit with hooks to the plain forward pass; 0 where hooks change nothing.</param>
/// <param name="GradientError">
/// The relative difference between the gradient of the predicted classes' logits and central finite differences along it and along a random
/// direction, with a step of 1e-3 of the pixels' range: about 1e-2 or less, more near kinks; not a number where there is no gradient.
/// </param>
public sealed record NetworkCheck(IReadOnlyList<string> Findings, double LogitDifference, double GradientError)
{
    /// <summary>Whether there is no finding.</summary>
    public bool IsUnderstood => Findings.Count == 0;

    /// <summary>The findings, a line each, and the two figures.</summary>
    public override string ToString()
    {
        IEnumerable<string> lines = IsUnderstood ? ["Every module is understood."] : Findings;
        return string.Join(Environment.NewLine, lines.Append($"Logit difference {LogitDifference:G3}, gradient error {GradientError:G3}."));
    }

    internal static NetworkCheck Of(ImageNetwork network, Tensor images) => Repetition.Of(() => Observe(network, images), () => true);

    private static NetworkCheck Observe(ImageNetwork network, Tensor images)
    {
        network.RequireSameModules();
        lock (network.SyncRoot)
        {
            using DisposeScope kept = NewDisposeScope();
            using IDisposable inspection = network.ForInspection();
            using IDisposable mode = enable_grad();
            Tensor x = images.detach(), logits = network.Logits(x).detach();
            List<string> findings = [.. network.NotUnderstood];
            if (!logits.isfinite().all().ToBoolean())
            {
                findings.Add("The logits are not finite.");
            }

            if (logits.dim() != 2 || logits.shape[1] != network.ClassCount)
            {
                string shape = string.Join(',', logits.shape);
                findings.Add($"The network answers [{shape}]; a network of {network.ClassCount} classes answers [N,{network.ClassCount}].");
                return new NetworkCheck(findings, 0, 0);
            }

            var observed = new NetworkObservation(network, x, kept);
            findings.AddRange(observed.Find().Select(unseen => unseen.Finding));
            findings.AddRange(observed.ChangedInPlace());
            DerivativeProbe.Obstacle? obstacle = network.ObstacleTo(x, Derivative.First);
            if (obstacle is not null && !findings.Contains(obstacle.Text))
            {
                findings.Add(obstacle.Text);
            }

            if (MixesImages(network, x))
            {
                findings.Add("The logits of an image depend on the other images of its batch, and so would its maps and attacks. "
                    + "Leave out what computes across the first dimension; batch normalisation has its running statistics.");
            }

            double error = obstacle is null ? DifferenceError(network, x, logits.argmax(1)) : double.NaN;
            if (obstacle is null && double.IsNaN(error))
            {
                findings.Add("The logits do not depend on the images, or their graph does not: there is no gradient.");
            }

            return new NetworkCheck(findings, (observed.Logits - logits).abs().max().ToDouble(), error);
        }
    }

    // Compares the first image beside noise with the same image alone.
    private static bool MixesImages(ImageNetwork network, Tensor x)
    {
        using IDisposable unrecorded = no_grad();
        using var generator = new Generator(1, CPU);
        Tensor image = x.narrow(0, 0, 1), noise = CpuDraws.Uniform(image.shape, x, generator);
        Tensor other = (noise * (network.Input.UpperBound - network.Input.LowerBound)) + network.Input.LowerBound;
        Tensor alone = network.Logits(image), beside = network.Logits(cat([image, other], 0));
        return beside.shape[0] != 2 || (beside.narrow(0, 0, 1) - alone).norm().ToDouble() > 1e-3 * alone.norm().ToDouble();
    }

    // NaN where there is no gradient.
    private static double DifferenceError(ImageNetwork network, Tensor x, Tensor classes)
    {
        Tensor point = x.clone().requires_grad_(true);
        Tensor chosen = network.Logits(point).gather(1, classes.unsqueeze(1));
        if (Differentiation.GradientIfAny(chosen, point, createGraph: false) is not { } gradient)
        {
            return double.NaN;
        }

        using var generator = new Generator(1, CPU);
        Tensor random = CpuDraws.Normal(x, generator);
        double step = 1e-3 * (network.Input.UpperBound - network.Input.LowerBound), length = gradient.norm().ToDouble();
        double atRandom = Error(random / random.norm());
        return length == 0 ? atRandom : Math.Max(Error(gradient / length), atRandom);

        double Error(Tensor along)
        {
            double difference = (Score(x + (along * step)) - Score(x - (along * step))) / (2 * step), slope = (gradient * along).sum().ToDouble();
            return difference == slope ? 0 : Math.Abs(difference - slope) / Math.Max(length, Math.Abs(difference));
        }

        double Score(Tensor at) => network.Logits(at).gather(1, classes.unsqueeze(1)).sum(ScalarType.Float64).ToDouble();
    }
}
