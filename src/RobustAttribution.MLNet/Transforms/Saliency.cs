using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using RobustAttribution.Attributions;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Drawing;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Networks;
using RobustAttribution.Serialization;
using static TorchSharp.torch;

[assembly: LoadableClass(
    typeof(RobustAttribution.MLNet.SaliencyTransformer),
    null,
    typeof(SignatureLoadModel),
    "Saliency maps",
    RobustAttribution.MLNet.SaliencyTransformer.LoaderSignature)]

namespace RobustAttribution.MLNet;

/// <summary>Adds saliency maps of the network that a Score column carries. Made by <c>mlContext.Transforms.Saliency</c>.</summary>
public sealed class SaliencyEstimator : NetworkEstimator<SaliencyEstimator.Options, SaliencyTransformer>
{
    internal SaliencyEstimator(IHostEnvironment environment, Options options)
        : base(new SaliencyTransformer(environment, Require.NotNull(options, nameof(options))))
    {
        options.Target.Validate();
        options.RequireUsedSource();
    }

    /// <summary>What to explain and how. Each option checks its value when it is set.</summary>
    public sealed record Options : NetworkOptions
    {
        /// <summary>The new column of maps: vectors of H×W values (n×H×W for <see cref="SaliencyTarget.Top"/>). "Saliency" by default.</summary>
        public string OutputColumnName { get; init => field = Require.NotNull(value); } = "Saliency";

        /// <summary>
        /// A new column of the attribution before it is reduced: vectors of C×H×W signed values; the values of a method without channels are spread
        /// evenly over them. Null, the default, for none.
        /// </summary>
        public string? SignedColumnName { get; init; }

        /// <summary>
        /// A new column of the images as the network sees them: brought to its size, vectors of C×H×W values in the range that the model was trained
        /// on. Null, the default, for none.
        /// </summary>
        public string? SeenImageColumnName { get; init; }

        /// <summary>A new column of the map in colours, an MLImage of the network's size. Null, the default, for none.</summary>
        /// <remarks>
        /// An image belongs to the cursor or <c>PredictionEngine</c> that gave it, which frees it with its next row: use it before, or take
        /// <see cref="HeatMapPngColumnName"/> where engines are pooled.
        /// </remarks>
        public string? HeatMapColumnName { get; init; }

        /// <summary>A new column of the image with the map laid over it, an MLImage of the network's size. Null, the default, for none.</summary>
        /// <remarks>Freed with the next row, see <see cref="HeatMapColumnName"/>; <see cref="OverlayPngColumnName"/> is not.</remarks>
        public string? OverlayColumnName { get; init; }

        /// <summary>
        /// A new column of the map in colours as a PNG file: a vector of bytes that is the caller's own, of the network's size or, with
        /// <see cref="SourceImageColumnName"/>, of the image's. Null, the default, for none.
        /// </summary>
        public string? HeatMapPngColumnName { get; init; }

        /// <summary>
        /// A new column of the image with the map laid over it as a PNG file, as <see cref="HeatMapPngColumnName"/>. Null, the default, for none.
        /// </summary>
        public string? OverlayPngColumnName { get; init; }

        /// <summary>
        /// A column of MLImages of any size, e.g. the user's photographs: PNG files have the size of the row's image, and the map lies where the
        /// network saw it. Null, the default, draws PNG files in the network's size.
        /// </summary>
        /// <remarks>Pixels whose centre the network did not see, as <see cref="ResizePolicy.Crop"/> cuts them off, are those of the image.</remarks>
        public string? SourceImageColumnName { get; init; }

        /// <summary>
        /// How the images of <see cref="SourceImageColumnName"/> became the network's input. Null, the default, is the model's own policy for
        /// MLImages; required where the model reads vectors.
        /// </summary>
        public ResizePolicy? SourceResize { get; init => field = value is { } policy ? Require.Defined(policy) : null; }

        /// <summary>The class explained. The predicted one by default.</summary>
        public SaliencyTarget Target { get; init => field = Require.NotNull(value); } = SaliencyTarget.Predicted;

