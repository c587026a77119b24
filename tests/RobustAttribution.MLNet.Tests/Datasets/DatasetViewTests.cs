using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Tests.Fixtures;

namespace RobustAttribution.MLNet.Tests.Datasets;

/// <summary>The cursors of a set over a dataset: its rows, each once, in the order of one cursor by their batches.</summary>
[TestClass]
public sealed class DatasetViewTests
{
    private const int Count = 107;
    private readonly DataFolder folder = new();

    [TestCleanup]
    public void Clean() => folder.Dispose();

    [TestMethod]
    [DataRow(1, null)]
    [DataRow(3, null)]
    [DataRow(3, 5)]
    [DataRow(100, 5)]
    public void ASetOfCursorsGivesTheOrderOfOne(int cursors, int? seed)
    {
        IDataView view = Folders(Count);
        DataViewSchema.Column id = view.Schema["Id"];
        using DataViewRowCursor single = view.GetRowCursor([id], Shuffle());
        DataViewRowCursor[] set = view.GetRowCursorSet([id], cursors, Shuffle());
        Assert.HasCount(Math.Min(cursors, 7), set, "blocks of 16 rows");
        (long Batch, string Id)[] parts = [.. set.SelectMany(Read)];
        Assert.HasCount(Count, parts);
        CollectionAssert.AreEqual(Read(single).Select(row => row.Id).ToArray(), parts.OrderBy(row => row.Batch).Select(row => row.Id).ToArray());

        Random? Shuffle() => seed is int value ? new Random(value) : null;

        List<(long Batch, string Id)> Read(DataViewRowCursor cursor)
        {
            ValueGetter<ReadOnlyMemory<char>> getter = cursor.GetGetter<ReadOnlyMemory<char>>(id);
            List<(long Batch, string Id)> rows = [];
            for (ReadOnlyMemory<char> value = default; cursor.MoveNext();)
            {
                getter(ref value);
                Assert.AreEqual(rows.Count, cursor.Position);
                Assert.IsTrue(rows.Count == 0 || rows[^1].Batch <= cursor.Batch, "batches of a cursor ascend");
                rows.Add((cursor.Batch, value.ToString()));
            }

            cursor.Dispose();
            return rows;
        }
    }

    private IDataView Folders(int count)
    {
        byte[] image = PngFile.Plain(4, 4);
        for (int i = 0; i < count; i++)
        {
            folder.Write($"{(i % 2 == 0 ? "a" : "b")}/{i:D3}.png", image);
        }

        return new MLContext(1).Data.LoadImageFolders(folder.Path, options: new DatasetOptions { LabelsAsKey = true });
    }
}
