using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Networks;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet;

/// <summary>Computes the columns of <see cref="AttributionAttackTransformer"/>.</summary>
internal sealed class AttributionAttackMapper : NetworkMapper
{
    private readonly AttributionAttackEstimator.Options options;
    private readonly List<Value> values;

    public AttributionAttackMapper(IHostEnvironment env, DataViewSchema schema, NetworkHandle network, AttributionAttackEstimator.Options options)
        : this(env, schema, network, options, Columns(network, options))
    {
    }

    private AttributionAttackMapper(IHostEnvironment env, DataViewSchema schema, NetworkHandle network, AttributionAttackEstimator.Options options, List<Value> values)
        : base(env, schema, network, options.ImageColumnName, null, options.BatchSize, values.ConvertAll(value => value.Column))
    {
        this.options = options;
        this.values = values;
    }

    private delegate Tensor Computation(AttackedImages attacked);

    public override string Name => "AttributionAttack";

    public override void Compute(in ImageBatchInput input, ImageNetwork network, OutputBuffer?[] outputs)
    {
        using var generator = new Generator((ulong)SplitMix64.Derive(options.Seed, 0, input.ContentSeed()), network.Device);
        using var clean = new ExplainedImages(new SaliencyMap(options.Method, options.Reduction), network, input.Images, null);
        using AttackedImages attacked = clean.Under(options.Attack, generator);
        for (int i = 0; i < outputs.Length; i++)
        {
            outputs[i]?.Fill(values[i].Compute(attacked));
        }
    }

    private static List<Value> Columns(NetworkHandle network, AttributionAttackEstimator.Options options)
    {
        InputSpecification input = network.Input;
        float top = network.Images.PixelScale == PixelScale.Bytes ? 255 : 1;
        List<Value> values = [];
        if (options.OutputColumnName is { } attacked)
        {
            values.Add(new(new VectorColumn(attacked, [input.Channels, input.Height, input.Width]), batch => batch.After.Images * top));
        }

        if (options.AttackedMLImageColumnName is { } image)
        {
            values.Add(new(new AttackedImageColumn(image, input), batch => batch.After.Images));
        }

        if (options.CleanPredictedLabelColumnName is { } clean)
        {
            values.Add(new(network.LabelColumn(clean), batch => batch.Before.Predicted));
        }

        if (options.PredictedLabelColumnName is { } predicted)
        {
            values.Add(new(network.LabelColumn(predicted), batch => batch.After.Predicted));
        }

        if (options.ValidColumnName is { } valid)
        {
            values.Add(new(new ScalarColumn<bool>(valid, BooleanDataViewType.Instance), batch => batch.Valid));
        }

        foreach (SimilarityColumn similarity in options.Similarities)
        {
            values.Add(new(similarity.Column(), batch => tensor(batch.Compare(similarity.Similarity))));
        }

        return values;
    }

    /// <summary>A column and what is in it.</summary>
    private readonly record struct Value(OutputColumn Column, Computation Compute);
}
