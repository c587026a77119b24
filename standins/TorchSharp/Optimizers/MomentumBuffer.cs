using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>What SGD remembers about a parameter: the running sum of gradients, once there was one.</summary>
internal sealed class MomentumBuffer : OptimizerState
{
    private Tensor? sum;

    internal Tensor Accumulate(Tensor gradient, double momentum, double dampening)
    {
        if (sum is null) Replace(ref sum, gradient.clone());
        else sum.mul_(momentum).add_(gradient, 1 - dampening);
        return sum!;
    }

    public override void SaveStateDict(BinaryWriter writer) => Save(writer, sum);

    public override void LoadStateDict(BinaryReader reader) => Load(reader, ref sum);

    public override void LoadStateDict(OptimizerState source) => Replace(ref sum, ((MomentumBuffer)source).sum?.clone());

    internal override void Release() => Replace(ref sum, null);
}
