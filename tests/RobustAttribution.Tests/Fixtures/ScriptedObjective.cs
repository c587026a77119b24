using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Fixtures;

/// <summary>Cross-entropy plus the term "noise", which draws from the generator; whatever else a test wants to happen at a step.</summary>
internal sealed class ScriptedObjective(Action<int, ImageNetwork>? before = null, Func<int, double>? noise = null) : ITrainingObjective
{
    public int Steps { get; private set; }

    public ObjectiveResult Evaluate(ImageNetwork network, Tensor images, Tensor classes, Generator generator, Tensor? classWeights = null)
    {
        Steps++;
        before?.Invoke(Steps, network);
        using IDisposable scope = NewDisposeScope();
        Tensor disturbed = images + ((rand(images.shape, dtype: images.dtype, device: images.device, generator: generator) - 0.5) * 0.1);
        Tensor logits = network.Logits(disturbed);
        Tensor entropy = nn.functional.cross_entropy(logits, classes, classWeights);
        Tensor extra = logits.square().mean() * (noise?.Invoke(Steps) ?? 0.01);
        return new ObjectiveResult(
            (entropy + extra).MoveToOuterDisposeScope(),
            logits.detach().MoveToOuterDisposeScope(),
            [new LossTerm("cross-entropy", entropy.detach().MoveToOuterDisposeScope()),
                new LossTerm("noise", extra.detach().MoveToOuterDisposeScope())]);
    }
}
