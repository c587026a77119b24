using System.Runtime.InteropServices;

namespace Microsoft.ML.Data;

/// <summary>The managed side of native/mlimage.h: pictures as managed bytes, 4 per pixel, no row padding.</summary>
internal static unsafe partial class ImageCodec
{
    internal enum Format
    {
        Png,
        Jpeg,
        Webp,
    }

    internal enum Filter
    {
        Nearest,
        Smooth,
    }

    private const string Library = "mlimage_standin";
    private const int MessageCapacity = 512;

    private enum Code
    {
        Ok,
        BadArgument,
        NotAnImage,
        OutOfMemory,
        Failed,
    }

    /// <summary>Decodes a picture to premultiplied BGRA; null, with the reason, if the bytes are not a usable picture.</summary>
    internal static byte[] TryDecode(ReadOnlySpan<byte> data, out int width, out int height, out string error)
    {
        var message = stackalloc byte[MessageCapacity];
        byte* memory = null;
        Code code;
        fixed (byte* bytes = data)
            code = mlimage_decode(bytes, data.Length, &memory, out width, out height, message, MessageCapacity);
        try
        {
            error = code == Code.Ok ? "" : Text(message);
            switch (code)
            {
                case Code.Ok: return new ReadOnlySpan<byte>(memory, checked(width * height * 4)).ToArray();
                case Code.OutOfMemory: throw new InsufficientMemoryException(error);
                default: return null;
            }
        }
        finally
        {
            mlimage_free(memory);
        }
    }

    /// <summary>Encodes BGRA pixels that are not premultiplied.</summary>
    internal static byte[] Encode(ReadOnlySpan<byte> pixels, int width, int height, Format format, int quality)
    {
        var message = stackalloc byte[MessageCapacity];
        byte* memory = null;
        long length;
        Code code;
        fixed (byte* bytes = pixels)
            code = mlimage_encode(bytes, width, height, (int)format, quality, &memory, out length, message, MessageCapacity);
        try
        {
            Check(code, message);
            return new ReadOnlySpan<byte>(memory, checked((int)length)).ToArray();
        }
        finally
        {
            mlimage_free(memory);
        }
    }

    /// <summary>Scales a whole picture to another size.</summary>
    internal static byte[] Resize(ReadOnlySpan<byte> pixels, int width, int height, int newWidth, int newHeight, Filter filter)
    {
        var message = stackalloc byte[MessageCapacity];
        var target = new byte[checked(newWidth * newHeight * 4)];
        fixed (byte* from = pixels, to = target)
            Check(mlimage_resize(from, width, height, to, newWidth, newHeight, (int)filter, message, MessageCapacity), message);
        return target;
    }

    private static void Check(Code code, byte* message)
    {
        if (code == Code.OutOfMemory)
            throw new InsufficientMemoryException(Text(message));
        if (code != Code.Ok)
            throw new InvalidOperationException(Text(message));
    }

    private static string Text(byte* message) => Marshal.PtrToStringUTF8((nint)message) ?? "";

    [LibraryImport(Library)]
    private static partial Code mlimage_decode(
        byte* data, long length, byte** pixels, out int width, out int height, byte* message, int capacity);

    [LibraryImport(Library)]
    private static partial Code mlimage_encode(
        byte* pixels, int width, int height, int format, int quality, byte** data, out long length, byte* message, int capacity);

    [LibraryImport(Library)]
    private static partial Code mlimage_resize(
        byte* source, int sourceWidth, int sourceHeight, byte* target, int targetWidth, int targetHeight, int filter, byte* message, int capacity);

    [LibraryImport(Library)]
    private static partial void mlimage_free(byte* memory);
}
