using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Tests.Fixtures;

/// <summary>TorchVision's ResNet-18 as a user brings it.</summary>
public sealed record VisionResNet : NetworkArchitecture
{
    /// <summary>Logits whatever the number of classes; null for one for each.</summary>
    public int? Logits { get; init; }

    public override string FeatureLayer => "layer4";

    public override string PooledHead => "fc";

    public override nn.Module<Tensor, Tensor> Build(InputSpecification input, int classCount, Generator generator)
        => torchvision.models.resnet18(num_classes: Logits ?? classCount);
}
