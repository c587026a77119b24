using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Fixtures;

/// <summary>The weights and images of GoldenValues/Networks/make_networks.py: functions of the position alone, so that no file holds them.</summary>
internal static class FormulaWeights
{
    /// <summary>Parameter or buffer number t in the ordinal order of the names, value i: sin(0.37 i + t), scaled as the script scales it.</summary>
    public static void Fill(nn.Module module)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        (string Name, Tensor Value)[] state =
        [
            .. module.named_parameters().Select(entry => (entry.name, (Tensor)entry.parameter))
                .Concat(module.named_buffers())
                .OrderBy(entry => entry.Item1, StringComparer.Ordinal),
        ];
        for (int t = 0; t < state.Length; t++)
        {
            (string name, Tensor value) = state[t];
            long count = value.numel();
            Func<double, double> scaled = 0 switch
            {
                _ when name.EndsWith("num_batches_tracked", StringComparison.Ordinal) => _ => t,
                _ when name.EndsWith("running_var", StringComparison.Ordinal) => wave => 1 + (0.5 * wave),
                _ when value.dim() == 1 && name.EndsWith("weight", StringComparison.Ordinal) => wave => 1 + (0.3 * wave),
                _ when value.dim() > 1 => wave => wave * Math.Sqrt(2.0 / (count / value.shape[0])),
                _ => wave => 0.1 * wave,
            };
            double[] values = [.. Enumerable.Range(0, (int)count).Select(i => scaled(Math.Sin((0.37 * i) + t)))];
            value.copy_(tensor(values, ScalarType.Float64, CPU).reshape(value.shape));
        }
    }

    /// <summary>0.5 + sin(0.11 i + 0.5)/2.</summary>
    public static Tensor Images(params long[] shape)
    {
        int count = (int)shape.Aggregate(1L, (product, size) => product * size);
        return tensor([.. Enumerable.Range(0, count).Select(i => 0.5 + (0.5 * Math.Sin((0.11 * i) + 0.5)))], ScalarType.Float64, CPU).reshape(shape);
    }
}
