using System.Text.Json.Serialization;

namespace RobustAttribution.Networks;

/// <summary>The layers of a ResNet before its first stage.</summary>
public enum ResNetStem
{
    /// <summary>A 3×3 convolution that keeps the size: for images of 32×32 or so.</summary>
    [JsonStringEnumMemberName("SmallPictures")] // its name in files
    SmallImages,

    /// <summary>A 7×7 convolution with stride 2 and a 3×3 pool with stride 2, as torchvision: for images of 224×224 or so.</summary>
    [JsonStringEnumMemberName("LargePictures")]
    LargeImages,
}
