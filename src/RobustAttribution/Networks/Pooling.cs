namespace RobustAttribution.Networks;

/// <summary>How a network shrinks its maps.</summary>
public enum Pooling
{
    /// <summary>The maximum of each window, as the papers' networks. Its winner changes from image to image: where values tie (a black background), an infinitesimal change moves the gradient.</summary>
    Max,

    /// <summary>The mean of each window. It has no kinks, so maps of a smooth network change smoothly (docs/concepts.md).</summary>
    Average,
}
