namespace RobustAttribution.MLNet;

/// <summary>How an MLImage is brought to the network's size. The model remembers it, so that training and scoring resize alike.</summary>
public enum ResizePolicy
{
    /// <summary>Stretched to the size, whatever its proportions.</summary>
    Fill,

    /// <summary>Scaled until it covers the size, what sticks out at the longer side is cut off evenly.</summary>
    Crop,

    /// <summary>Scaled until it fits into the size, the rest stays black, evenly on both sides.</summary>
    Pad,

    /// <summary>
    /// Scaled until it covers 8/7 of the size, of which the centre is kept, an image of the network's own size too: for 224 the shorter side becomes
    /// 256, the usual evaluation on ImageNet.
    /// Training images that an augmentation cuts (<c>TrainingSize</c>) are brought to their size as by <see cref="Crop"/>.
    /// </summary>
    CenterCrop,
}
