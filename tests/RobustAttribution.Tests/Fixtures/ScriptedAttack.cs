using RobustAttribution.Attacks;
using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Fixtures;

/// <summary>An attack that does what a test says: new images, and which of them are valid. Remembers the budgets it was given.</summary>
internal sealed class ScriptedAttack(
    Func<Tensor, double, Tensor> change, Func<long, bool>? isValid = null, IThreatModel? threatModel = null) : IAttributionAttack
{
    public IThreatModel ThreatModel { get; } = threatModel ?? new LinfBall();

    public IAttributionAttack WithThreatModel(IThreatModel changed) => new ScriptedAttack(change, isValid, changed);

    public AttackResult Perturb(ImageNetwork network, Tensor images, Tensor classes, Generator generator)
    {
        using IDisposable scope = NewDisposeScope();
        bool[] valid = [.. Enumerable.Range(0, (int)images.shape[0]).Select(i => isValid?.Invoke(i) ?? true)];
        return new AttackResult(
            change(images, ThreatModel.Radius).clone().MoveToOuterDisposeScope(),
            tensor(valid).MoveToOuterDisposeScope(),
            zeros(images.shape[0], dtype: ScalarType.Float64).MoveToOuterDisposeScope());
    }
}
