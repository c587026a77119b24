namespace Microsoft.ML.Data;

/// <summary>How the four bytes of a pixel are ordered.</summary>
public enum MLPixelFormat
{
    /// <summary>Not known; no picture has it.</summary>
    Unknown,

    /// <summary>Blue, green, red, alpha.</summary>
    Bgra32,

    /// <summary>Red, green, blue, alpha.</summary>
    Rgba32,
}
