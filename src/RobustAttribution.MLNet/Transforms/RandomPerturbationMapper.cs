using Microsoft.ML;
using Microsoft.ML.Runtime;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Networks;
using RobustAttribution.Training;
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
        int[] active = [.. Enumerable.Range(0, outputs.Length).Where(i => outputs[i] is not null)];
        RobustnessMeasurement measurement = RobustnessMeasurement.RandomPerturbation(options.ThreatModel, options.Draws) with
        {
            Map = new SaliencyMap(options.Method, options.Reduction),
            Similarities = [.. active.Select(i => options.Similarities[i].Similarity)],
        };
        double[][] means =
        [
            .. measurement.MeasureBatch(network, input.Images, null, generator)
                .GroupBy(row => row.Image)
                .Select(draws => RobustnessRow.MeanSimilarities([.. draws])),
        ];
        foreach ((int measure, int output) in active.Index())
        {
            outputs[output]!.Fill(tensor(Array.ConvertAll(means, image => image[measure])));
        }
    }
}
