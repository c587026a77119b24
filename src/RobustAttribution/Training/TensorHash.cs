using System.Security.Cryptography;
using System.Text;
using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>Tensors as input of a hash function: type, shape and bytes.</summary>
internal static class TensorHash
{
    public static void Append(IncrementalHash hash, Tensor tensor)
    {
        using IDisposable scope = NewDisposeScope();
        Append(hash, $"{tensor.dtype}[{string.Join(',', tensor.shape)}]");
        if (tensor.numel() > 0)
        {
            Tensor contents = tensor.detach().cpu().contiguous();
            hash.AppendData(contents.bytes);
            GC.KeepAlive(contents);
        }
    }

    /// <summary>A text with its length, so that two texts in a row cannot be taken for two others.</summary>
    public static void Append(IncrementalHash hash, string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        hash.AppendData(BitConverter.GetBytes(utf8.Length));
        hash.AppendData(utf8);
    }
}
