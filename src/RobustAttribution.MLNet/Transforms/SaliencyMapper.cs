using Microsoft.ML;
using Microsoft.ML.Runtime;
using RobustAttribution.Attributions;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet;

/// <summary>Computes the columns of <see cref="SaliencyTransformer"/>.</summary>
internal sealed class SaliencyMapper : NetworkMapper
{
    private readonly SaliencyEstimator.Options options;
    private readonly int? fixedClass;

    public SaliencyMapper(IHostEnvironment env, DataViewSchema schema, NetworkHandle network, SaliencyEstimator.Options options)
        : base(env, schema, network, options.ImageColumnName, options.Target.ColumnName, options.BatchSize, Columns(network, options))
    {
        this.options = options;
        fixedClass = FixedClass(network, options.Target);
    }

    public override string Name => "Saliency";

    public override void Compute(in ImageBatchInput input, ImageNetwork network, OutputBuffer?[] outputs)
    {
        Tensor[] signed = Attribute(input, network); // n of [N, C, H, W]
        using IDisposable mode = no_grad();
        Tensor[] maps = Array.ConvertAll(signed, options.Reduction.Reduce); // n of [N, H, W]
        if (input.Classes is not null)
        {
            maps[0] = maps[0].masked_fill(input.Classes.lt(0).reshape(-1, 1, 1), double.NaN);
        }

        outputs[0]?.Fill(maps.Length == 1 ? maps[0] : stack(maps, 1)); // [N, H, W] or [N, n, H, W]
        for (int i = 1; i < outputs.Length; i++)
        {
            switch (outputs[i])
            {
                case VectorBuffer seen when Outputs[i].Name == options.SeenImageColumnName:
                    seen.Fill(input.Images * (Network.Images.PixelScale == PixelScale.Bytes ? 255 : 1));
                    break;
                case VectorBuffer attributions:
                    attributions.Fill((signed[0] * (signed[0].shape[1] / (double)Network.Input.Channels)).expand_as(input.Images));
                    break;
                case SaliencyImageBuffer images:
                    images.Fill(input.Images, maps[0]);
                    break;
            }
        }
    }

    /// <summary>The attributions of the n classes to explain, each [N, C, H, W] or [N, 1, H, W]; of class 0 where the label is missing.</summary>
    private Tensor[] Attribute(in ImageBatchInput input, ImageNetwork network)
    {
        Tensor images = input.Images;
        bool predicted = input.Classes is null && fixedClass is null && options.Target.Count == 1;
        if (predicted && options.Activation is null && options.Method is SinglePassAttribution method)
        {
            return [method.AttributePredicted(network, images).Attribution]; // the forward pass that finds the class explains it
        }

        Tensor classes = Classes(input, network);
        using IDisposable? activation = options.Activation is null ? null : network.WithActivation(options.Activation);
        return [.. Enumerable.Range(0, options.Target.Count).Select(i => options.Method.Attribute(network, images, classes.select(1, i)))];
    }

    /// <summary>[N, n], int64: the classes to explain; 0 where the label is missing.</summary>
    private Tensor Classes(in ImageBatchInput input, ImageNetwork network)
    {
        if (input.Classes is not null)
        {
            return input.Classes.clamp_min(0).unsqueeze(1);
        }

        if (fixedClass is int index)
        {
            return full([input.Images.shape[0], 1], index, ScalarType.Int64, network.Device);
        }

        using IDisposable mode = no_grad();
        return network.Logits(input.Images).topk(options.Target.Count, 1).indexes;
    }

    private static List<OutputColumn> Columns(NetworkHandle network, SaliencyEstimator.Options options)
    {
        (int channels, int height, int width) = (network.Input.Channels, network.Input.Height, network.Input.Width);
        int count = options.Target.Count;
        if (count > network.ClassCount)
        {
            throw new ArgumentException($"Target asks for the {count} most probable classes; the network has {network.ClassCount}.");
        }

        List<OutputColumn> columns = [new VectorColumn(options.OutputColumnName, count == 1 ? [height, width] : [count, height, width])];
        if (options.SignedColumnName is { } signed)
        {
            columns.Add(new VectorColumn(signed, [channels, height, width]));
        }

        if (options.SeenImageColumnName is { } seen)
        {
            columns.Add(new VectorColumn(seen, [channels, height, width]));
        }

        if (options.HeatMapColumnName is { } heatMap)
        {
            columns.Add(new SaliencyImageColumn(heatMap, network.Input, overlay: false));
        }

        if (options.OverlayColumnName is { } overlay)
        {
            columns.Add(new SaliencyImageColumn(overlay, network.Input, overlay: true));
        }

        return columns;
    }

    private static int? FixedClass(NetworkHandle network, SaliencyTarget target)
    {
        if (target.ClassName is { } name)
        {
            IReadOnlyList<string> names = network.ClassNames?.Names
                ?? throw new ArgumentException($"Target is the class '{name}', but the network's classes have no names; use SaliencyTarget.Class(index).");
            int index = names.ToList().IndexOf(name);
            return index >= 0 ? index : throw new ArgumentException($"Target is the class '{name}'; the network's classes are {string.Join(", ", names)}.");
        }

        return target.ClassIndex is not int given || given < network.ClassCount
            ? target.ClassIndex
            : throw new ArgumentException($"Target is the class with index {given}; the network's classes are 0 to {network.ClassCount - 1}.");
    }
}
