using RobustAttribution.Networks;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks.Steps;

/// <summary>What is trained, where, and on how many images.</summary>
/// <param name="Batch">Images of 3×32×32.</param>
/// <param name="Precision">Of the library's training; the loops compute in float32.</param>
internal sealed record Setup(NetworkCase Network, ObjectiveCase Objective, int Batch, Device Device, Precision Precision)
{
    public static InputSpecification Input { get; } = new(3, 32, 32);

    /// <summary>The options of the library's training.</summary>
    public TrainingOptions Options(int epochs) => new()
    {
        Objective = Objective.Objective,
        Epochs = epochs,
        BatchSize = Batch,
        Optimizer = Objective.UsesSgd ? new Sgd() : new AdamW(),
        LearningRate = ObjectiveCase.LearningRate,
        GradientClipNorm = Objective.Clips ? 0.5 : null,
        Precision = Precision,
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
