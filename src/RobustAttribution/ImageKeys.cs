using System.Buffers.Binary;
using System.Security.Cryptography;
using static TorchSharp.torch;

namespace RobustAttribution;

/// <summary>Hashes of images by their content: the same image has the same key in every batch, process and type.</summary>
internal static class ImageKeys
{
    /// <summary>The keys [N] of images [N,C,H,W], of their values as float32. Reads the images.</summary>
    public static UInt128[] Of(Tensor images)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor contents = images.detach().to(ScalarType.Float32).cpu().contiguous();
        UInt128[] found = new UInt128[contents.shape[0]];
        int length = (int)(contents.numel() / Math.Max(found.Length, 1)) * sizeof(float);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        for (int i = 0; i < found.Length; i++)
        {
            SHA256.HashData(contents.bytes.Slice(i * length, length), hash);
            found[i] = BinaryPrimitives.ReadUInt128LittleEndian(hash);
        }

        GC.KeepAlive(contents);
        return found;
    }
}
