namespace RobustAttribution.MLNet;

/// <summary>The parts into which a data set is published.</summary>
public enum PictureSplit
{
    /// <summary>Pictures to train on.</summary>
    Train,

    /// <summary>Pictures to judge on.</summary>
    Test,

    /// <summary>SVHN's easier additional pictures.</summary>
    Extra,
}
