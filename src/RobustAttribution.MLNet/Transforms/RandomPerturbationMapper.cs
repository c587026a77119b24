using Microsoft.ML;
using Microsoft.ML.Runtime;
using RobustAttribution.Attributions;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Networks;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet;

/// <summary>Computes the columns of <see cref="RandomPerturbationTransformer"/>: all measures from the same draws.</summary>
internal sealed class RandomPerturbationMapper(IHostEnvironment env, DataViewSchema schema, NetworkHandle network, RandomPerturbationEstimator.Options options)
    : NetworkMapper(env, schema, network, options.ImageColumnName, null, options.BatchSize, [.. options.Similarities.Select(similarity => similarity.Column())])
{
    public override string Name => "RandomPerturbation";

    public override void Compute(in ImageBatchInput input, ImageNetwork network, OutputBuffer?[] outputs)
    {
        using var generator = new Generator((ulong)SplitMix64.Derive(options.Seed, 0, input.ContentSeed()), network.Device);
        Tensor images = input.Images;
        (Tensor clean, Tensor classes) = ExplainPredicted(network, images);
        Tensor reference = options.Reduction.Reduce(clean);
        Tensor?[] sums = new Tensor?[outputs.Length];
        for (int draw = 0; draw < options.Draws; draw++)
        {
            using IDisposable step = NewDisposeScope();
            Tensor disturbed = MapOf(options.ThreatModel.RandomStart(images, network.Input, generator));
            for (int i = 0; i < outputs.Length; i++)
            {
                if (outputs[i] is not null)
                {
                    Tensor similarity = options.Similarities[i].Similarity.Compare(reference, disturbed);
                    sums[i] = (sums[i] is { } sum ? sum + similarity : similarity).MoveToOuterDisposeScope();
                }
            }
        }

        for (int i = 0; i < outputs.Length; i++)
        {
            outputs[i]?.Fill(sums[i]! / options.Draws);
        }

        Tensor MapOf(Tensor images)
        {
            using IDisposable scope = NewDisposeScope();
            return options.Reduction.Reduce(options.Method.Attribute(network, images, classes)).MoveToOuterDisposeScope();
        }
    }

    private (Tensor Attribution, Tensor Classes) ExplainPredicted(ImageNetwork network, Tensor images)
    {
        if (options.Method is SinglePassAttribution method)
        {
            (Tensor attribution, Tensor logits) = method.AttributePredicted(network, images);
            return (attribution, logits.argmax(1));
        }

        using IDisposable mode = no_grad();
        Tensor classes = network.Logits(images).argmax(1);
        return (options.Method.Attribute(network, images, classes), classes);
    }
}
