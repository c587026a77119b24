using Microsoft.ML;
using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Columns;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Scoring;

/// <summary>Adds predicted label and probabilities.</summary>
internal sealed class ClassificationMapper(IHostEnvironment env, DataViewSchema schema, NetworkHandle network, string scoreName, string predictedName)
    : BatchMapper(
        env,
        schema,
        network,
        ImageColumn.Bind(schema, network.Images.ColumnName, network.Input, network.Images.PixelScale, network.Images.Resize),
        labels: null,
        network.BatchSize,
        [ScoreColumns.PredictedLabel(predictedName, schema, network.ClassCount, network.ClassNames), ScoreColumns.Score(scoreName, schema, network)])
{
    public override string Name => "RobustImageClassification";

    public override void Compute(in ImageBatchInput input, Networks.ImageNetwork network, OutputBuffer?[] outputs)
    {
        using IDisposable mode = no_grad();
        Tensor logits = network.Logits(input.Images); // [N, K]
        outputs[0]?.Fill(logits.argmax(1));
        outputs[1]?.Fill(nn.functional.softmax(logits, 1));
    }
}
