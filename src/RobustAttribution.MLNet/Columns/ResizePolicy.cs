namespace RobustAttribution.MLNet;

/// <summary>How an MLImage of another size is brought to the network's.</summary>
public enum ResizePolicy
{
    /// <summary>Stretched to the size, whatever its proportions.</summary>
    Fill,

    /// <summary>Scaled until it covers the size, what sticks out at the longer side is cut off evenly.</summary>
    Crop,

    /// <summary>Scaled until it fits into the size, the rest stays black, evenly on both sides.</summary>
    Pad,
}
