using RobustAttribution.Networks;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>Finds batch normalisations that a batch of one image leaves without a variance.</summary>
internal static class ChannelStatistics
{
    /// <summary>The first batch normalisation in training mode to which one image gives one value per channel; null for none.</summary>
    /// <remarks>libtorch refuses none: it makes the running variance NaN. Leaves the network and the global generator as they are.</remarks>
    public static string? Undefined(ImageNetwork network)
    {
        (string Name, BatchNorm Module)[] training =
        [
            .. network.Backbone.named_modules()
                .Where(pair => pair.module is BatchNorm { training: true })
                .Select(pair => (pair.name, (BatchNorm)pair.module)),
        ];
        if (training.Length == 0)
        {
            return null;
        }

        string? found = null;
        using IDisposable scope = NewDisposeScope();
        using IDisposable gradients = no_grad();
        using IDisposable mode = network.WithMode(training: false);
        using Undo hooks = Undo.All(training.Select(entry => ForwardHooks.Before(entry.Module, x =>
        {
            found ??= x.numel() == x.shape[1] ? entry.Name : null; // [1,C] or [1,C,1,1]
            return null;
        })));
        Tensor former = get_rng_state();
        try
        {
            network.Logits(zeros([1, network.Input.Channels, network.Input.Height, network.Input.Width], network.DataType, network.Device));
        }
        finally
        {
            set_rng_state(former);
        }

        return found;
    }
}
