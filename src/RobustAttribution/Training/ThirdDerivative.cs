using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>Finds networks that <see cref="HessianNormPenalty"/> trains by a gradient which is not that of its penalty.</summary>
internal static class ThirdDerivative
{
    /// <summary>What is wrong and what to do; null where nothing is.</summary>
    /// <remarks>
    /// libtorch has formulas for the second derivative of a normalisation by the input's own mean and variance in which these are constants, so that
    /// the derivative of the formula lacks a part (docs/decisions/reliances.md). GroupNorm is computed of operations that have every derivative.
    /// </remarks>
    /// <param name="network">The network, in the mode that it is trained in.</param>
    /// <param name="objective">What will be minimised.</param>
    public static string? Missing(ImageNetwork network, ITrainingObjective objective)
    {
        if (objective is not HessianNormPenalty { Weight: > 0 }
            || network.Backbone.named_modules().FirstOrDefault(pair => NormalizesByItsInput(pair.module)) is not (string name, { } module))
        {
            return null;
        }

        return $"Objective {nameof(HessianNormPenalty)} is trained through a third derivative, and libtorch takes the mean and variance of"
            + $" {module.GetType().Name} '{name}' as constants there: its gradient is not that of the penalty. Use GroupNorm, freeze batch"
            + $" normalisations ({nameof(TrainingOptions.FrozenModules)}), or take an objective of second derivatives, e.g."
            + $" {nameof(LocalGradientAlignment)}.";
    }

    private static bool NormalizesByItsInput(nn.Module module) => module switch
    {
        BatchNorm normalization => normalization.training || normalization.running_mean is null,
        InstanceNorm normalization => normalization.training || normalization.running_mean is null,
        LayerNorm => true,
        _ => false,
    };
}
