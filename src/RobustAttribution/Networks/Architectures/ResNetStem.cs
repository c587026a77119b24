namespace RobustAttribution.Networks;

/// <summary>What a ResNet does to a picture before its first stage.</summary>
public enum ResNetStem
{
    /// <summary>A 3×3 convolution that keeps the size: for pictures of 32×32 or so.</summary>
    SmallPictures,

    /// <summary>A 7×7 convolution with stride 2 and a 3×3 maximum pool with stride 2, as torchvision: for pictures of 224×224 or so.</summary>
    LargePictures,
}
