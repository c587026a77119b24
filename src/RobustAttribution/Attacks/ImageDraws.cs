using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>
/// Random points of the balls around images. An image's point depends on the generator and on the image alone, not on the images beside it, so that a
/// row of a view is attacked alike in whatever batch it comes.
/// </summary>
/// <param name="images">[N,C,H,W]; must outlive this.</param>
/// <remarks>Reads the images. A training draws for a whole batch at once (<see cref="IThreatModel.RandomStart"/>).</remarks>
internal sealed class ImageDraws(Tensor images)
{
    private byte[][]? hashes;

    /// <summary>[N,C,H,W]: one point for each image; takes one number from the generator.</summary>
    public Tensor Points(IThreatModel threatModel, InputSpecification input, Generator generator)
    {
        using IDisposable scope = NewDisposeScope();
        ulong seed = CpuDraws.Seed(generator);
        hashes ??= Hashes();
        Tensor[] points = new Tensor[hashes.Length];
        for (int i = 0; i < points.Length; i++)
        {
            using var own = new Generator(seed ^ BinaryPrimitives.ReadUInt64LittleEndian(hashes[i]), CPU);
            points[i] = threatModel.RandomStart(images.narrow(0, i, 1), input, own);
        }

        return points.Length == 0 ? images.alias().MoveToOuterDisposeScope() : cat(points, 0).MoveToOuterDisposeScope();
    }

    private byte[][] Hashes()
    {
        using Tensor contents = images.detach().to(ScalarType.Float32).cpu().contiguous();
        float[] values = contents.data<float>().ToArray();
        int length = (int)(values.Length / Math.Max(images.shape[0], 1));
        return [.. Enumerable.Range(0, (int)images.shape[0]).Select(i => SHA256.HashData(MemoryMarshal.AsBytes(values.AsSpan(i * length, length))))];
    }
}
