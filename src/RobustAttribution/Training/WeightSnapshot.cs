using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>A copy of a network's parameters and buffers.</summary>
internal sealed class WeightSnapshot(IEnumerable<(string Name, Tensor Value)> weights, int epoch) : IDisposable
{
    private readonly (string Name, Tensor Value)[] copies = [.. weights.Select(pair => (pair.Name, Copy(pair.Value)))];

    /// <summary>The epoch, from 1, at whose end the copy was made.</summary>
    public int Epoch { get; } = epoch;

    /// <summary>The copies by name.</summary>
    public IEnumerable<(string Name, Tensor Value)> Tensors => copies;

    /// <summary>Parameters and buffers of a network by their names in the backbone.</summary>
    public static IEnumerable<(string Name, Tensor Value)> Of(ImageNetwork network)
        => TrainedParameters.All(network).Concat(network.Backbone.named_buffers().Select(pair => (pair.name, pair.buffer)));

    /// <summary>Writes the copies back.</summary>
    public void Restore(ImageNetwork target)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = no_grad();
        foreach (((_, Tensor value), (_, Tensor copy)) in Of(target).Zip(copies))
        {
            value.copy_(copy);
        }
    }

    public void Dispose()
    {
        foreach ((_, Tensor value) in copies)
        {
            value.Dispose();
        }
    }

    private static Tensor Copy(Tensor value)
    {
        using IDisposable mode = no_grad();
        return value.clone().DetachFromDisposeScope();
    }
}
