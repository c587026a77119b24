using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>The result of <see cref="ImageNetwork.Check"/>: whether the layer-by-layer attributions see all of a network.</summary>
/// <param name="Findings">
/// What is not understood or not seen, a sentence each that names the module; empty for a network that every attribution handles.
/// </param>
/// <param name="LogitDifference">The largest difference of a logit with hooks to the plain forward pass; 0 where hooks change nothing.</param>
/// <param name="GradientError">
/// The relative difference between the length of the gradient of the predicted classes' logits and the central finite difference along it, with a
/// step of 1e-3 of the pixels' range: about 1e-2 or less, more near kinks.
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
            if (!logits.isfinite().all().item<bool>())
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
            double error = DifferenceError(network, x, logits.argmax(1));
            if (double.IsNaN(error))
            {
                findings.Add("The logits do not depend on the images, or their graph does not: there is no gradient.");
            }

            return new NetworkCheck(findings, (observed.Logits - logits).abs().max().ToDouble(), error);
        }
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

        double length = gradient.norm().ToDouble(), step = 1e-3 * (network.Input.UpperBound - network.Input.LowerBound);
        if (length == 0)
        {
            return 0;
        }

        Tensor along = gradient / length;
        double difference = (Score(x + (along * step)) - Score(x - (along * step))) / (2 * step);
        return Math.Abs(difference - length) / length;

        double Score(Tensor at) => network.Logits(at).gather(1, classes.unsqueeze(1)).sum(ScalarType.Float64).ToDouble();
    }
}
