namespace RobustAttribution.Examples.ServeExplanations;

/// <summary>The section "Explain" of the configuration.</summary>
internal sealed record ServeOptions
{
    public const string Section = "Explain";

    /// <summary>A model.zip with a classifier of this library in it, as examples 1 and 5 write.</summary>
    public string Model { get; init; } = string.Empty;

    /// <summary>How often the file is loaded: a network computes for one request at a time, so one for each core that requests may use.</summary>
    public int Models { get; init; } = 1;

    /// <summary>Requests worked on at once, each by a prediction engine of its own: they decode and draw while a network computes for another.</summary>
    public int Engines { get; init; } = 2;

    /// <summary>Requests that may wait for an engine; one more is answered with 503.</summary>
    public int Queue { get; init; } = 16;

    public int MaximumUploadBytes { get; init; } = 10 << 20;

    /// <summary>Of an image, known before it is decoded.</summary>
    public int MaximumPixels { get; init; } = 16_000_000;

    /// <summary>The longest time that an upload may take.</summary>
    public int UploadSeconds { get; init; } = 30;

    /// <summary>Noisy copies of the image whose maps are compared with its own.</summary>
    public int NoiseDraws { get; init; } = 8;

    /// <summary>The largest change of a pixel in them, in grey levels of 255.</summary>
    public int NoiseLevels { get; init; } = 8;

    /// <summary>libtorch's threads for one request.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>The GPU to compute on, from 0; null for the CPU.</summary>
    public int? Gpu { get; init; }

    /// <exception cref="ArgumentException">A value is outside of its range; the message names both.</exception>
    public ServeOptions Validated()
    {
        Require(nameof(Models), Models, 1, 64);
        Require(nameof(Engines), Engines, 1, 256);
        Require(nameof(Queue), Queue, 0, 10_000);
        Require(nameof(MaximumUploadBytes), MaximumUploadBytes, 1024, 1 << 30);
        Require(nameof(MaximumPixels), MaximumPixels, 1, MLNet.ImageDecoder.MaximumPixels);
        Require(nameof(UploadSeconds), UploadSeconds, 1, 3600);
        Require(nameof(NoiseDraws), NoiseDraws, 1, 64);
        Require(nameof(NoiseLevels), NoiseLevels, 0, 255);
        Require(nameof(Threads), Threads, 1, 1024);
        return this;

        static void Require(string name, int value, int least, int most)
        {
            if (value < least || value > most)
            {
                throw new ArgumentException($"{Section}:{name} is {value}; allowed is {least} to {most}.");
            }
        }
    }
}
