using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>The LeNet of Joo et al. 2023 (CIFAR-10): convolutions 32-32-64-64 in two stages, hidden layer of 256 units.</summary>
/// <remarks>
/// Kernel 3×3 with padding 1, a 2×2 pool behind each pair of convolutions. Modules and parameters are named as in
/// <see cref="SmallConvNetArchitecture"/>.
/// </remarks>
public sealed record LeNetArchitecture : NetworkArchitecture
{
    /// <summary>What the two pools take of each 2×2 window. <see cref="Pooling.Max"/>, the paper's, by default.</summary>
    public Pooling Pooling { get; init => field = Require.Defined(value); }

    /// <inheritdoc/>
    public override string FeatureLayer => "relu4";

    /// <inheritdoc/>
    public override nn.Module<Tensor, Tensor> Build(InputSpecification input, int classCount, Generator generator)
        => BuildLayers(input, classCount, generator);

    private protected override nn.Module<Tensor, Tensor> BuildLayers(InputSpecification input, int classCount, Generator? generator)
    {
        RequireSize(input, SmallConvNetArchitecture.MinimumSize);
        return SmallConvNetArchitecture.Chain(input, classCount, 32, 64, 256, Pooling, generator);
    }
}
