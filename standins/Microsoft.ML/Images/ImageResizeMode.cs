namespace Microsoft.ML.Data;

/// <summary>How a picture is fitted into a box of another shape.</summary>
internal enum ImageResizeMode
{
    /// <summary>Whole picture, centred, the rest of the box left empty.</summary>
    Pad,

    /// <summary>Stretched to the box.</summary>
    Fill,

    /// <summary>Box covered; what sticks out is cut off at the bottom.</summary>
    CropAnchorTop,

    /// <summary>Box covered; cut off at the top.</summary>
    CropAnchorBottom,

    /// <summary>Box covered; cut off at the right.</summary>
    CropAnchorLeft,

    /// <summary>Box covered; cut off at the left.</summary>
    CropAnchorRight,

    /// <summary>Box covered; cut off at both sides.</summary>
    CropAnchorCentral,
}
