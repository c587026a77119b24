using Microsoft.ML;
using Microsoft.ML.Data;

namespace RobustAttribution.Examples.ExplainWithoutTorch;

/// <summary>The same file in an ML.NET pipeline.</summary>
internal sealed class OnnxPipeline(OnnxClassifier classifier, string path)
{
    public IEnumerable<Explanation> Explain(IEnumerable<string> files)
    {
        var context = new MLContext();
        var pixels = SchemaDefinition.Create(typeof(PixelRow));
        pixels["Image"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, classifier.Channels, classifier.Height, classifier.Width);
        var pipeline = context.Transforms
            .CustomMapping<FileRow, PixelRow>((from, to) => to.Image = NetworkImage.Read(from.Path, classifier), contractName: null, outputSchemaDefinition: pixels)
            .Append(context.Transforms.ApplyOnnxModel(["PredictedIndex", "Probability", classifier.MapName], ["Image"], path))
            .Append(context.Transforms.CopyColumns("Map", classifier.MapName));
        IDataView rows = context.Data.LoadFromEnumerable(files.Select(file => new FileRow { Path = file }));
        return context.Data.CreateEnumerable<AnswerRow>(pipeline.Fit(rows).Transform(rows), reuseRowObject: true)
            .Select(row => new Explanation((int)row.PredictedIndex[0], [.. row.Probability], [.. row.Map]));
    }

    private sealed class FileRow
    {
        public string Path { get; set; } = string.Empty;
    }

    private sealed class PixelRow
    {
        public float[] Image { get; set; } = [];
    }

    private sealed class AnswerRow
    {
        public long[] PredictedIndex { get; set; } = [];

        public float[] Probability { get; set; } = [];

        public float[] Map { get; set; } = [];
    }
}
