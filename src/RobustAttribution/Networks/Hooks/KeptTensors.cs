using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>Tensors that hooks keep.</summary>
internal static class KeptTensors
{
    /// <summary>Moves a tensor to a scope that outlives those within the network.</summary>
    public static Tensor KeptIn(this Tensor tensor, DisposeScope scope)
    {
        scope.Attach(tensor);
        return tensor;
    }
}
