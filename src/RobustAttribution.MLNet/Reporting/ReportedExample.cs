namespace RobustAttribution.MLNet;

/// <summary>One image before and after an attack on its explanation, as the gallery of a <see cref="RobustnessReport"/> shows it.</summary>
public sealed record ReportedExample
{
    /// <summary>The row id, file name or number of the image.</summary>
    public required string Id { get; init; }

    /// <summary>C·H·W values in [0, 1], channel by channel.</summary>
    public required ReadOnlyMemory<float> Image { get; init; }

    /// <summary>The attacked image, C·H·W values in [0, 1].</summary>
    public required ReadOnlyMemory<float> AttackedImage { get; init; }

    /// <summary>The map of the image, H·W values.</summary>
    public required ReadOnlyMemory<float> Map { get; init; }

    /// <summary>The map of the attacked image, H·W values.</summary>
    public required ReadOnlyMemory<float> AttackedMap { get; init; }

    /// <summary>The certificate of the image's map, H·W values: 1 important, −1 unimportant, 0 neither; empty where there is none.</summary>
    public ReadOnlyMemory<float> Certificate { get; init; }

    /// <summary>C: 1 or 3.</summary>
    public required int Channels { get; init; }

    /// <summary>H in pixels.</summary>
    public required int Height { get; init; }

    /// <summary>W in pixels.</summary>
    public required int Width { get; init; }

    /// <summary>The true class, where it is known.</summary>
    public string? TrueClass { get; init; }

    /// <summary>The predicted class of the image and its probability.</summary>
    public required (string Class, double Probability) Prediction { get; init; }

    /// <summary>The predicted class of the attacked image and its probability.</summary>
    public required (string Class, double Probability) AttackedPrediction { get; init; }

    /// <summary>Numbers of this image by name, e.g. its top-k intersection.</summary>
    public IReadOnlyList<(string Name, double Value)> Numbers { get; init; } = [];

    /// <summary>Orders the gallery, lowest (worst) first: the similarity of the two maps.</summary>
    public required double Similarity { get; init; }
}
