using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks.Steps;

/// <summary>A network of the comparison, twice: the library's and one of plain modules.</summary>
/// <param name="Name">As <c>--networks</c> names it.</param>
internal sealed record NetworkCase(string Name, NetworkArchitecture Architecture, Func<ActivationSwitch, nn.Module<Tensor, Tensor>> Plain)
{
    public static IReadOnlyList<NetworkCase> All { get; } =
    [
        new("small", NetworkArchitecture.SmallConvNet, activation => PlainNetworks.Chain(16, 32, 128, activation)),
        new("lenet", NetworkArchitecture.LeNet, activation => PlainNetworks.Chain(32, 64, 256, activation)),
        new("resnet18", NetworkArchitecture.ResNet18ForSmallImages, PlainNetworks.ResNet18),
    ];
}

/// <summary>An objective of the comparison.</summary>
/// <param name="Name">As <c>--only</c> names it.</param>
/// <param name="Objective">The library's.</param>
/// <param name="Beta">Softplus β of the trained network; null for ReLU.</param>
/// <param name="UsesSgd">SGD with Nesterov's momentum (Singh et al. 2020), else AdamW (Joo et al. 2023).</param>
/// <param name="Clips">Whether gradients are clipped to norm 0.5 (Joo et al. 2023).</param>
internal sealed record ObjectiveCase(string Name, ITrainingObjective Objective, double? Beta, bool UsesSgd, bool Clips);

/// <summary>The objectives by name.</summary>
internal static class Objectives
{
    public const double LearningRate = 1e-3;

    public static IReadOnlyList<ObjectiveCase> All { get; } =
    [
        new("ce", new CrossEntropy(), null, UsesSgd: false, Clips: false),
        new("pgd", new AdversarialCrossEntropy(), null, UsesSgd: true, Clips: false),
        new("hessian", new HessianNormPenalty(), 3, UsesSgd: false, Clips: true),
        new("aga", new LocalGradientAlignment(), 3, UsesSgd: false, Clips: true),
        new("aga-attached", new LocalGradientAlignment { AttachSourceGradient = true }, 3, UsesSgd: false, Clips: true),
        new("art", new SpatialAlignment(), null, UsesSgd: true, Clips: false),
    ];
}

/// <summary>What is trained, where, and on how many images.</summary>
internal sealed record Setup(NetworkCase Network, ObjectiveCase Objective, int Batch, Device Device, string Precision)
{
    public static InputSpecification Input { get; } = new(3, 32, 32);

    /// <summary>The options of the library's training: the one place that passes the precision on.</summary>
    public TrainingOptions Options(int epochs) => new()
    {
        Objective = Objective.Objective,
        Epochs = epochs,
        BatchSize = Batch,
        Optimizer = Objective.UsesSgd ? new Sgd() : new AdamW(),
        LearningRate = Objectives.LearningRate,
        GradientClipNorm = Objective.Clips ? 0.5 : null,
    };

    /// <summary>The library's network; the same weights each time.</summary>
    public ImageNetwork NewNetwork()
    {
        using var generator = new Generator(1, CPU);
        Activation activation = Objective.Beta is double beta ? Activation.Softplus(beta) : Activation.Relu;
        return ImageNetwork.Create(Network.Architecture, Input, 10, activation, generator);
    }

    /// <summary>Images [N,3,32,32] in [0, 1] and classes [N]; the same each time.</summary>
    public (Tensor Images, Tensor Classes) NewBatch()
    {
        using IDisposable scope = NewDisposeScope();
        using var generator = new Generator(2, CPU);
        Tensor images = rand([Batch, 3, 32, 32], ScalarType.Float32, CPU, generator: generator).to(Device);
        Tensor classes = arange(Batch, ScalarType.Int64, Device).remainder(10);
        return (images.DetachFromDisposeScope(), classes.DetachFromDisposeScope());
    }
}
