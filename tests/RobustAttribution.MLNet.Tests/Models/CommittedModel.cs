using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Similarities;

namespace RobustAttribution.MLNet.Tests.Models;

/// <summary>
/// The model files model-1.1.zip, model-1.2.zip, … in this folder, each in the format that the library wrote then, with every transformer it had, and beside each in model-….json
/// what it says of three images. Never made again: every later version must read them. A version that writes another format gets a file of its own.
/// </summary>
/// <remarks>Made by this assembly run as a program: dotnet RobustAttribution.MLNet.Tests.dll write-model FOLDER. The images are <see cref="TestImage.Make"/>'s, 3 with seed 4.</remarks>
internal static class CommittedModel
{
    /// <summary>The newest format that has a file: the largest that a part of a model file is written in.</summary>
    public const string Newest = "1.6";

    /// <summary>Where the build puts the committed file of a format.</summary>
    public static string PathOf(string format) => System.IO.Path.Combine(AppContext.BaseDirectory, "Models", $"model-{format}.zip");

    public static int Write(string folder)
    {
        var context = new MLContext(1);
        IDataView data = context.Data.LoadFromEnumerable(TestImage.Make(12));
        var pipeline = context.Transforms.Conversion.MapValueToKey("Label")
            .Append(context.Transforms.RobustImageClassification(new RobustAttributionImageClassificationTrainer.Options
            {
                Network = new SmallConvNetArchitecture { FirstStageChannels = 4, SecondStageChannels = 4, HiddenUnits = 8 },
                Objective = new CrossEntropy(),
                Activation = Activation.Softplus(3),
                Epochs = 3,
                BatchSize = 4,
                LearningRate = 0.01,
            }))
            .Append(context.Transforms.Saliency(new SaliencyEstimator.Options { Target = SaliencyTarget.Class("square"), SignedColumnName = "Signed", SeenImageColumnName = "Seen", OverlayPngColumnName = "OverlayPng", Reduction = new MapReduction(MapSign.Absolute, MapScale.Max) }))
            .Append(context.Transforms.AttributionAttack(new AttributionAttackEstimator.Options { Attack = new TopKAttack { K = 9, Steps = 1 }, Similarities = [new(new CosineSimilarity())] }))
            .Append(context.Transforms.RandomPerturbation())
            .Append(context.Transforms.SaliencyLocalization())
            .Append(context.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
        ITransformer model = pipeline.Fit(data);
        context.Model.Save(model, data.Schema, System.IO.Path.Combine(folder, $"model-{Newest}.zip"));
        File.WriteAllText(System.IO.Path.Combine(folder, $"model-{Newest}.json"), JsonSerializer.Serialize(Score(context, model, ["Score", "Saliency", "Signed", "Seen", "CosineSimilarity", "PredictedBox"])));
        return 0;
    }

    /// <summary>The values of three images by column.</summary>
    public static Dictionary<string, float[][]> Score(MLContext context, ITransformer model, IReadOnlyCollection<string> columns)
    {
        List<Rows.Row> rows = Rows.Read(model.Transform(context.Data.LoadFromEnumerable(TestImage.Make(3, seed: 4))), columns);
        return columns.ToDictionary(column => column, column => rows.Select(row => row.Values[column] as float[] ?? [(float)row.Values[column]]).ToArray());
    }
}
