using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>
/// The random draws of an attack for a batch: of all images at once, or under <see cref="DrawnByImage"/> of each image from a generator of its own,
/// whose seed is one number from the attack's generator and the image's content.
/// </summary>
internal sealed class ImageDraws : IDisposable
{
    private readonly Tensor images;
    private readonly Generator[] generators;
    private readonly bool byImage;

    /// <summary>Takes one number from the generator where each image has its own, else none yet.</summary>
    /// <param name="threatModel">Says which.</param>
    /// <param name="images">[N,C,H,W]; outlive this.</param>
    /// <param name="generator">The attack's generator; outlives this.</param>
    public ImageDraws(IThreatModel threatModel, Tensor images, Generator generator)
    {
        (this.images, byImage) = (images, threatModel is DrawnByImage);
        if (!byImage)
        {
            generators = [generator];
            return;
        }

        ulong seed = CpuDraws.Seed(generator);
        generators = [.. ImageKeys.Of(images).Select(key => new Generator((ulong)key ^ seed, CPU))];
    }

    /// <summary>What is drawn for images [n,C,H,W] from a generator, for all of the batch.</summary>
    public Tensor Of(Func<Tensor, Generator, Tensor> draw) => !byImage
        ? draw(images, generators[0])
        : generators.Length == 0
            ? images.alias()
            : cat([.. generators.Select((own, i) => draw(images.narrow(0, i, 1), own))], 0);

    /// <summary>Frees the images' generators; the attack's is the caller's.</summary>
    public void Dispose()
    {
        if (byImage)
        {
            Array.ForEach(generators, own => own.Dispose());
        }
    }
}
