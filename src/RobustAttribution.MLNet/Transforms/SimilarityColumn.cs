using System.Text.Json.Serialization;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Serialization;
using RobustAttribution.Similarities;
using TorchSharp;

namespace RobustAttribution.MLNet;

/// <summary>A column that compares two maps of each row.</summary>
/// <param name="ColumnName">Its name.</param>
/// <param name="Similarity">What it holds.</param>
[method: JsonConstructor]
public sealed record SimilarityColumn(string ColumnName, IMapSimilarity Similarity)
{
    /// <summary>The annotation of such a column: the similarity as JSON.</summary>
    internal const string AnnotationKind = "RobustAttributionSimilarity";

    /// <summary>A column named after its similarity, e.g. "KendallTau".</summary>
    public SimilarityColumn(IMapSimilarity similarity)
        : this(Require.NotNull(similarity, nameof(similarity)).GetType().Name, similarity)
    {
    }

    /// <summary>Its name.</summary>
    public string ColumnName { get; init => field = Require.NotNull(value); } = Require.NotNull(ColumnName, nameof(ColumnName));

    /// <summary>What it holds.</summary>
    public IMapSimilarity Similarity { get; init => field = Require.NotNull(value); } = Require.NotNull(Similarity, nameof(Similarity));

    /// <summary>The column, with the similarity in an annotation.</summary>
    /// <typeparam name="TContext">What it is computed from.</typeparam>
    /// <param name="index">Its place among the columns of the option.</param>
    /// <param name="fill">The similarities [N].</param>
    internal Column<TContext> Column<TContext>(int index, Func<TContext, torch.Tensor> fill)
    {
        var kind = new ColumnKind(
            (name, _) => ShapeColumns.Scalar(
                name, NumberDataViewType.Single, isKey: false, ShapeColumns.Scalar(AnnotationKind, TextDataViewType.Instance)),
            (name, _, _) => new OutputColumn(name, NumberDataViewType.Single, OutputBuffer.Singles, Annotation()));
        return new(ColumnName, kind, fill, $"Similarities[{index}]");
    }

    private DataViewSchema.Annotations Annotation()
    {
        string json = ComponentJson.Write(Similarity);
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.Add(AnnotationKind, TextDataViewType.Instance, (ref ReadOnlyMemory<char> value) => value = json.AsMemory());
        return annotations.ToAnnotations();
    }

    /// <summary>Top-100 intersection, Kendall τ, Pearson and cosine.</summary>
    internal static IReadOnlyList<SimilarityColumn> Defaults { get; } =
        [new(new TopKIntersection()), new(new KendallTau()), new(new PearsonCorrelation()), new(new CosineSimilarity())];
}
