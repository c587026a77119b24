using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace RobustAttribution.MLNet.Tests.Docs;

/// <summary>From a saved model to a PNG file of one image's own size.</summary>
internal static class ExplanationSnippets
{
    public static void Show(string path, string photo, string output)
    {
        #region Show
        var mlContext = new MLContext();
        ITransformer model = mlContext.Model.Load(path, out _); // of pipeline LoadImages("Image", …), RobustImageClassification
        IDataView scored = model.Transform(mlContext.Data.LoadFromEnumerable([new PipelineSnippets.ImageFile { Path = photo }]));

        var saliency = mlContext.Transforms.Saliency(new SaliencyEstimator.Options
        {
            OutputColumnName = "Map",
            OverlayPngColumnName = "OverlayPng",
            SourceImageColumnName = "Image", // the photograph itself: the file has its size
        });
        byte[] png = saliency.Fit(scored).Transform(scored).GetColumn<byte[]>("OverlayPng").Single();
        File.WriteAllBytes(output, png);
        #endregion
        (model as IDisposable)?.Dispose();
    }

    public static Answer Explain(MLContext mlContext, RobustAttributionModelTransformer classifier, byte[] upload)
    {
        #region Upload
        IDataView scored = classifier.Transform(mlContext.Data.LoadFromEnumerable(Array.Empty<Photo>()));
        var saliency = mlContext.Transforms.Saliency(new SaliencyEstimator.Options
        {
            HeatMapPngColumnName = "HeatMapPng", OverlayPngColumnName = "OverlayPng", SourceImageColumnName = "Image",
        });
        ITransformer model = new TransformerChain<ITransformer>(classifier, saliency.Fit(scored));
        var engine = mlContext.Model.CreatePredictionEngine<Photo, Answer>(model, new PredictionEngineOptions { OwnsTransformer = false });

        using MLImage image = ImageDecoder.Decode(upload, "upload.jpg", maximumPixels: 16_000_000); // upright, whole, not too large
        Answer answer = engine.Predict(new Photo { Image = image });
        #endregion
        return answer;
    }

    #region UploadTypes
    public sealed class Photo
    {
        [ImageType(1, 1)] // ML.NET wants a size, and holds no image to it
        public MLImage? Image { get; set; }
    }

    public sealed class Answer
    {
        public float[] Score { get; set; } = [];

        public byte[] HeatMapPng { get; set; } = [];

        public byte[] OverlayPng { get; set; } = [];
    }
    #endregion
}
