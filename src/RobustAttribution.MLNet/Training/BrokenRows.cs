namespace RobustAttribution.MLNet;

/// <summary>What happens to training rows whose label is missing or whose image cannot be read.</summary>
public enum BrokenRows
{
    /// <summary>The training ends with an error that names the row and, where known, the file.</summary>
    Fail,

    /// <summary>They are left out; a warning says how many, and the first of them why.</summary>
    Skip,
}
