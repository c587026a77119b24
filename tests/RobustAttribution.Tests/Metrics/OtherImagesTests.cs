using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Metrics;

/// <summary>What a similarity under attack is worth: maps of different images beside it, and controls that know nothing of the network.</summary>
[TestClass]
public sealed class OtherImagesTests
{
    [TestMethod]
    public void EachMapIsComparedWithTheNextOfItsClassAndTheNextOfAnother()
    {
        // By key: a b a a b; the third image is listed twice.
        (int Key, string Class)[] images = [(10, "a"), (20, "b"), (30, "a"), (40, "a"), (50, "b"), (30, "a")];
        float[][] maps = [.. images.Select(image => Map(image.Key))];
        var similarity = new PearsonCorrelation();
        var shuffled = new MapSample.Builder();
        foreach (int i in new[] { 4, 2, 0, 5, 1, 3 })
        {
            shuffled.Add(Row(images[i].Key, maps[i], 0.9), images[i].Class);
        }

        OtherImages found = shuffled.Build().Compare([similarity]).Single();
        double[] same = [Of(10, 30), Of(30, 40), Of(40, 10), Of(20, 50), Of(50, 20)];
        double[] other = [Of(10, 20), Of(20, 30), Of(30, 50), Of(40, 50), Of(50, 10)];
        Assert.AreEqual(same.Average(), found.SameClass.Mean, 1e-12);
        Assert.AreEqual(other.Average(), found.OtherClass.Mean, 1e-12);
        Assert.AreEqual((5L, 5L, 5L), (found.SameClass.Count, found.OtherClass.Count, found.Lift!.Count));
        Assert.AreEqual((0.9 - same.Average()) / (1 - same.Average()), found.Lift.Value, 1e-12);
        Assert.IsTrue(found.Lift.Interval.Low < found.Lift.Value && found.Lift.Value < found.Lift.Interval.High);

        double Of(int first, int second)
        {
            using IDisposable scope = NewDisposeScope();
            return Values.Of(similarity.Compare(tensor(Map(first)).reshape(1, 2, 3), tensor(Map(second)).reshape(1, 2, 3)))[0];
        }

        static float[] Map(int key)
        {
            var random = new Random(key);
            return [.. Enumerable.Range(0, 6).Select(_ => random.NextSingle())];
        }
    }

    [TestMethod]
    public void SamplesOfShardsMergeToThatOfTheWholeAndKeepNoMoreThanTheLimit()
    {
        var random = new Random(3);
        (RobustnessRow Row, string Class)[] rows = [.. Enumerable.Range(0, 4500).Select(i => (
            Row(random.Next(3000), [random.NextSingle(), random.NextSingle(), random.NextSingle()], random.NextDouble(), 1), $"{i % 3}"))];
        MapSample whole = Of(rows);
        Assert.IsInRange(2300, 3000, rows.DistinctBy(row => row.Row.Key).Count());
        Assert.AreEqual(MapSample.MaximumImages, whole.Count);
        IMapSimilarity[] measures = [new CosineSimilarity(), new MeanSquaredError()];
        string expected = Text(whole);
        for (int seed = 0; seed < 3; seed++)
        {
            random = new Random(seed);
            random.Shuffle(rows);
            MapSample[] parts = [.. rows.Chunk(200 + random.Next(2000)).Select(Of), MapSample.Empty];
            Assert.AreEqual(expected, Text(seed % 2 == 0 ? parts.Aggregate((a, b) => a.Merge(b)) : parts.Aggregate((a, b) => b.Merge(a))));
        }

        string Text(MapSample sample) => string.Join("; ", sample.Compare(measures).Select(
            other => $"{other.SameClass.Mean:R} {other.OtherClass.Mean:R} {other.Lift?.Value:R} {other.Lift?.Interval}"));

        static MapSample Of((RobustnessRow Row, string Class)[] rows)
        {
            var builder = new MapSample.Builder();
            Array.ForEach(rows, row => builder.Add(row.Row, row.Class));
            return builder.Build();
        }
    }

