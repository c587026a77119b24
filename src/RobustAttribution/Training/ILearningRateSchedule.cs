namespace RobustAttribution.Training;

/// <summary>How the learning rate changes during a training: a pure function of the position. Immutable records whose properties are their options.</summary>
public interface ILearningRateSchedule
{
    /// <summary>What the learning rate is multiplied by.</summary>
    /// <param name="epoch">Epochs done, with the share of the running one: 2.5 is the middle of the third.</param>
    /// <param name="epochs">Epochs of the whole training.</param>
    double Factor(double epoch, int epochs);
}
