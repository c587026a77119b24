using System.Text.Json;
using RobustAttribution.Similarities;
using RobustAttribution.Tests.Fixtures;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Similarities;

/// <summary>GoldenValues/Similarities: SciPy's answers. Never refreshed to make a test green.</summary>
[TestClass]
public sealed class SimilarityGoldenTests
{
    private const double Tolerance = 1e-12;

    private static readonly Dictionary<string, IMapSimilarity> Similarities = new()
    {
        ["kendall"] = new KendallTau(),
        ["spearman"] = new SpearmanCorrelation(),
        ["pearson"] = new PearsonCorrelation(),
        ["cosine"] = new CosineSimilarity(),
        ["meanSquaredError"] = new MeanSquaredError(),
        ["centerOfMassShift"] = new CenterOfMassShift(),
        ["ssim"] = new StructuralSimilarity(),
        ["ssimUniform5"] = new StructuralSimilarity(5, null),
    };

    [TestMethod]
    public void SimilaritiesAgreeWithSciPy()
    {
        using JsonDocument file = JsonDocument.Parse(File.ReadAllText(GoldenFile.Path("Similarities", "similarities.json")));
        int compared = 0;
        foreach (JsonElement pair in file.RootElement.GetProperty("pairs").EnumerateArray())
        {
            using IDisposable scope = NewDisposeScope();
            (Tensor a, Tensor b) = (Map(pair, "a"), Map(pair, "b"));
            foreach ((string name, IMapSimilarity similarity) in Similarities)
            {
                double actual = similarity.Compare(a, b).item<double>();
                Assert.AreEqual(pair.GetProperty(name).GetDouble(), actual, Tolerance, $"{name} of '{pair.GetProperty("name")}'");
                compared++;
            }
        }

        Assert.AreEqual(48, compared);
    }

    private static Tensor Map(JsonElement pair, string name)
        => tensor(pair.GetProperty(name).EnumerateArray().Select(value => value.GetDouble()).ToArray())
            .reshape(1, pair.GetProperty("height").GetInt32(), pair.GetProperty("width").GetInt32());
}
