namespace RobustAttribution;

/// <summary>The largest values of options, and so of model files: they bound what a damaged file makes the library allocate or compute.</summary>
internal static class Limits
{
    /// <summary>Height, width, and distances in pixels.</summary>
    public const int ImageSide = 16_384;

    /// <summary>Channels of an image.</summary>
    public const int ImageChannels = 4_096;

    /// <summary>C·H·W: 1 GiB of float32 for one image.</summary>
    public const int ImageValues = 1 << 28;

    /// <summary>Classes of a network.</summary>
    public const int Classes = 1_000_000;

    /// <summary>Channels or units of a layer.</summary>
    public const int LayerWidth = 65_536;

    /// <summary>Layers of a network; the deepest published residual networks have about as many.</summary>
    public const int Layers = 1_204;

    /// <summary>Images in one computation.</summary>
    public const int BatchSize = 65_536;

    /// <summary>Threads of libtorch: above what a machine can start, the process ends.</summary>
    public const int Threads = 4_096;

    /// <summary>Steps, samples, draws or restarts for one image.</summary>
    public const int Iterations = 100_000;
}
