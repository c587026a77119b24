using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Tests.Fixtures;

namespace RobustAttribution.MLNet.Tests.Scoring;

/// <summary>Reading ahead: how often the network runs, and what a cursor does in odd places.</summary>
[TestClass]
public sealed class BatchedCursorTests
{
    [TestMethod]
    public void OneForwardPassForEachBatch()
    {
        using var scored = new Scored(11);
        int calls = CountingArchitecture.Calls;
        int images = CountingArchitecture.Images;
        Rows.Read(scored.View, ["Score", "PredictedLabel", "Id"]);
        Assert.AreEqual(3, CountingArchitecture.Calls - calls);
        Assert.AreEqual(11, CountingArchitecture.Images - images);
    }

    [TestMethod]
    public void OnlyBatchesThatAreLookedAtAreComputed()
    {
        using var scored = new Scored(20);
        DataViewSchema.Column score = scored.View.Schema["Score"];
        using DataViewRowCursor cursor = scored.View.GetRowCursor([score]);
        Func<object> getter = Rows.Getter(cursor, score);
        List<Rows.Row> all = Rows.Read(scored.View, ["Score"]);
        int calls = CountingArchitecture.Calls;
        while (cursor.MoveNext())
        {
            if (cursor.Position is 9 or 10 or 17) // batches 2 and 4
            {
                CollectionAssert.AreEqual((float[])all[(int)cursor.Position].Values["Score"], (float[])getter());
            }
        }

        Assert.AreEqual(2, CountingArchitecture.Calls - calls);
    }

    [TestMethod]
    public void ThreeTransformsReadTheSourceALinearNumberOfTimes()
    {
        using var scored = new Scored(8);
        IDataView view = scored.View;
        for (int i = 0; i < 3; i++)
        {
            view = scored.Context.Transforms.Saliency($"Map{i}").Fit(view).Transform(view);
        }

        Rows.Read(view, ["Score", "Map0", "Map1", "Map2"]); // the first time it is tried whether the network can be differentiated
        int calls = CountingArchitecture.Calls;
        Rows.Read(view, ["Score", "Map0", "Map1", "Map2"]);
        Assert.AreEqual(2 + (3 * 2), CountingArchitecture.Calls - calls, "two batches: once for the scores, once for each map");
    }

    [TestMethod]
    [DataRow("predicted", 3)]
    [DataRow("label", 3)]
    [DataRow("class", 3)]
    [DataRow("top 2", 9)]
    [DataRow("another activation", 6)]
    public void MapsTakeOnePassForEachBatchWhereOneWillDo(string what, int expected)
    {
        using var scored = new Scored(11);
        SaliencyTransformer saliency = scored.Context.Transforms.Saliency(what switch
        {
            "label" => new SaliencyEstimator.Options { Target = SaliencyTarget.Label() },
            "class" => new() { Target = SaliencyTarget.Class(1) },
            "top 2" => new() { Target = SaliencyTarget.Top(2) },
            "another activation" => new() { Activation = Networks.Activation.Softplus(50) },
            _ => new(),
        }).Fit(scored.View);
        Rows.Read(saliency.Transform(scored.View), ["Saliency", "Id"]); // the first time it is tried whether the network can be differentiated
        int calls = CountingArchitecture.Calls;
        Rows.Read(saliency.Transform(scored.View), ["Saliency", "Id"]);
        Assert.AreEqual(expected, CountingArchitecture.Calls - calls);
    }

    [TestMethod]
    public void ValuesBeforeTheFirstAndAfterTheLastRowAreErrors()
    {
        using var scored = new Scored(3);
        DataViewSchema.Column score = scored.View.Schema["Score"];
        using DataViewRowCursor cursor = scored.View.GetRowCursor([score]);
        Func<object> getter = Rows.Getter(cursor, score);
        Assert.ThrowsExactly<InvalidOperationException>(getter);
        while (cursor.MoveNext())
        {
        }

        Assert.AreEqual(-1, cursor.Position);
        Assert.ThrowsExactly<InvalidOperationException>(getter);
        Assert.IsFalse(cursor.MoveNext());
    }

