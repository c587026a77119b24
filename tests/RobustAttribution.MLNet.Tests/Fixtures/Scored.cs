using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;

namespace RobustAttribution.MLNet.Tests.Fixtures;

/// <summary>A context with tiny pictures and a classifier trained on them for an epoch.</summary>
internal sealed class Scored : IDisposable
{
    public const int BatchSize = 4;

    public Scored(int count = 11, Activation? activation = null)
    {
        CountingArchitecture.Register();
        Context = new MLContext(seed: 1);
        Raw = Context.Data.Cache(Context.Data.LoadFromEnumerable(Picture.Make(count))); // cached, so that it can be shuffled
        ITransformer keys = Context.Transforms.Conversion.MapValueToKey("Label").Fit(Context.Data.LoadFromEnumerable(Picture.Make(12)));
        Data = keys.Transform(Raw);
        Model = Context.Transforms.RobustImageClassification(Options(activation)).Fit(keys.Transform(Context.Data.LoadFromEnumerable(Picture.Make(12))));
        View = Model.Transform(Data);
        Chain = new TransformerChain<RobustAttributionModelTransformer>(keys, Model);
    }

    public MLContext Context { get; }

    /// <summary>Image, Label as text, Id.</summary>
    public IDataView Raw { get; }

    /// <summary>Image, Label as key, Id.</summary>
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
