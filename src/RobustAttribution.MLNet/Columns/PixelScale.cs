namespace RobustAttribution.MLNet;

/// <summary>What range the pixels of a vector column have. Images of type MLImage have their range in themselves.</summary>
public enum PixelScale
{
    /// <summary>0…255, what <c>ExtractPixels</c> makes by default.</summary>
    Bytes,

    /// <summary>0…1, what <c>ExtractPixels(…, scaleImage: 1f / 255)</c> makes.</summary>
    Unit,
}
