namespace RobustAttribution.MLNet;

/// <summary>The parts into which a dataset is published.</summary>
public enum DatasetSplit
{
    /// <summary>Images to train on.</summary>
    Train,

    /// <summary>Images to measure with.</summary>
    Test,

    /// <summary>SVHN's easier additional images.</summary>
    Extra,
}
