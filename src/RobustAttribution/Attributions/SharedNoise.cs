using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>Noise that is the same for every image: its result depends neither on the images beside it nor on the sizes of the passes.</summary>
internal static class SharedNoise
{
    /// <summary>N(0, 1), drawn copy by copy.</summary>
    /// <param name="images">[n,C,H,W]: the shape of a copy, and the noise's type and device.</param>
    /// <param name="copies">P.</param>
    /// <param name="generator">What it is drawn from, on the CPU.</param>
    /// <returns>[P,1,C,H,W].</returns>
    public static Tensor Draw(Tensor images, int copies, Generator generator)
    {
        Tensor noise = stack(
            [.. Enumerable.Range(0, copies).Select(_ => randn([1, .. images.shape.Skip(1)], ScalarType.Float32, CPU, false, generator))], 0);
        return Upload.To(images.device, noise).to(images.dtype);
    }
}
