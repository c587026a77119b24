using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>The step that <see cref="Adam"/> and <see cref="AdamW"/> share (Kingma and Ba 2015, algorithm 1).</summary>
internal static class AdamMoments
{
    public static readonly IReadOnlyList<string> Names = ["mean", "square"];

    public static double CheckDecay(double value, string name)
        => value < 1
            ? Require.InRange(value, 0, 1, name)
            : throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}; allowed is a number from 0 to below 1.");

    public static void Update(
        Tensor parameter, Tensor gradient, IReadOnlyList<Tensor> state, double learningRate, long step, double beta1, double beta2, double epsilon)
    {
        Tensor mean = state[0].mul_(beta1).add_(gradient, 1 - beta1);
        Tensor square = state[1].mul_(beta2).addcmul_(gradient, gradient, 1 - beta2);
        Tensor root = square.sqrt().div_(Math.Sqrt(1 - Math.Pow(beta2, step))).add_(epsilon);
        parameter.addcdiv_(mean, root, -learningRate / (1 - Math.Pow(beta1, step)));
    }
}
