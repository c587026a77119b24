using Microsoft.ML;

namespace RobustAttribution.MLNet.Tests.Fixtures;

/// <summary>The real Fashion-MNIST, for tests that train on it.</summary>
internal static class FashionMnist
{
    /// <summary>Loads it; the test is inconclusive, and says where was looked, on a machine without the files.</summary>
    public static IDataView Load(MLContext context, DatasetSplit split)
    {
        try
        {
            return context.Data.LoadFashionMnist(null, split);
        }
        catch (FileNotFoundException missing)
        {
            Assert.Inconclusive($"This test needs Fashion-MNIST. {missing.Message}");
            throw;
        }
    }
}
