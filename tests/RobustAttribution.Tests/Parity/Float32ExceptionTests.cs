using TorchSharp;

namespace RobustAttribution.Tests.Parity;

/// <summary>The exceptions of the parity tests are of values that exist.</summary>
[TestClass]
public sealed class Float32ExceptionTests
{
    public static IEnumerable<object[]> Rows
        => Float32Exception.All.Select(exception => new object[] { exception.Network, exception.Activation, exception.Key });

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void IsOfAGoldenValue(string network, string activation, string key)
    {
        using var golden = new GoldenCase(network, activation, torch.ScalarType.Float32);
        Assert.IsNotEmpty(golden.Keys(key));
        Assert.HasCount(1, Rows.Where(row => row.SequenceEqual([network, activation, key])));
    }
}
