using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;

namespace RobustAttribution.MLNet.Tests.Fixtures;

/// <summary>A context with tiny images and a classifier trained on them for an epoch.</summary>
internal sealed class Scored : IDisposable
{
    public const int BatchSize = 4;

    /// <param name="count">Rows of the data.</param>
    /// <param name="activation">The network's.</param>
    /// <param name="change">Changes what <see cref="Options"/> says.</param>
    /// <param name="largest">The vectors are in 0 to this.</param>
    /// <param name="images">Whether the data has the images in red too, as MLImages of 8×8 in the column "Photo".</param>
    public Scored(int count = 11, Activation? activation = null, Func<RobustAttributionImageClassificationTrainer.Options, RobustAttributionImageClassificationTrainer.Options>? change = null, float largest = 255, bool images = false)
    {
        CountingArchitecture.Register();
        Context = new MLContext(seed: 1);
        Raw = Context.Data.Cache(Load(count)); // cached, so that it can be shuffled
        IEstimator<ITransformer> mapping = Context.Transforms.Conversion.MapValueToKey("Label");
        ITransformer keys = (images ? mapping.Append(Context.Transforms.ConvertToImage(TestImage.Side, TestImage.Side, "Photo", "Image", ImagePixelExtractingEstimator.ColorBits.Red)) : mapping).Fit(Load(12));
        Data = keys.Transform(Raw);
        RobustAttributionImageClassificationTrainer.Options options = Options(activation);
        options = change is null ? options : change(options);
        Model = Context.Transforms.RobustImageClassification(options).Fit(keys.Transform(Load(12)));
        View = Model.Transform(Data);
        Chain = new TransformerChain<RobustAttributionModelTransformer>(keys, Model);

        IDataView Load(int rows)
        {
            List<TestImage> images = TestImage.Make(rows);
            images.ForEach(image => image.Image = [.. image.Image.Select(value => value * (largest / 255))]);
            return Context.Data.LoadFromEnumerable(images);
        }
    }


    public MLContext Context { get; }

    /// <summary>Image, Label as text, Id.</summary>
    public IDataView Raw { get; }

    /// <summary>Image, Label as key, Id; TestImage if asked for.</summary>
    public IDataView Data { get; }

    public RobustAttributionModelTransformer Model { get; }

    /// <summary>The data with PredictedLabel and Score.</summary>
    public IDataView View { get; }

    /// <summary>Key mapping and model.</summary>
    public TransformerChain<RobustAttributionModelTransformer> Chain { get; }

    public static RobustAttributionImageClassificationTrainer.Options Options(Activation? activation = null) => new()
    {
        Network = new CountingArchitecture(),
        Activation = activation ?? Activation.Softplus(3),
        Objective = new CrossEntropy(),
        Epochs = 1,
        BatchSize = BatchSize,
    };

    public void Dispose() => Model.Dispose();
}
