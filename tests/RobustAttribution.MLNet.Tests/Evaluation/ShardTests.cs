using System.Text.RegularExpressions;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Certificates;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Similarities;

namespace RobustAttribution.MLNet.Tests.Evaluation;

/// <summary>What several jobs measure is what one measures, to the last digit.</summary>
[TestClass]
public sealed class ShardTests
{
    private static readonly AttributionRobustnessOptions Options = new()
    {
        Attack = new TopKAttack { K = 9, Steps = 3, Restarts = 2 },
        Similarities = [new(new TopKIntersection(9)), new(new KendallTau())],
        Controls = [new EdgeMap(), new RandomMap()],
        BatchSize = 2,
        Seed = 5,
    };

    private static readonly RobustnessReportOptions Report = new()
    {
        Attacks = [new TopKAttack { K = 9, Steps = 3 }, new RandomNoise()],
        Similarities = [new TopKIntersection(9), new KendallTau()],
        Radii = [0, 8.0 / 255],
        PixelCurveSteps = 5,
        ExamplesAtEachEnd = 1,
        BatchSize = 2,
        WorstCase = new WorstCaseEvaluation { Attack = new WorstCaseAttack { Judge = new TopKIntersection(9), Steps = 2, Restarts = 2, Queries = 4, NoiseDraws = 2 } },
        Certificate = new CertifiedSaliency { Sigma = 0.02, Tau = 0.6, Samples = 60, TopShare = 0.2 },
    };

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(8)] // two of them have no batch
    public void FiguresAreThoseOfOneJob(int count)
    {
        using var scored = new Scored();
        MulticlassClassificationCatalog catalog = scored.Context.MulticlassClassification;
        MeasuredShard[] shards = [.. Shards(count).Reverse().Select(shard => Reloaded(catalog.MeasureAttributionRobustness(scored.View, Options, shard)))];
        AttributionRobustnessMetrics one = catalog.EvaluateAttributionRobustness(scored.View, Options);
        AttributionRobustnessMetrics merged = catalog.MergeAttributionRobustness(scored.View, Options, shards);
        Assert.AreEqual(one.ToJson(), merged.ToJson());
        Assert.AreEqual(0, one.Compare(merged).Similarities.Values.First().Mean);
        Assert.AreEqual(11, merged.RowCount);
    }

    [TestMethod]
    public void WorstCasesAreThoseOfOneJob()
    {
        using var scored = new Scored();
        MulticlassClassificationCatalog catalog = scored.Context.MulticlassClassification;
        WorstCaseOptions options = new() { Evaluation = Report.WorstCase!, BatchSize = 3 };
        MeasuredShard[] shards = [.. Shards(3).Select(shard => Reloaded(catalog.MeasureWorstCaseRobustness(scored.View, options, shard)))];
        WorstCaseMetrics one = catalog.EvaluateWorstCaseRobustness(scored.View, options), merged = catalog.MergeWorstCaseRobustness(scored.View, options, shards);
        Assert.AreEqual(one.ToString(), merged.ToString());
        for (int i = 0; i < 2; i++)
        {
            CollectionAssert.AreEqual(one.Measures[i].Values.ToArray(), merged.Measures[i].Values.ToArray());
            Assert.AreEqual(one.Measures[i].Interval, merged.Measures[i].Interval);
            CollectionAssert.AreEqual(one.Measures[i].ByAttack.SelectMany(alone => alone.Curve).ToArray(), merged.Measures[i].ByAttack.SelectMany(alone => alone.Curve).ToArray());
        }
    }

    [TestMethod]
    public void TheReportIsThatOfOneJob()
    {
        using var scored = new Scored();
        using var other = new Scored(activation: Networks.Activation.Relu);
        MulticlassClassificationCatalog catalog = scored.Context.MulticlassClassification;
        (string, ITransformer)[] models = [("smooth", scored.Model), ("plain", other.Model)];
        MeasuredShard[] shards = [.. Shards(2).Select(shard => Reloaded(catalog.MeasureRobustnessReport(models, scored.Data, Report, shard)))];
        string one = catalog.RobustnessReport(models, scored.Data, Report).ToHtml(), merged = catalog.MergeRobustnessReport(models, scored.Data, Report, shards).ToHtml();
        Assert.AreEqual(WithoutTimes(one), WithoutTimes(merged));
        Assert.Contains("<dt>measured in</dt>", one);
        Assert.DoesNotContain("<dt>measured in</dt>", merged); // which is not the time of the merge
        Assert.Contains("UTC, of shards that were measured before", merged);

        static string WithoutTimes(string html) => Regex.Replace(html, "<dt>(made|measured in)</dt><dd>[^<]*</dd>", string.Empty);
    }

    [TestMethod]
    public void WhatDoesNotBelongTogetherIsNamed()
    {
        using var scored = new Scored();
        using var other = new Scored(activation: Networks.Activation.Relu);
        MulticlassClassificationCatalog catalog = scored.Context.MulticlassClassification;
        MeasuredShard[] shards = [.. Shards(4).Select(shard => catalog.MeasureAttributionRobustness(scored.View, Options, shard))];
        Refused("Shards 1/4, 3/4 are missing; measure them alone and put all together again.", [shards[0], shards[2]]);
        Refused("Shard 3/4 is missing; measure it alone and put all together again.", shards[..3]);
        Refused("Shard 2/4 is there 2 times; each counts once.", [.. shards, shards[2]]);
        Refused("shards is empty; every shard is needed.", []);
        Refused("Shards 0/4 and 0/1 are of two divisions; all must be of one.", [shards[0], catalog.MeasureAttributionRobustness(scored.View, Options, Shard.Whole)]);
        Refused("Shard 0/4 was measured with another value of 'seed': 5; here it is 6.", shards, Options with { Seed = 6 });
        Refused("Shard 0/4 was measured with another value of 'batch size': 2; here it is 3.", shards, Options with { BatchSize = 3 });
        Refused("Shard 0/4 was measured with another value of 'attack': ", shards, Options with { Attack = new RandomNoise() });
        Refused(
            "Shard 1/4 was measured with another value of 'model': ",
            [shards[0], catalog.MeasureAttributionRobustness(other.Model.Transform(scored.Data), Options, new(1, 4)), .. shards[2..]]);
        Refused(
            "Shard 1/4 is of a view with 9 rows, shard 0/4 of one with 11; all must see the same.",
            [shards[0], catalog.MeasureAttributionRobustness(scored.Context.Data.TakeRows(scored.View, 9), Options, new(1, 4)), .. shards[2..]]);
        ShardTests.Refused(
            "Shard 0/4 was measured with another value of 'evaluation': attribution robustness; here it is worst case.",
            () => catalog.MergeWorstCaseRobustness(scored.View, new() { Evaluation = Report.WorstCase!, BatchSize = 2, Seed = 5 }, shards));

        void Refused(string message, MeasuredShard[] given, AttributionRobustnessOptions? options = null)
            => ShardTests.Refused(message, () => catalog.MergeAttributionRobustness(scored.View, options ?? Options, given));
    }

    [TestMethod]
    public void OtherImagesOfTheSameCountAreRefused()
    {
        using var scored = new Scored();
        MulticlassClassificationCatalog catalog = scored.Context.MulticlassClassification;
        WorstCaseOptions worst = new() { Evaluation = Report.WorstCase!, BatchSize = 4 };
        AttributionRobustnessOptions attacked = Options with { BatchSize = 4, LabelColumnName = "Label" };
        IDataView rows = scored.Data, others = Changed(image => image.Image[5] += 1), labelled = Changed(image => image.Label = TestImage.Make(11).First(other => other.Label != image.Label).Label);
        (string, ITransformer)[] models = [("smooth", scored.Model)];

        MeasuredShard[] shards = [.. Shards(2).Select(shard => catalog.MeasureAttributionRobustness(View(rows), attacked, shard))];
        MeasuredShard[] ofOthers = [.. Shards(2).Select(shard => catalog.MeasureAttributionRobustness(View(others), attacked, shard))];
        const string Last = "was measured on other images or labels than this view has: they differ within the rows 8 to 10 of 11, counted from 0.";
        catalog.MergeAttributionRobustness(View(rows), attacked, [shards[0], ofOthers[1]]); // whose rows 4 to 7 are the same
        Refused($"Shard 0/2 {Last}", () => catalog.MergeAttributionRobustness(View(rows), attacked, [ofOthers[0], shards[1]]));
        Refused($"Shard 0/2 {Last}", () => catalog.MergeAttributionRobustness(View(others), attacked, shards));
        Refused($"Shard 0/2 {Last}", () => catalog.MergeAttributionRobustness(View(labelled), attacked, shards));
        Refused(
            "Shard 0/2 is of a view with 11 rows; here there are 9. All must see the same.",
            () => catalog.MergeAttributionRobustness(View(scored.Context.Data.TakeRows(rows, 9)), attacked, shards));

        MeasuredShard[] worsts = [.. Shards(3).Select(shard => catalog.MeasureWorstCaseRobustness(View(rows), worst, shard))];
        Refused($"Shard 2/3 {Last}", () => catalog.MergeWorstCaseRobustness(View(others), worst, worsts));

        MeasuredShard[] reported = [.. Shards(2).Select(shard => catalog.MeasureRobustnessReport(models, rows, Report, shard))];
        Refused("Shard 0/2 was measured with another value of 'images of smooth': ", () => catalog.MergeRobustnessReport(models, others, Report, reported));
        Refused(
            "Shard 0/2 is of a view with 11 rows; here there are 9.",
            () => catalog.MergeRobustnessReport(models, scored.Context.Data.TakeRows(rows, 9), Report, reported));
        Refused(
            "Shard 0/2 was measured with another value of 'number of images of smooth': 11; here it is 10.",
            () => catalog.MergeRobustnessReport(models, rows, Report with { MaximumImages = 10 }, reported));

        IDataView View(IDataView data) => scored.Model.Transform(data);

        IDataView Changed(Action<TestImage> change)
        {
            List<TestImage> images = TestImage.Make(11);
            change(images[10]);
            return scored.Chain.First().Transform(scored.Context.Data.LoadFromEnumerable(images));
        }
    }

    [TestMethod]
    public void FilesAreNamedFoundAndChecked()
    {
        string folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            StringAssert.Contains(Assert.ThrowsExactly<FileNotFoundException>(() => MeasuredShard.LoadAll(folder)).Message, $"'{folder}' has no file shard-*-of-*.json.gz");
            using var scored = new Scored();
            MulticlassClassificationCatalog catalog = scored.Context.MulticlassClassification;
            string[] paths = [.. Shards(2).Select(shard => catalog.MeasureAttributionRobustness(scored.View, Options, shard).Save(folder))];
            CollectionAssert.AreEqual(new[] { "shard-0-of-2.json.gz", "shard-1-of-2.json.gz" }, Array.ConvertAll(paths, path => Path.GetFileName(path)));
            CollectionAssert.AreEqual(paths, Directory.GetFiles(folder).Order(StringComparer.Ordinal).ToArray());
            IReadOnlyList<MeasuredShard> found = MeasuredShard.LoadAll(folder);
            CollectionAssert.AreEqual(new[] { new Shard(0, 2), new Shard(1, 2) }, found.Select(shard => shard.Shard).ToArray());
            byte[] whole = File.ReadAllBytes(paths[1]);
            for (int at = 0; at < whole.Length; at += Math.Max(1, whole.Length / 40))
            {
                File.WriteAllBytes(paths[1], whole[..at]);
                Damaged();
                byte[] flipped = [.. whole];
                flipped[at] ^= 0x10;
                File.WriteAllBytes(paths[1], flipped);
                if (at is < 3 or > 9) // the time and the name of the system, which mean nothing
                {
                    Damaged();
                }
            }

            void Damaged() => StringAssert.Contains(Assert.ThrowsExactly<FormatException>(() => MeasuredShard.LoadAll(folder)).Message, paths[1]);
        }
        finally
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static IEnumerable<Shard> Shards(int count) => Enumerable.Range(0, count).Select(index => new Shard(index, count));

    private static MeasuredShard Reloaded(MeasuredShard shard)
    {
        using var stream = new MemoryStream();
        shard.Save(stream);
        stream.Position = 0;
        return MeasuredShard.Load(stream);
    }

    private static void Refused(string message, Func<object> merge) => StringAssert.StartsWith(Assert.ThrowsExactly<ArgumentException>(merge).Message, message);
}
