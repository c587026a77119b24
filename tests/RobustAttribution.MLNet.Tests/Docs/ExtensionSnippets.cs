using Microsoft.ML;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Objectives;
using RobustAttribution.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Tests.Docs;

/// <summary>The code of docs/how-to/write-your-own-attack-or-objective.md.</summary>
internal static class ExtensionSnippets
{
    #region Attack
    /// <summary>Empties the upper half of the map: lowers its share there.</summary>
    public sealed record UpperHalfAttack : MapAttack
    {
        public UpperHalfAttack() => Reduction = new MapReduction(MapSign.Absolute, MapScale.Sum);

        protected override Func<NetworkView, Tensor> Objective(NetworkView clean, NetworkView start)
        {
            long half = clean.Map.shape[1] / 2;
            return view => -view.Map.narrow(1, 0, half).sum([1, 2]); // [N]; higher is a stronger attack
        }
    }
    #endregion

    #region Objective
    /// <summary>Cross-entropy and w · mean ‖g_y‖²: small gradients (double back-propagation, Drucker and LeCun 1992).</summary>
    public sealed record GradientNormPenalty : TrainingObjective
    {
        public double Weight { get; init; } = 0.1;

        protected override (Tensor Logits, IReadOnlyList<Penalty> Penalties) Measure(TrainingBatch batch)
        {
            Tensor x = batch.Network.Normalize(batch.Images).requires_grad_(true);
            Tensor logits = batch.Network.LogitsOfNormalized(x);
            Tensor own = logits.gather(1, batch.Classes.unsqueeze(1)).sum();
            Tensor gradient = autograd.grad([own], [x], create_graph: true, retain_graph: true)[0]; // [N, C, H, W]
            return (logits, [new("gradient norm", Weight, gradient.square().flatten(1).sum(1).mean())]);
        }
    }
    #endregion

    public static (ITransformer Model, AttributionRobustnessMetrics Metrics) Use(MLContext mlContext, IDataView train, IDataView test, int epochs)
    {
        #region Use
        ComponentJson.Register<UpperHalfAttack>();
        ComponentJson.Register<GradientNormPenalty>();

        var pipeline = mlContext.Transforms.Conversion.MapValueToKey("Label")
            .Append(mlContext.Transforms.RobustImageClassification(new() { Objective = new GradientNormPenalty { Weight = 0.3 }, Epochs = epochs }))
            .Append(mlContext.Transforms.AttributionAttack(new UpperHalfAttack { Steps = 20 }));
        ITransformer model = pipeline.Fit(train);
        AttributionRobustnessMetrics metrics = mlContext.MulticlassClassification.EvaluateAttributionRobustness(model.Transform(test));
        #endregion
        return (model, metrics);
    }
}
