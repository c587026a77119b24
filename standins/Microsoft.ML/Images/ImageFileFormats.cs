namespace Microsoft.ML.Data;

/// <summary>The file extensions of pictures, and the few that can be written.</summary>
internal static class ImageFileFormats
{
    private static readonly Dictionary<string, ImageCodec.Format?> s_byExtension = new(StringComparer.OrdinalIgnoreCase)
    {
        [".png"] = ImageCodec.Format.Png,
        [".jpg"] = ImageCodec.Format.Jpeg,
        [".jpeg"] = ImageCodec.Format.Jpeg,
        [".webp"] = ImageCodec.Format.Webp,
        [".bmp"] = null,
        [".gif"] = null,
        [".ico"] = null,
        [".astc"] = null,
        [".avif"] = null,
        [".dng"] = null,
        [".heif"] = null,
        [".ktx"] = null,
        [".pkm"] = null,
        [".wbmp"] = null,
    };

    /// <summary>False for an unknown extension; a null format for one that is known but cannot be written.</summary>
    internal static bool TryGet(string extension, out ImageCodec.Format? format)
    {
        ArgumentNullException.ThrowIfNull(extension);
        return s_byExtension.TryGetValue(extension, out format);
    }
}
