namespace RobustAttribution.Attacks;

/// <summary>An attack that may not fit maps of every size.</summary>
internal interface IMapSized
{
    /// <summary>Throws unless the attack can be run on maps of this size.</summary>
    void CheckSize(long height, long width);
}
