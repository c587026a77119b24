using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Fixtures;

/// <summary>Cross-entropy of disturbed images plus a term on the logits: an objective that draws, has terms, and can be stored.</summary>
public sealed record NoisyCrossEntropy : ITrainingObjective
{
    public double Weight { get; init; } = 0.01;

    public ObjectiveResult Evaluate(ImageNetwork network, Tensor images, Tensor classes, Generator generator, Tensor? classWeights = null)
        => new ScriptedObjective(noise: _ => Weight).Evaluate(network, images, classes, generator, classWeights);
}
