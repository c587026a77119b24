namespace RobustAttribution.MLNet;

/// <summary>The two parts of Fashion-MNIST.</summary>
public enum FashionMnistSplit
{
    /// <summary>60,000 images.</summary>
    Train,

    /// <summary>10,000 images.</summary>
    Test,
}
