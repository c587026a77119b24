namespace RobustAttribution.Metrics;

/// <summary>What makes a measured robustness less than it seems.</summary>
public enum EvaluationConcern
{
    /// <summary>More steps or restarts would have found weaker maps still: the figure is an upper bound that is not tight.</summary>
    NotConverged,

    /// <summary>Uniform noise of the same size does nearly what the attacks do: these found little, or the maps are fragile to anything.</summary>
    NoiseNearlyAsStrong,

    /// <summary>An attack without gradients beats those with them: the gradients mislead (Athalye, Carlini, Wagner 2018).</summary>
    GradientFreeStronger,

    /// <summary>The attacks' objectives have no gradient at most of the images, so that nothing was searched.</summary>
    NoGradient,

    /// <summary>Most of what the attacks tried changed the prediction and did not count: the images lie at the border of their class.</summary>
    PredictionChanged,

    /// <summary>Noise of 1e-7 already changes the maps: kinks or ties in the network (docs/concepts.md), not an attack.</summary>
    NotContinuous,

    /// <summary>The network was handed over in training mode; it was measured in evaluation mode.</summary>
    TrainingMode,

    /// <summary>The budget or the images seem to be in another unit than pixels from 0 to 1.</summary>
    UnitOfEpsilon,

    /// <summary>
    /// The maps of images of different classes are almost the same, or share three tenths of their top pixels beyond chance, so that no attack can
    /// change what is common: robust and useless.
    /// </summary>
    ConstantMaps,
}

/// <summary>Something to know before a figure is believed.</summary>
/// <param name="Concern">What.</param>
/// <param name="Text">In words, with the figures that it rests on.</param>
public sealed record EvaluationFinding(EvaluationConcern Concern, string Text)
{
    /// <summary>The concern and the words.</summary>
    public override string ToString() => $"{Concern}: {Text}";
}