        /// <summary>
        /// The activation to explain with instead of the network's own, e.g. softplus β = 50 as ART; the prediction stays the network's. Null, the
        /// default, for its own.
        /// </summary>
        public Activation? Activation { get; init; }

        internal void RequireUsedSource()
        {
            if (SourceImageColumnName is not null && HeatMapPngColumnName is null && OverlayPngColumnName is null)
            {
                throw new ArgumentException(
                    $"SourceImageColumnName is '{SourceImageColumnName}', but HeatMapPngColumnName and OverlayPngColumnName are null; set one of"
                    + " them: only PNG files have the size of the source image.");
            }

            if (SourceResize is not null && SourceImageColumnName is null)
            {
                throw new ArgumentException(
                    $"SourceResize is {SourceResize}, but SourceImageColumnName is null; set it to a column of MLImages.");
            }
        }
    }
}

/// <summary>Adds saliency maps. Holds no network: it explains the one that the Score column carries.</summary>
public sealed class SaliencyTransformer : NetworkTransformer<SaliencyEstimator.Options>
{
    internal const string LoaderSignature = "RobustSaliency";
    private static readonly ModelFormat Format = new("RBATTSAL", LoaderSignature, 0x00010006, readableBy: 0x00010006); // 1.6: source images

    internal SaliencyTransformer(IHostEnvironment environment, SaliencyEstimator.Options options)
        : base(environment, options, "Saliency", Format)
    {
    }

    private protected override ColumnList Columns => new ColumnList<Explanation>(
        batch => new(Options, batch),
        new(Options.OutputColumnName, MapResize.Annotate(ColumnKind.Vector(MapDimensions), Options.ImageColumnName), it => it.Maps),
        new(Options.SignedColumnName, ColumnKind.Pixels, it => it.SignedPixels),
        new(Options.SeenImageColumnName, ColumnKind.Pixels, it => it.SeenImages),
        new(Options.HeatMapColumnName, ColumnKind.Image((map, input) => DrawHeatMap(map, input).ToImage()), it => it.FirstMap),
        new(Options.OverlayColumnName, ColumnKind.Image((both, input) => DrawOverlay(both, input).ToImage()), it => it.ImageAndFirstMap),
        new(Options.HeatMapPngColumnName, Png((map, input) => DrawHeatMap(map, input).ToPng(), opacity: null), it => it.FirstMap),
        new(
            Options.OverlayPngColumnName,
            Png((both, input) => DrawOverlay(both, input).ToPng(), SaliencyImage.DefaultOpacity),
            it => Options.SourceImageColumnName is null ? it.ImageAndFirstMap : it.FirstMap));

    /// <summary>The map as an output of an ONNX file.</summary>
    /// <exception cref="ArgumentException">It is of another class than the predicted one, or of another activation than the network's.</exception>
    internal (string Name, SaliencyMap Map) ToOnnx()
    {
        string? other = !Options.Target.IsPredicted ? $"Target is {Options.Target}; allowed is SaliencyTarget.Predicted"
            : Options.Activation is { } activation ? $"Activation is {activation}; allowed is null, the network's own"
            : null;
        return other is null ? (Options.OutputColumnName, Options.Map) : throw new ArgumentException(
            $"Saliency column '{Options.OutputColumnName}' cannot be saved as ONNX: {other}. List the maps in OnnxExportOptions.Maps; the file"
            + " takes the class to explain in its input TargetClass.");
    }

    private protected override (string Option, string? Column) Label => ("Target.ColumnName", Options.Target.ColumnName);

    private protected override (string Option, string? Column) Source => (nameof(Options.SourceImageColumnName), Options.SourceImageColumnName);

    private protected override void Check(NetworkHandle network) => Options.Target.Check(network);

    private static SaliencyTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => new(env, ComponentJson.Read<SaliencyEstimator.Options>(Format.ReadCard(ctx)));

    private static DrawnImage DrawHeatMap(ReadOnlySpan<float> map, InputSpecification input)
        => DrawnImage.OfMap(map, input.Height, input.Width, scale: null, colors: null);