    [TestMethod]
    public void WrongTypesAndInactiveColumnsAreErrors()
    {
        using var scored = new Scored(3);
        DataViewSchema schema = scored.View.Schema;
        using DataViewRowCursor cursor = scored.View.GetRowCursor([schema["Score"]]);
        Assert.IsTrue(cursor.IsColumnActive(schema["Score"]));
        Assert.IsFalse(cursor.IsColumnActive(schema["PredictedLabel"]));
        Assert.ThrowsExactly<ArgumentException>(() => cursor.GetGetter<uint>(schema["PredictedLabel"]));
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => cursor.GetGetter<float>(schema["Score"])).Message, "'Score'");
    }

    [TestMethod]
    public void ASourceThatDoesNotRepeatItselfIsFoundOut()
    {
        using var scored = new Scored();
        IDataView view = scored.Model.Transform(new OtherEachTime(scored.Context.Data.Cache(scored.Data)));
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => Rows.Read(view, ["Score", "Id"]));
        StringAssert.Contains(error.Message, "AppendCacheCheckpoint");
    }

    [TestMethod]
    public void ABrokenImageIsNamedAgainAndAgain()
    {
        using var scored = new Scored();
        List<TestImage> images = TestImage.Make(6);
        images[5].Image[7] = float.NaN;
        IDataView view = scored.Chain.Transform(scored.Context.Data.LoadFromEnumerable(images));
        DataViewSchema.Column score = view.Schema["Score"];
        using DataViewRowCursor cursor = view.GetRowCursor([score]);
        Func<object> getter = Rows.Getter(cursor, score);
        while (cursor.MoveNext())
        {
            if (cursor.Position >= 4)
            {
                var error = Assert.ThrowsExactly<BrokenImageException>(getter);
                StringAssert.Contains(error.Message, "Image column 'Image', row 5: value 7 is missing");
            }
            else
            {
                Assert.HasCount(3, (float[])getter());
            }
        }
    }

    [TestMethod]
    public void ACursorMayMoveFromThreadToThread()
    {
        using var scored = new Scored(12);
        List<Rows.Row> expected = Rows.Read(scored.View, ["Score"]);
        DataViewSchema.Column score = scored.View.Schema["Score"];
        using DataViewRowCursor cursor = scored.View.GetRowCursor([score]);
        Func<object> getter = Rows.Getter(cursor, score);
        for (int i = 0; i < expected.Count; i++)
        {
            float[]? found = null;
            var thread = new Thread(() =>
            {
                cursor.MoveNext();
                found = (float[])getter();
            });
            thread.Start();
            thread.Join();
            CollectionAssert.AreEqual((float[])expected[i].Values["Score"], found);
        }
    }

    [TestMethod]
    public void SeveralThreadsOnOneNetworkGetWhatOneAfterTheOtherGets()
    {
        using var scored = new Scored(30);
        IDataView maps = scored.Context.Transforms.Saliency(new SaliencyEstimator.Options { Activation = Networks.Activation.Relu }).Fit(scored.View).Transform(scored.View);
        List<Rows.Row> expected = Rows.Read(maps, ["Score", "Saliency"]);
        Parallel.For(0, 4, _ =>
        {
            List<Rows.Row> found = Rows.Read(maps, ["Score", "Saliency"]);
            for (int i = 0; i < expected.Count; i++)
            {
                Rows.AreEqual(expected[i].Values, found[i].Values, 0, $"row {i}");
            }
        });
    }

    [TestMethod]
    public void CancellingTheContextStopsWithinARow()
    {
        using var scored = new Scored(40);
        DataViewSchema.Column score = scored.View.Schema["Score"];
        using DataViewRowCursor cursor = scored.View.GetRowCursor([score]);
        Assert.IsTrue(cursor.MoveNext());
        scored.Context.Cancel();
        Assert.Throws<OperationCanceledException>(() => cursor.MoveNext());
    }

    /// <summary>Gives its rows in another order each time.</summary>
    private sealed class OtherEachTime(IDataView inner) : IDataView
    {
        private int pass;

        public bool CanShuffle => false;

        public DataViewSchema Schema => inner.Schema;

        public long? GetRowCount() => inner.GetRowCount();

        public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
            => inner.GetRowCursor(columnsNeeded, new Random(++pass));

        public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) => [GetRowCursor(columnsNeeded)];
    }
}