    [TestMethod]
    public void EqualMapsHaveLiftNothingAndStableOnesThatTellImagesApartLiftOne()
    {
        Lift constant = Lift.Of([1, 1, 1], [1, 1, 1]);
        Assert.AreEqual((0.0, new ConfidenceInterval(0, 0), 3L), (constant.Value, constant.Interval, constant.Count));
        Lift stable = Lift.Of([1, 1, 1], [0.2, 0.5, 0.1]);
        Assert.AreEqual((1.0, new ConfidenceInterval(1, 1)), (stable.Value, stable.Interval));
        Assert.AreEqual(0, Lift.Of([0.2, 0.4], [0.4, 0.2]).Value, 1e-12);
        Assert.AreEqual(0.5, Lift.Of([0.6, 0.6, double.NaN, 0.1], [0.2, 0.2, 0.9, double.NaN]).Value, 1e-12);
        Assert.IsTrue(double.IsNaN(Lift.Of([], []).Value));
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Lift.Of([1], [])).Message, "attacked has 1 values and other has 0");

        var builder = new MapSample.Builder();
        for (int i = 0; i < 6; i++)
        {
            builder.Add(Row(i, [0, 1, 1, 0, 0, 0], 1), "a");
        }

        OtherImages found = builder.Build().Compare([new TopKIntersection(2)]).Single();
        Assert.AreEqual((1.0, 0L, 0.0), (found.SameClass.Mean, found.OtherClass.Count, found.Lift!.Value));
        Assert.IsNull(builder.Build().Compare([new MeanSquaredError()]).Single().Lift);
    }

    /// <summary>Of 10 pixels two random maps share (1/5 of) the top 2; c of the 2 are common to both classes.</summary>
    [TestMethod]
    [DataRow(0, null)]
    [DataRow(1, "maps of different images have a similarity of 0.500, two random maps of 0.200: much of each is the same whatever the image shows")]
    [DataRow(2, "maps of different images have a similarity of 1.000: they say next to nothing of their image")]
    public void MapsThatAreAlikeWhateverTheImageShowsAreNamed(int common, string? expected)
    {
        var builder = new MapSample.Builder();
        for (int i = 0; i < 6; i++)
        {
            float[] map = new float[10];
            for (int top = 0; top < 2; top++)
            {
                map[top < common ? top : 2 + (2 * top) + (i % 2)] = 1;
            }

            builder.Add(Row(i, map, 1), i % 2 == 0 ? "a" : "b");
        }

        OtherImages[] found = [.. builder.Build().Compare([new TopKIntersection(2), new MeanSquaredError()])];
        if (expected is null)
        {
            Assert.IsNull(found[0].InCommon);
        }
        else
        {
            StringAssert.StartsWith(found[0].InCommon, expected);
        }

        Assert.IsNull(found[1].InCommon);
    }

    /// <summary>39 of 40 pixels are always shared, and images of one class may have much in common.</summary>
    [TestMethod]
    [DataRow(39, 5, false)]
    [DataRow(2, 5, false)]
    [DataRow(2, 1, true)]
    public void WhatChanceOrOneClassExplainsIsNotNamed(int k, int places, bool isNamed)
    {
        var builder = new MapSample.Builder();
        for (int i = 0; i < 6; i++)
        {
            float[] map = [.. Enumerable.Repeat(1f, 40)];
            map[0] = 2;
            map[1 + (i % places)] = k == 2 ? 2 : 0; // one of two top pixels, or the only one that is not
            builder.Add(Row(i, map, 1), "a");
        }

        Assert.AreEqual(isNamed, builder.Build().Compare([new TopKIntersection(k)]).Single().InCommon is not null);
    }

    [TestMethod]
    public void RowsHaveTheContentTheMapAndTheControlsOfTheirImage()
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 6);
        images = cat([images, images.narrow(0, 1, 1)], 0);
        classes = cat([classes, classes.narrow(0, 1, 1)], 0);
        Tensor Darken(Tensor images, double radius) => images * (1 - radius);
        var measurement = new RobustnessMeasurement
        {
            Attacks = [new ScriptedAttack(Darken, index => index != 2, new LinfBall(0.5))],
            Similarities = [new TopKIntersection(5), new CosineSimilarity()],
            Controls = [new ConstantMap(), new EdgeMap(), new RandomMap()],
            KeepKeys = true,
            KeepMaps = true,
        };
        RobustnessRow[] rows = [.. measurement.Measure(network, new TensorBatchSource(images, classes), 7)];
        network.Backbone.eval();
        Tensor expected = measurement.Map.Of(network, images, network.Logits(images).argmax(1));
        Assert.AreEqual(6, rows.DistinctBy(row => row.Key).Count());
        Assert.AreEqual(rows[1].Key, rows[6].Key);
        CollectionAssert.AreEqual(
            rows.Select(row => row.Key).ToArray(),
            measurement.Measure(network, new TensorBatchSource(images, classes), 2).Select(row => row.Key).ToArray(), "batches do not matter");
        foreach (RobustnessRow row in rows)
        {
            int image = (int)row.Image;
            Assert.AreEqual(row.Valid, !row.Map.IsEmpty);
            if (row.Valid)
            {
                Values.AreClose(Values.Of(expected[image]), [.. row.Map.ToArray().Select(value => (double)value)], 1e-6);
            }

            for (int control = 0; control < 3; control++)
            {
                var map = new SaliencyMap(measurement.Controls[control]);
                for (int i = 0; i < 2; i++)
                {
                    double value = Values.Of(measurement.Similarities[i].Compare(
                        map.Of(network, images, classes), map.Of(network, Darken(images, 0.5), classes)))[image];
                    Values.AreClose([row.Valid ? value : double.NaN], [row.ControlSimilarities[control][i]], 1e-12);
                }
            }
        }

        Assert.AreEqual(1, rows[0].ControlSimilarities[0][0], "a constant map stays");
        Assert.AreEqual(1, rows[0].ControlSimilarities[1][0], "a darker image has the same edges");
        Assert.IsTrue(rows[0].ControlSimilarities[2][1] < 0.95, "an attacked image has another random map");
    }

    private static RobustnessRow Row(int key, float[] map, double attacked, int height = 2) => new()
    {
        Image = key, Attack = 0, PredictedBefore = 0, PredictedAfter = 0, Valid = true, Similarities = [attacked, attacked], Key = (UInt128)key, Map = map,
        MapHeight = height,
    };
}