    private static DrawnImage DrawOverlay(ReadOnlySpan<float> imageAndMap, InputSpecification input)
    {
        int pixels = input.ValueCount;
        return DrawnImage.Overlay(
            imageAndMap[..pixels],
            input.Channels,
            imageAndMap[pixels..],
            input.Height,
            input.Width,
            SaliencyImage.DefaultOpacity,
            scale: null,
            colors: null);
    }

    /// <summary>The map on the source image, in its pixels.</summary>
    private static byte[] DrawOnSource(ReadOnlySpan<float> map, InputSpecification input, ResizePolicy policy, MLImage source, double? opacity)
    {
        SourceMap placed = SourceMap.Of(map, input.Height, input.Width, policy, source.Height, source.Width);
        DrawnImage drawn = DrawnImage.OfImage(source);
        double scale = SaliencyImage.LargestMagnitude(map);
        drawn.DrawMap(placed.Values.Span, placed.Left, placed.Top, placed.Width, opacity, scale, DrawnImage.ColorsOf(map));
        return drawn.ToPng();
    }

    private ColumnKind Png(RowDrawing<byte[]> draw, double? opacity) => Options.SourceImageColumnName is not { } source
        ? ColumnKind.Png(draw)
        : ColumnKind.SourcePng(source, SourcePolicy, (map, input, policy, image) => DrawOnSource(map, input, policy, image, opacity));

    private ResizePolicy SourcePolicy(DataViewSchema schema, NetworkHandle network)
        => Options.SourceResize ?? MapResize.Of(schema, network, Options.ImageColumnName) ?? throw new ArgumentException(
            $"SourceResize is null, and the model reads vectors: how did the images of column '{Options.SourceImageColumnName}' become the network's"
            + $" size? Set SourceResize to one of {string.Join(", ", Enum.GetNames<ResizePolicy>())}.");

    private int[] MapDimensions(InputSpecification input)
        => Options.Target.Count == 1 ? [input.Height, input.Width] : [Options.Target.Count, input.Height, input.Width];

    /// <summary>The maps of one batch; each part is computed when the first column needs it.</summary>
    private sealed class Explanation(SaliencyEstimator.Options options, BatchInput batch)
    {
        /// <summary>[N,H,W], or [N,n,H,W] of n classes.</summary>
        public Tensor Maps => Reduced.Length == 1 ? Reduced[0] : stack(Reduced, 1);

        /// <summary>[N,H,W].</summary>
        public Tensor FirstMap => Reduced[0];

        /// <summary>[N,C·H·W + H·W].</summary>
        public Tensor ImageAndFirstMap => cat([batch.Images.flatten(1), FirstMap.flatten(1)], 1);

        /// <summary>[N,C,H,W].</summary>
        public Tensor SignedPixels => (Signed[0] * (Signed[0].shape[1] / (double)batch.Network.Input.Channels)).expand_as(batch.Images);

        /// <summary>[N,C,H,W].</summary>
        public Tensor SeenImages => batch.ToPixelScale(batch.Images);

        /// <summary>The attributions of the n classes to explain, each [N,C,H,W] or [N,1,H,W]; of class 0 where the label is missing.</summary>
        private Tensor[] Signed => field ??= Attribute();

        /// <summary>The maps of the n classes, each [N,H,W]; NaN where the label is missing.</summary>
        private Tensor[] Reduced => field ??= Reduce();

        private Tensor[] Reduce()
        {
            Tensor[] maps = Array.ConvertAll(Signed, options.Reduction.Reduce);
            return batch.Classes is null ? maps : [maps[0].masked_fill(batch.Classes.lt(0).reshape(-1, 1, 1), double.NaN)];
        }

        private Tensor[] Attribute()
        {
            if (options.Target.IsPredicted && options.Activation is null && options.Method is SinglePassAttribution method)
            {
                return [method.AttributePredicted(batch.Network, batch.Images).Attribution]; // the forward pass that finds the class explains it
            }

            Tensor classes = options.Target.Classes(batch); // [N, n]
            using IDisposable? activation = options.Activation is null ? null : batch.Network.WithActivation(options.Activation);
            return
            [
                .. Enumerable.Range(0, options.Target.Count)
                    .Select(i => options.Method.Attribute(batch.Network, batch.Images, classes.select(1, i))),
            ];
        }
    }
}
