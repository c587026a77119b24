using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using RobustAttribution.Attacks;
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

    private delegate Tensor Computation(Outcome outcome);

    public override string Name => "AttributionAttack";

    public override void Compute(in ImageBatchInput input, ImageNetwork network, OutputBuffer?[] outputs)
    {
        using var generator = new Generator((ulong)SplitMix64.Derive(options.Seed, 0, input.ContentSeed()), network.Device);
        var outcome = new Outcome(options, network, input.Images, generator);
        for (int i = 0; i < outputs.Length; i++)
        {
            outputs[i]?.Fill(values[i].Compute(outcome));
        }
    }

    private static List<Value> Columns(NetworkHandle network, AttributionAttackEstimator.Options options)
    {
        InputSpecification input = network.Input;
        float top = network.Images.PixelScale == PixelScale.Bytes ? 255 : 1;
        List<Value> values = [];
        if (options.OutputColumnName is { } attacked)
        {
            values.Add(new(new VectorColumn(attacked, [input.Channels, input.Height, input.Width]), outcome => outcome.Attack.Images * top));
        }

        if (options.AttackedMLImageColumnName is { } image)
        {
            values.Add(new(new AttackedImageColumn(image, input), outcome => outcome.Attack.Images));
        }

        if (options.CleanPredictedLabelColumnName is { } clean)
        {
            values.Add(new(network.LabelColumn(clean), outcome => outcome.Classes));
        }

        if (options.PredictedLabelColumnName is { } predicted)
        {
            values.Add(new(network.LabelColumn(predicted), outcome => outcome.AttackedClasses));
        }

        if (options.ValidColumnName is { } valid)
        {
            values.Add(new(new ScalarColumn<bool>(valid, BooleanDataViewType.Instance), outcome => outcome.Attack.Valid));
        }

        foreach (SimilarityColumn similarity in options.Similarities)
        {
            values.Add(new(similarity.Column(), outcome => outcome.Compare(similarity.Similarity)));
        }

        return values;
    }

    /// <summary>A column and what is in it.</summary>
    private readonly record struct Value(OutputColumn Column, Computation Compute);

    /// <summary>One attacked batch; each part is computed when the first column needs it. Its tensors belong to the dispose scope of the computation.</summary>
    private sealed class Outcome(AttributionAttackEstimator.Options options, ImageNetwork network, Tensor images, Generator generator)
    {
        private Tensor? cleanMap;
        private Tensor? attackedMap;

        public Tensor Classes => field ??= Predict(images);

        public Tensor AttackedClasses => field ??= Predict(Attack.Images);

        public AttackResult Attack => field ??= options.Attack.Perturb(network, images, Classes, generator);

        public Tensor Compare(Similarities.IMapSimilarity similarity)
        {
            cleanMap ??= Map(images);
            attackedMap ??= Map(Attack.Images);
            Tensor values = similarity.Compare(cleanMap, attackedMap); // [N], float64, CPU
            return where(Attack.Valid.cpu(), values, full_like(values, double.NaN));
        }

        private Tensor Predict(Tensor images)
        {
            using IDisposable mode = no_grad();
            return network.Logits(images).argmax(1);
        }

        private Tensor Map(Tensor images) => options.Reduction.Reduce(options.Method.Attribute(network, images, Classes));
    }
}
