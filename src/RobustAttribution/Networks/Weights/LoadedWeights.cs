namespace RobustAttribution.Networks;

/// <summary>Names of the tensors that <see cref="ImageNetwork.LoadMatchingWeights"/> loaded from a stream, and of those that it did not.</summary>
/// <param name="Loaded">Parameters and buffers that now have the stream's values.</param>
/// <param name="Missing">Parameters and buffers that the stream does not contain; they are unchanged.</param>
/// <param name="DifferentShape">Parameters and buffers of another shape in the stream, e.g. those of a new head; they are unchanged.</param>
/// <param name="Unused">Tensors of the stream that the network does not have.</param>
public sealed record LoadedWeights(
    IReadOnlyList<string> Loaded,
    IReadOnlyList<string> Missing,
    IReadOnlyList<string> DifferentShape,
    IReadOnlyList<string> Unused);
