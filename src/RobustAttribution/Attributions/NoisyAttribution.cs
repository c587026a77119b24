using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>An attribution of an attribution's values at noisy copies of the image, x + σ·N(0, 1). Noisy images are not clamped.</summary>
/// <remarks>
/// The noise is drawn from <see cref="Seed"/>, on the CPU, and is the same for every image: an image's result does not depend on the images beside
/// it,
/// on the sizes of the passes or on the device.
/// </remarks>
public abstract record NoisyAttribution : SampledAttribution
{
    /// <summary>The attribution taken at each noisy copy. The input gradient by default.</summary>
    public IAttributionMethod Inner { get; init => field = Require.NotNull(value); } = new InputGradient();

    /// <summary>Number of noisy copies, 1 to 100,000. 50 by default (Smilkov et al. 2017).</summary>
    public int Samples { get; init => field = Require.InRange(value, 1, Limits.Iterations); } = 50;

    /// <summary>σ as a share of the range of pixel values, at least 0. 0.15 by default (Smilkov et al. 2017: 0.1 to 0.2).</summary>
    public double NoiseLevel { get; init => field = Require.NonNegative(value); } = 0.15;

    /// <summary>Decides the noise. 0 by default.</summary>
    public ulong Seed { get; init; }

    /// <inheritdoc/>
    public override bool IsDifferentiable => Inner.IsDifferentiable;

    /// <summary>The result, from the mean and the variance (divided by the number of samples) of the inner attribution over the noise.</summary>
    private protected abstract Tensor Summary(Tensor mean, Tensor variance);

    private protected sealed override Tensor ExplainSome(ImageNetwork network, Tensor images, Tensor classes, int variantsPerPass, bool createGraph)
    {
        using var generator = new Generator(Seed, CPU);
        double deviation = NoiseLevel * (network.Input.UpperBound - network.Input.LowerBound);
        Tensor x = createGraph ? images : images.detach();
        Tensor? mean = null, squares = null; // of the samples so far: their mean, and the sum of their squared distances to it
        for (int done = 0; done < Samples; done += variantsPerPass)
        {
            using IDisposable scope = NewDisposeScope();
            int count = Math.Min(variantsPerPass, Samples - done);
            Tensor noisy = (x + (SharedNoise.Draw(x, count, generator) * deviation)).flatten(0, 1); // [P·n,C,H,W]
            Tensor found = Inner.Attribute(network, noisy, classes.repeat(count), createGraph);
            found = found.reshape([count, x.shape[0], .. found.shape.Skip(1)]);
            Tensor foundMean = found.mean([0]), foundSquares = (found - foundMean).square().sum([0]);
            if (mean is null || squares is null)
            {
                (mean, squares) = (foundMean.MoveToOuterDisposeScope(), foundSquares.MoveToOuterDisposeScope());
                continue;
            }

            // Chan, Golub and LeVeque 1979: joins the moments of two groups without cancellation.
            double share = (double)count / (done + count);
            Tensor distance = foundMean - mean;
            squares = (squares + foundSquares + (distance.square() * (done * share))).MoveToOuterDisposeScope();
            mean = (mean + (distance * share)).MoveToOuterDisposeScope();
        }

        return Summary(mean!, squares! / Samples);
    }
}
