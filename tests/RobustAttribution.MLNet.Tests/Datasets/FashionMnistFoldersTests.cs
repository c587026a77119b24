using RobustAttribution.MLNet.Datasets;
using RobustAttribution.MLNet.Tests.Fixtures;

namespace RobustAttribution.MLNet.Tests.Datasets;

/// <summary>Where Fashion-MNIST is looked for, and in what order.</summary>
[TestClass]
public sealed class FashionMnistFoldersTests
{
    private readonly DataFolder folder = new();

    private string Debian => folder.Of("debian");

    private string Cache => folder.Of("cache");

    [TestCleanup]
    public void Clean() => folder.Dispose();

    [TestMethod]
    public void TheGivenFolderComesBeforeTheVariableBeforeDebiansBeforeTheCache()
    {
        Fill("debian", ".gz");
        Fill("cache", ".gz");
        Assert.AreEqual("/given", Folders("/variable").Find("/given"));
        Assert.AreEqual("/variable", Folders("/variable").Find(null));
        Assert.AreEqual(Debian, Folders(null).Find(null));
        Assert.AreEqual(Debian, Folders(string.Empty).Find(null), "an empty variable is not set");
        Directory.Delete(Debian, recursive: true);
        Assert.AreEqual(Cache, Folders(null).Find(null));
        Directory.Delete(Cache, recursive: true);
        Assert.IsNull(Folders(null).Find(null));
    }

    [TestMethod]
    public void AFolderCountsOnlyWithAllFourFilesPlainOrZipped()
    {
        Fill("debian", string.Empty);
        Fill("cache", ".gz");
        Assert.AreEqual(Debian, Folders(null).Find(null));
        File.Delete(folder.Of("debian/t10k-labels-idx1-ubyte"));
        Assert.AreEqual(Cache, Folders(null).Find(null));
        File.Move(folder.Of("cache/train-images-idx3-ubyte.gz"), folder.Of("cache/train-images-idx3-ubyte.gz.part"));
        Assert.IsNull(Folders(null).Find(null), "a download that is not finished");
    }

    [TestMethod]
    public void TheTextNamesEveryPlace()
    {
        string unset = Folders(null).ToString(), set = Folders("/variable").ToString();
        StringAssert.Contains(unset, $"{FashionMnistFolders.Variable} (not set)");
        StringAssert.Contains(set, $"{FashionMnistFolders.Variable} (/variable)");
        StringAssert.Contains(unset, Debian);
        StringAssert.Contains(unset, Cache);
    }

    [TestMethod]
    public void ThisMachinesFoldersAreThoseOfTheOptions()
    {
        Assert.AreEqual(FashionMnistFolders.Cache, FashionMnistFolders.Here.Cache);
        Assert.AreEqual(FashionMnistFolders.Debian, FashionMnistFolders.Here.Debian);
        Assert.AreEqual("/given", FashionMnistFolders.Find("/given"));
        Assert.IsTrue(Path.IsPathFullyQualified(FashionMnistFolders.Cache), FashionMnistFolders.Cache);
    }

    [TestMethod]
    [DataRow(PlatformID.Unix, null, "/home/u", "/home/u/.cache/robustattribution/x")]
    [DataRow(PlatformID.Unix, "/cache", "/home/u", "/cache/robustattribution/x")]
    [DataRow(PlatformID.Unix, "relative", "/home/u", "/home/u/.cache/robustattribution/x")]
    [DataRow(PlatformID.Unix, "", "/home/u", "/home/u/.cache/robustattribution/x")]
    [DataRow(PlatformID.MacOSX, null, "/Users/u", "/Users/u/Library/Caches/robustattribution/x")]
    [DataRow(PlatformID.Win32NT, "/cache", "/Users/u", "/local/RobustAttribution/x")]
    public void TheCacheIsWhereThePlatformKeepsCaches(PlatformID platform, string? xdgCacheHome, string home, string expected)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Inconclusive("These paths are full ones on Unix only.");
        }

        Assert.AreEqual(expected, UserCache.Folder(platform, xdgCacheHome, home, "/local", "x"));
    }

    [TestMethod]
    public void WithoutAHomeFolderTheCacheIsTemporary()
    {
        string expected = Path.Combine(Path.GetTempPath(), "robustattribution", "x");
        Assert.AreEqual(expected, UserCache.Folder(PlatformID.Unix, null, string.Empty, string.Empty, "x"));
    }

    private SearchedFolders Folders(string? variable) => new(FashionMnistFolders.Variable, variable, Debian, Cache, KnownDatasets.FashionMnist);

    private void Fill(string place, string extension)
    {
        foreach (string name in new[] { "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte" })
        {
            folder.Write($"{place}/{name}{extension}", [1]);
        }
    }
}
