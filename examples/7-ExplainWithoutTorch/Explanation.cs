namespace RobustAttribution.Examples.ExplainWithoutTorch;

/// <summary>What the model says of an image.</summary>
/// <param name="PredictedIndex">The predicted class.</param>
/// <param name="Probability">Of each class.</param>
/// <param name="Map">H·W values of the network's size.</param>
internal sealed record Explanation(int PredictedIndex, float[] Probability, float[] Map);
