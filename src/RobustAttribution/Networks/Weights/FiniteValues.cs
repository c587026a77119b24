using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>Finds values that are not finite among named tensors.</summary>
internal static class FiniteValues
{
    /// <summary>The name of the first tensor with a value that is not finite; null for none. Waits for the device once.</summary>
    public static string? FirstOther(IEnumerable<(string Name, Tensor Value)> tensors)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = no_grad();
        (string Name, Tensor Value)[] floating = [.. tensors.Where(entry => entry.Value.is_floating_point())];
        if (floating.Length == 0)
        {
            return null;
        }

        Tensor finite = stack([.. floating.Select(entry => entry.Value.isfinite().all())]).cpu();
        int first = Array.IndexOf(finite.data<bool>().ToArray(), false);
        return first < 0 ? null : floating[first].Name;
    }

    /// <summary>The tensor with the largest magnitude.</summary>
    public static (string Name, double Value) Largest(IEnumerable<(string Name, Tensor Value)> tensors)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = no_grad();
        return tensors.Where(entry => entry.Value.is_floating_point() && entry.Value.numel() > 0)
            .Select(entry => (entry.Name, Value: entry.Value.abs().max().to(ScalarType.Float64).ToDouble()))
            .MaxBy(entry => entry.Value);
    }
}
