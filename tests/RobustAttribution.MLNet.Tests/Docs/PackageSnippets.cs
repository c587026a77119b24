using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Training;
using TorchSharp;

namespace RobustAttribution.MLNet.Tests.Docs;

/// <summary>The code of the README in the package RobustAttribution.</summary>
internal static class PackageSnippets
{
    public static (long[] Map, long[] Attacked) Tensors(torch.Tensor images, torch.Tensor classes, int epochs)
    {
        #region Tensors
        using var generator = new torch.Generator(1);
        using var network = ImageNetwork.Create(NetworkArchitecture.SmallConvNet, new InputSpecification(1, 28, 28), classCount: 10, Activation.Relu, generator);
        var trainer = new RobustTrainer(new TrainingOptions { Objective = new LocalGradientAlignment(), Epochs = epochs });
        trainer.Fit(network, new TensorBatchSource(images, classes));

        using torch.Tensor map = new IntegratedGradients { Steps = 20 }.Attribute(network, images, classes); // [N, C, H, W], signed
        using AttackResult attacked = new TopKAttack { ThreatModel = new LinfBall(8 / 255.0) }.Perturb(network, images, classes, generator);
        #endregion
        return (map.shape, attacked.Images.shape);
    }
}
