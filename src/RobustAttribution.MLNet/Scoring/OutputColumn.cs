using Microsoft.ML;
using Microsoft.ML.Data;

namespace RobustAttribution.MLNet.Scoring;

/// <summary>A column that a <see cref="BatchMapper"/> adds.</summary>
/// <param name="Name">The column's name.</param>
/// <param name="Type">Its type.</param>
/// <param name="CreateBuffer">Makes room for its values of a batch.</param>
/// <param name="Annotations">Its annotations, null for none.</param>
/// <param name="Source">The column of the input that its getter reads in the row itself, null for none.</param>
internal sealed record OutputColumn(
    string Name,
    DataViewType Type,
    Func<OutputBuffer> CreateBuffer,
    DataViewSchema.Annotations? Annotations = null,
    DataViewSchema.Column? Source = null);
