using RobustAttribution.Attacks;
using RobustAttribution.Serialization;
using RobustAttribution.Training;

namespace RobustAttribution.Tests.Serialization;

/// <summary>Names in files stay what they were when a type or a property is renamed.</summary>
[TestClass]
public sealed class SavedNameTests
{
    [TestMethod]
    public void TheNextImageTargetHasItsFirstName()
    {
        const string Saved = """{"$type":"NextPictureTarget"}""";
        Assert.AreEqual(Saved, ComponentJson.Write<TargetMap>(new NextImageTarget()));
        Assert.AreEqual(new NextImageTarget(), ComponentJson.Read<TargetMap>(Saved));
        Assert.ThrowsExactly<FormatException>(() => ComponentJson.Read<TargetMap>("""{"$type":"NextImageTarget"}"""));
    }

    [TestMethod]
    public void APositionInACheckpointHasItsFirstNames()
    {
        var epoch = new EpochProgress(1, 2, 0.5, new Dictionary<string, double> { ["l2"] = 0.1 }, 0.75, 1e-3, 12, TimeSpan.FromSeconds(3), null);
        var position = new TrainingPosition(1, 2, 40, ["l2"], 0.5, 1, 0, [3], [epoch]);
        string json = position.ToJson();
        StringAssert.Contains(json, "\"Pictures\":40");
        StringAssert.Contains(json, "\"PicturesPerSecond\":12");
        TrainingPosition read = TrainingPosition.FromJson(json);
        Assert.AreEqual((40L, 12.0), (read.Images, read.History.Single().ImagesPerSecond));
    }
}
