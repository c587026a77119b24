namespace RobustAttribution.Networks;

/// <summary>What <see cref="ImageNetwork.LoadMatchingWeights"/> took from a stream, and what it did not. Names are the network's and the stream's.</summary>
/// <param name="Loaded">Parameters and buffers that have the stream's values now.</param>
/// <param name="Missing">Parameters and buffers that the stream does not have; they are unchanged.</param>
/// <param name="DifferentShape">Parameters and buffers that have another shape in the stream; they are unchanged. A new head is here.</param>
/// <param name="Unused">Tensors of the stream that the network does not have.</param>
public sealed record LoadedWeights(
    IReadOnlyList<string> Loaded,
    IReadOnlyList<string> Missing,
    IReadOnlyList<string> DifferentShape,
    IReadOnlyList<string> Unused);
