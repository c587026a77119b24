using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Fixtures;

/// <summary>
/// What a method must leave as it was: the number of live tensors, each module's mode, the parameters' values and requires_grad, the buffers, the
/// activation.
/// Take it before, do the deed, then ask whether anything changed.
/// </summary>
internal sealed class NetworkState
{
    private readonly ImageNetwork network;
    private readonly long tensors;
    private readonly string state;

    private NetworkState(ImageNetwork network)
    {
        this.network = network;
        state = Describe();
        Settle();
        tensors = Tensor.TotalCount;
    }

    public static NetworkState Of(ImageNetwork network)
    {
        _ = new NetworkState(network); // the first look makes what is made once
        return new NetworkState(network);
    }

    /// <summary>Fails where something changed.</summary>
    /// <param name="what">Names the deed.</param>
    public void IsUnchanged(string what)
    {
        Assert.AreEqual(tensors, Tensor.TotalCount, $"{what}: live tensors");
        Assert.AreEqual(state, Describe(), what);
    }

    private static void Settle()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    private string Describe()
    {
        using var scope = NewDisposeScope();
        IEnumerable<string> lines =
        [
            $"activation {network.Activation}",
            $"gradients {is_grad_enabled()}",
            .. network.Backbone.named_modules().Select(module => $"{module.name} training={module.module.training}"),
            .. network.Backbone.named_parameters().Select(entry => $"{entry.name} {entry.parameter.requires_grad} {Sum(entry.parameter)}"),
            .. network.Backbone.named_buffers().Select(entry => $"{entry.name} {Sum(entry.buffer)}"),
        ];
        return string.Join('\n', lines);
    }

    private static string Sum(Tensor tensor) => string.Join(' ', Values.Of(tensor).Take(20).Select(value => value.ToString("R")));
}
