namespace RobustAttribution.MLNet.Drawing;

/// <summary>The binary tables that eng/make-reporting-resources.py makes.</summary>
internal static class EmbeddedResource
{
    public static byte[] Read(string name)
    {
        using Stream stream = typeof(EmbeddedResource).Assembly.GetManifestResourceStream($"{typeof(EmbeddedResource).Namespace}.Resources.{name}")
            ?? throw new InvalidOperationException($"The assembly lacks its resource {name}.");
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
