using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using RobustAttribution.Certificates;
using RobustAttribution.MLNet.Drawing;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Networks;
using RobustAttribution.Serialization;
using TorchSharp;
using static TorchSharp.torch;

[assembly: LoadableClass(
    typeof(RobustAttribution.MLNet.CertifiedSaliencyTransformer),
    null,
    typeof(SignatureLoadModel),
    "Certified saliency maps",
    RobustAttribution.MLNet.CertifiedSaliencyTransformer.LoaderSignature)]

namespace RobustAttribution.MLNet;

/// <summary>
/// Certifies pixel by pixel which ones stay among the most salient, and which stay out, under any perturbation of the image within an L2 ball
/// (Anani et al. 2025, see <see cref="CertifiedSaliency"/>). Made by <c>mlContext.Transforms.CertifiedSaliency</c>.
/// </summary>
public sealed class CertifiedSaliencyEstimator : NetworkEstimator<CertifiedSaliencyEstimator.Options, CertifiedSaliencyTransformer>
{
    internal CertifiedSaliencyEstimator(IHostEnvironment environment, Options options)
        : base(new CertifiedSaliencyTransformer(environment, Require.NotNull(options, nameof(options))))
        => options.CheckTarget();

    /// <summary>What to certify and how. Each option checks its value when it is set.</summary>
    public sealed record Options : NetworkOptions
    {
        /// <summary>
        /// The new column of certificates: vectors of H×W values, 1 where the pixel is certified as important, −1 as unimportant, 0 where neither.
        /// "Certificate" by default. Its annotation "CertifiedRadius" is the radius R = σ·Φ⁻¹(τ), in L2 and pixel units.
        /// </summary>
        public string OutputColumnName { get; init => field = Require.NotNull(value); } = "Certificate";

        /// <summary>The new column of the share of each image's pixels that is certified; null for none. "CertifiedShare" by default.</summary>
        public string? ShareColumnName { get; init; } = "CertifiedShare";

        /// <summary>
        /// A new column of the certificates in colours, MLImages of the network's size: important pixels green, unimportant ones black, the others
        /// grey. Null, the default, for none.
        /// </summary>
        /// <remarks>Freed with the next row, see <see cref="SaliencyEstimator.Options.HeatMapColumnName"/>; the PNG column is not.</remarks>
        public string? DrawingColumnName { get; init; }

        /// <summary>The same as PNG files: vectors of bytes that are the caller's own. Null, the default, for none.</summary>
        public string? DrawingPngColumnName { get; init; }

        /// <summary>
        /// The class explained, one for all noisy copies of an image: the one predicted for the image itself by default; not
        /// <see cref="SaliencyTarget.Top"/>. A missing key gives a certificate of NaN.
        /// </summary>
        public SaliencyTarget Target { get; init => field = Require.NotNull(value); } = SaliencyTarget.Predicted;

        /// <inheritdoc cref="CertifiedSaliency.TopShare"/>
        public double TopShare { get; init => field = CertifiedSaliency.CheckedTopShare(value); } = 0.25;

        /// <inheritdoc cref="CertifiedSaliency.Sigma"/>
        public double Sigma { get; init => field = Require.Positive(value); } = 0.15;

        /// <inheritdoc cref="CertifiedSaliency.Samples"/>
        public int Samples { get; init => field = Require.InRange(value, 1, Limits.Iterations); } = 100;

        /// <inheritdoc cref="CertifiedSaliency.Tau"/>
        public double Tau { get; init => field = CertifiedSaliency.CheckedTau(value); } = 0.75;

        /// <inheritdoc cref="CertifiedSaliency.Alpha"/>
        public double Alpha { get; init => field = CertifiedSaliency.CheckedAlpha(value); } = 0.001;

        /// <summary>Decides the noise, which is the same for every image, whatever shares its batch. 0 by default.</summary>
        public int Seed { get; init; }

        internal CertifiedSaliency Certification => new()
        {
            Map = Map, TopShare = TopShare, Sigma = Sigma, Samples = Samples, Tau = Tau, Alpha = Alpha, Seed = unchecked((ulong)Seed),
        };

        internal void CheckTarget()
        {
            Target.Validate();
            if (Target.TopClasses is int classes)
            {
                throw new ArgumentException($"Target asks for the {classes} most probable classes; a certificate is about one class.");
            }
        }
    }
}

/// <summary>Adds certificates of saliency maps. Holds no network: it explains the one that the Score column carries.</summary>
public sealed class CertifiedSaliencyTransformer : NetworkTransformer<CertifiedSaliencyEstimator.Options>
{
    internal const string LoaderSignature = "RobustCertificate";
    private const string RadiusKind = "CertifiedRadius";
    private static readonly ModelFormat Format = new("RBATTCRT", LoaderSignature);

    internal CertifiedSaliencyTransformer(IHostEnvironment environment, CertifiedSaliencyEstimator.Options options)
        : base(environment, options, "CertifiedSaliency", Format)
    {
    }

    private protected override ColumnList Columns => new ColumnList<Certificates>(
        batch => new(Options, batch),
        new(Options.OutputColumnName, WithRadius(ColumnKind.Vector(input => [input.Height, input.Width])), it => it.Labels),
        new(Options.ShareColumnName, ColumnKind.Number, it => it.Shares),
        new(Options.DrawingColumnName, ColumnKind.Image((labels, input) => Draw(labels, input).ToImage()), it => it.Labels),
        new(Options.DrawingPngColumnName, ColumnKind.Png((labels, input) => Draw(labels, input).ToPng()), it => it.Labels));

    private protected override (string Option, string? Column) Label => ("Target.ColumnName", Options.Target.ColumnName);

    private protected override void Check(NetworkHandle network)
    {
        Options.CheckTarget();
        Options.Target.Check(network);
        Options.Certification.CheckSize(network.Input.Height, network.Input.Width);
    }

    private static CertifiedSaliencyTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => new(env, ComponentJson.Read<CertifiedSaliencyEstimator.Options>(Format.ReadCard(ctx)));

    private static DrawnImage Draw(ReadOnlySpan<float> labels, InputSpecification input)
        => DrawnImage.OfCertificate(labels, input.Height, input.Width);

    private ColumnKind WithRadius(ColumnKind kind) => kind with
    {
        Bind = (name, schema, network) =>
        {
            float radius = (float)Options.Certification.Radius;
            var annotations = new DataViewSchema.Annotations.Builder();
            annotations.Add(RadiusKind, NumberDataViewType.Single, (ref float value) => value = radius);
            return kind.Bind(name, schema, network) with { Annotations = annotations.ToAnnotations() };
        },
    };

    /// <summary>The certificates of one batch, computed when the first column needs them.</summary>
    private sealed class Certificates(CertifiedSaliencyEstimator.Options options, BatchInput batch) : IDisposable
    {
        private CertifiedMaps? maps;

        /// <summary>[N,H,W], float32; NaN where the label is missing.</summary>
        public Tensor Labels => WithoutUnlabelled(Maps.Labels.to(ScalarType.Float32));

        /// <summary>[N], float64; NaN where the label is missing.</summary>
        public Tensor Shares => WithoutUnlabelled(Maps.CertifiedShares());

        private CertifiedMaps Maps
            => maps ??= options.Certification.Certify(batch.Network, batch.Images, options.Target.Classes(batch).select(1, 0));

        public void Dispose() => maps?.Dispose();

        private Tensor WithoutUnlabelled(Tensor values) => batch.Classes is null
            ? values
            : values.masked_fill(batch.Classes.cpu().lt(0).reshape([-1, .. values.shape.Skip(1).Select(_ => 1L)]), double.NaN);
    }
}
