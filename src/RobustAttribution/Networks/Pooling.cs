namespace RobustAttribution.Networks;

/// <summary>How a network reduces the size of its feature maps.</summary>
public enum Pooling
{
    /// <summary>The maximum of each window, as in the papers' networks.</summary>
    /// <remarks>It has kinks: where values of a window tie (a black background), an infinitesimal change of the image moves the gradient.</remarks>
    Max,

    /// <summary>The mean of each window. It has no kinks, so the maps of a smooth network change smoothly (docs/concepts.md).</summary>
    Average,
}
