using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>What Adam and AdamW remember about a parameter: running means of its gradient and of the gradient's square.</summary>
internal sealed class AdaptiveMoments : OptimizerState
{
    private long step;
    private Tensor? mean, square, largestSquare;

    internal AdaptiveMoments(Parameter parameter, bool amsgrad)
    {
        Replace(ref mean, zeros_like(parameter));
        Replace(ref square, zeros_like(parameter));
        if (amsgrad) Replace(ref largestSquare, zeros_like(parameter));
    }

    internal static void Check(double lr, double beta1, double beta2, double eps, double weight_decay)
    {
        if (lr < 0) throw new ArgumentException($"Invalid learning rate: {lr}");
        if (eps < 0) throw new ArgumentException($"Invalid ε: {eps}");
        if (beta1 is < 0 or >= 1.0) throw new ArgumentException($"Invalid beta1: {beta1}");
        if (beta2 is < 0 or >= 1.0) throw new ArgumentException($"Invalid beta2: {beta2}");
        if (weight_decay < 0.0) throw new ArgumentException($"Invalid weight_decay value: {weight_decay}");
    }

    internal void Update(Parameter parameter, Tensor gradient, double rate, double beta1, double beta2, double eps)
    {
        step++;
        mean!.mul_(beta1).add_(gradient, 1 - beta1);
        square!.mul_(beta2).addcmul_(gradient, gradient, 1 - beta2);
        if (largestSquare is not null) Replace(ref largestSquare, largestSquare.maximum(square));
        var correction = Math.Sqrt(1 - Math.Pow(beta2, step));
        var denominator = (largestSquare ?? square).sqrt().div_(correction).add_(eps);
        parameter.addcdiv_(mean, denominator, -rate / (1 - Math.Pow(beta1, step)));
    }

    public override void SaveStateDict(BinaryWriter writer)
    {
        writer.Write(step);
        mean!.Save(writer);
        square!.Save(writer);
        Save(writer, largestSquare);
    }

    public override void LoadStateDict(BinaryReader reader)
    {
        step = reader.ReadInt64();
        mean!.Load(reader);
        square!.Load(reader);
        Load(reader, ref largestSquare);
    }

    public override void LoadStateDict(OptimizerState source)
    {
        var other = (AdaptiveMoments)source;
        step = other.step;
        Replace(ref mean, other.mean!.clone());
        Replace(ref square, other.square!.clone());
        Replace(ref largestSquare, other.largestSquare?.clone());
    }

    internal override void Release()
    {
        Replace(ref mean, null);
        Replace(ref square, null);
        Replace(ref largestSquare, null);
    }
}
