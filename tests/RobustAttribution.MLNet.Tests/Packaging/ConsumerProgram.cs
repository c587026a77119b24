using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Objectives;

namespace RobustAttribution.MLNet.Tests.Packaging;

/// <summary>
/// The program of <see cref="InstalledPackagesTests"/>. It is compiled here, so that it follows the library, and once more in a project that has
/// nothing but the packages.
/// </summary>
internal static class ConsumerProgram
{
    private const int Side = 12;

    public static int Run(string[] arguments)
    {
        switch (arguments)
        {
            case ["train", string folder]:
                Train(folder);
                return 0;
            case ["load", string folder]:
                Load(folder);
                return 0;
            default:
                return 64;
        }
    }

    private static void Train(string folder)
    {
        var mlContext = new MLContext(seed: 1);
        IDataView train = mlContext.Data.LoadFromEnumerable(Images(48, seed: 1));
        var pipeline = mlContext.Transforms.Conversion.MapValueToKey("Label")
            .Append(mlContext.Transforms.RobustImageClassification(new() { Objective = new LocalGradientAlignment(), Epochs = 2, BatchSize = 8 }))
            .Append(mlContext.Transforms.Saliency())
            .Append(mlContext.Transforms.Conversion.MapKeyToValue("Class", "PredictedLabel"));
        ITransformer model = pipeline.Fit(train);
        mlContext.Model.Save(model, train.Schema, Path.Combine(folder, "model.zip"));
        Write(mlContext, model, Path.Combine(folder, "train.json"));
    }

    /// <summary>Knows ML.NET alone.</summary>
    private static void Load(string folder)
    {
        var mlContext = new MLContext();
        ITransformer model = mlContext.Model.Load(Path.Combine(folder, "model.zip"), out _);
        Write(mlContext, model, Path.Combine(folder, "load.json"));
    }

    private static void Write(MLContext mlContext, ITransformer model, string path)
    {
        IDataView rows = model.Transform(mlContext.Data.LoadFromEnumerable(Images(9, seed: 2)));
        File.WriteAllText(path, JsonSerializer.Serialize(mlContext.Data.CreateEnumerable<Explanation>(rows, reuseRowObject: false)));
    }

    /// <summary>Images 1×12×12 in 0…255: a bright bar, lying or upright, or a square, on noise.</summary>
    private static List<LabelledImage> Images(int count, int seed)
    {
        var random = new Random(seed);
        string[] labels = ["lying", "upright", "square"];
        return [.. Enumerable.Range(0, count).Select(i => Draw(i % 3))];

        LabelledImage Draw(int kind)
        {
            int place = random.Next(1, Side - 1);
            bool Bright(int y, int x) => kind switch
            {
                0 => y == place,
                1 => x == place,
                _ => Math.Abs(y - place) <= 1 && Math.Abs(x - place) <= 1,
            };
            float[] image = [.. Enumerable.Range(0, Side * Side).Select(i => random.Next(60) + (Bright(i / Side, i % Side) ? 180 : 0f))];
            return new LabelledImage { Image = image, Label = labels[kind] };
        }
    }

    internal sealed class LabelledImage
    {
        [VectorType(1, Side, Side)]
        public float[] Image { get; set; } = [];

        public string Label { get; set; } = string.Empty;
    }

    internal sealed class Explanation
    {
        public string Class { get; set; } = string.Empty;

        public float[] Score { get; set; } = [];

        public float[] Saliency { get; set; } = [];
    }
}
