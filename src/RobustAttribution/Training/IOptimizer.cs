using RobustAttribution.Serialization;
using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>One rule that turns gradients into new parameters. Immutable records whose properties are their options; they hold no state.</summary>
/// <remarks>
/// The rules are PyTorch's. They are written out here because a training that is resumed must go on bit for bit with a state that is stored by
/// name; TorchSharp 0.107's own optimizers store theirs by position, and lose the momentum that they load inside a dispose scope.
/// </remarks>
[ComponentFamily]
public interface IOptimizer
{
    /// <summary>
    /// Names of the tensors that the rule keeps for each parameter, e.g. "momentum". Each has the parameter's shape and is 0 before the first step.
    /// </summary>
    IReadOnlyList<string> StateNames { get; }

    /// <summary>Changes one parameter, and what is remembered of it, in place.</summary>
    /// <param name="parameter">The parameter; called without differentiation.</param>
    /// <param name="gradient">Of the parameter's shape; not changed.</param>
    /// <param name="state">One tensor for each of <see cref="StateNames"/>.</param>
    /// <param name="learningRate">The rate of this step.</param>
    /// <param name="step">1 for the first update of this parameter.</param>
    void Update(Tensor parameter, Tensor gradient, IReadOnlyList<Tensor> state, double learningRate, long step);
}
