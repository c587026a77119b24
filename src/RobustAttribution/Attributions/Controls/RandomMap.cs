using System.Buffers.Binary;
using System.Security.Cryptography;
using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>
/// A control that knows nothing of network and image: independent uniform numbers in [0, 1), drawn from <see cref="Seed"/> and a hash of the image.
/// </summary>
/// <remarks>
/// The same image has the same map whatever is beside it, and an attacked one, however little it was changed, an unrelated one: its similarity under
/// attack is what chance gives.
/// </remarks>
public sealed record RandomMap : AttributionMethod
{
    /// <summary>Decides the numbers. 0 by default.</summary>
    public ulong Seed { get; init; }

    /// <inheritdoc/>
    public override bool IsDifferentiable => false;

    /// <inheritdoc/>
    protected override Tensor Explain(ImageNetwork network, Tensor images, Tensor classes, bool createGraph)
    {
        Tensor contents = images.detach().to(ScalarType.Float32).cpu().contiguous();
        long[] shape = [1, 1, images.shape[2], images.shape[3]];
        return cat([.. Enumerable.Range(0, (int)images.shape[0]).Select(Draw)], 0);

        Tensor Draw(int image)
        {
            using Tensor one = contents.narrow(0, image, 1).contiguous();
            byte[] hash = SHA256.HashData(one.bytes);
            GC.KeepAlive(one);
            using var generator = new Generator(Seed ^ BinaryPrimitives.ReadUInt64LittleEndian(hash), CPU);
            return CpuDraws.Uniform(shape, images, generator);
        }
    }
}
