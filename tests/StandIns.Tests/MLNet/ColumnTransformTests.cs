using Microsoft.ML;
using Microsoft.ML.Data;

namespace StandIns.Tests.MLNet;

[TestClass]
public sealed class ColumnTransformTests
{
    private readonly MLContext _context = new(seed: 1);

    [TestMethod]
    public void ACopyHasTheSourcesTypeAndAnnotations()
    {
        var probe = new ProbeView(3);
        var copied = _context.Transforms.CopyColumns("Twin", "Handle").Fit(probe).Transform(probe);
        Assert.AreSame(HandleType.Instance, copied.Schema["Twin"].Type);
        CollectionAssert.AreEqual(new[] { 0, 1, 2 }, copied.GetColumn<Handle>("Twin").Select(handle => handle.Id).ToArray());
    }

    [TestMethod]
    public void AReplacedColumnHidesTheOldOneAndStandsBesideIt()
    {
        var probe = new ProbeView(3);
        var replaced = _context.Transforms.CopyColumns("Number", "Square").Fit(probe).Transform(probe);
        CollectionAssert.AreEqual(new[] { "Number", "Number", "Square", "Handle" }, replaced.Schema.Select(column => column.Name).ToArray());
        Assert.IsTrue(replaced.Schema[0].IsHidden);
        CollectionAssert.AreEqual(new float[] { 0, 1, 4 }, replaced.GetColumn<float>("Number").ToArray());
        CollectionAssert.AreEqual(new float[] { 0, 1, 2 }, replaced.GetColumn<float>(replaced.Schema[0]).ToArray());
    }

    [TestMethod]
    public void ColumnsAreKeptInTheOrderInWhichTheyAreNamed()
    {
        var probe = new ProbeView(3);
        var selected = _context.Transforms.SelectColumns("Square", "Number").Fit(probe).Transform(probe);
        CollectionAssert.AreEqual(new[] { "Square", "Number" }, selected.Schema.Select(column => column.Name).ToArray());
        CollectionAssert.AreEqual(new float[] { 0, 1, 4 }, selected.GetColumn<float>("Square").ToArray());
        var dropped = _context.Transforms.DropColumns("Number").Fit(probe).Transform(probe);
        CollectionAssert.AreEqual(new[] { "Square", "Handle" }, dropped.Schema.Select(column => column.Name).ToArray());
        CollectionAssert.AreEqual(new[] { 0, 1, 2 }, dropped.GetColumn<Handle>("Handle").Select(handle => handle.Id).ToArray());
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Transforms.SelectColumns("Number", "Other").Fit(probe));
        Assert.Contains("Other", error.Message);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Transforms.DropColumns("Other").Fit(probe));
        Assert.ThrowsExactly<InvalidOperationException>(() => _context.Transforms.SelectColumns());
    }

    [TestMethod]
    [DataRow(false, 1)]
    [DataRow(true, 2)]
    public void HiddenColumnsAreKeptOnRequest(bool keepHidden, int expected)
    {
        var probe = new ProbeView(3);
        var replaced = _context.Transforms.CopyColumns("Number", "Square").Fit(probe).Transform(probe);
        var selected = _context.Transforms.SelectColumns(["Number"], keepHidden).Fit(replaced).Transform(replaced);
        Assert.AreEqual(expected, selected.Schema.Count);
        CollectionAssert.AreEqual(new float[] { 0, 1, 4 }, selected.GetColumn<float>("Number").ToArray());
    }

    [TestMethod]
    public void ConcatenationJoinsScalarsAndVectorsAndNamesTheSlots()
    {
        var data = _context.Data.LoadFromEnumerable([new Sample { A = 1, V = [2, 3] }, new Sample { A = 4, V = [5, 6] }]);
        var joined = _context.Transforms.Concatenate("All", "A", "V", "A").Fit(data).Transform(data);
        CollectionAssert.AreEqual(new float[] { 4, 5, 6, 4 }, joined.GetColumn<float[]>("All").Last());
        Assert.IsTrue(new VectorDataViewType(NumberDataViewType.Single, 4).Equals(joined.Schema["All"].Type));
        VBuffer<ReadOnlyMemory<char>> names = default;
        joined.Schema["All"].GetSlotNames(ref names);
        CollectionAssert.AreEqual(new[] { "A", "", "", "A" }, names.DenseValues().Select(name => name.ToString()).ToArray());

        var nested = _context.Transforms.Concatenate("More", "All", "A").Fit(joined).Transform(joined);
        nested.Schema["More"].GetSlotNames(ref names);
        CollectionAssert.AreEqual(new[] { "All.A", "", "", "All.A", "A" }, names.DenseValues().Select(name => name.ToString()).ToArray());
    }

    [TestMethod]
    public void ASingleVectorIsHandedThroughWithItsDimensions()
    {
        var data = _context.Data.LoadFromEnumerable([new Picture { Pixels = [1, 2, 3, 4] }]);
        var joined = _context.Transforms.Concatenate("Same", "Pixels").Fit(data).Transform(data);
        Assert.IsTrue(new VectorDataViewType(NumberDataViewType.Single, 1, 2, 2).Equals(joined.Schema["Same"].Type));
        var twice = _context.Transforms.Concatenate("Twice", "Pixels", "Pixels").Fit(data).Transform(data);
        Assert.IsTrue(new VectorDataViewType(NumberDataViewType.Single, 8).Equals(twice.Schema["Twice"].Type));
    }

    [TestMethod]
    public void UnequalColumnsAreNotJoined()
    {
        var data = _context.Data.LoadFromEnumerable([new Sample { A = 1, V = [2, 3] }]);
        var mixed = _context.Transforms.Concatenate("All", "A", "Text").Fit(data);
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => mixed.Transform(data));
        Assert.Contains("Text", error.Message);
        var inChain = new EstimatorChain<ITransformer>().Append<ITransformer>(_context.Transforms.Concatenate("All", "A", "Text"));
        Assert.ThrowsExactly<InvalidOperationException>(() => inChain.Fit(data));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Transforms.Concatenate("All"));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Transforms.Concatenate("All", "Other").Fit(data).Transform(data));
    }

    [TestMethod]
    public void NumbersTextAndBooleansConvert()
    {
        var data = _context.Data.LoadFromEnumerable([new Sample { A = 2.5f, V = [1, 2], Text = "7.5", Flag = true }]);
        Assert.AreEqual(2.5, Convert<double>("A", DataKind.Double));
        Assert.IsTrue(Convert<bool>("A", DataKind.Boolean));
        Assert.AreEqual("2.5", Convert<ReadOnlyMemory<char>>("A", DataKind.String).ToString());
        Assert.AreEqual(7.5f, Convert<float>("Text", DataKind.Single));
        Assert.AreEqual(1f, Convert<float>("Flag", DataKind.Single));
        Assert.AreEqual("True", Convert<ReadOnlyMemory<char>>("Flag", DataKind.String).ToString());
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Convert<int>("A", DataKind.Int32), "a real number is not an integer");
        CollectionAssert.AreEqual(new double[] { 1, 2 }, Convert<VBuffer<double>>("V", DataKind.Double).DenseValues().ToArray());
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Convert<float>("Other", DataKind.Single));

        T Convert<T>(string column, DataKind kind)
            => _context.Transforms.Conversion.ConvertType("Out", column, kind).Fit(data).Transform(data).GetColumn<T>("Out").Single();
    }

    [TestMethod]
    public void KeysConvertToWiderKeysOnly()
    {
        var data = _context.Data.LoadFromEnumerable([new Sample { Text = "a" }]);
        var keyed = _context.Transforms.Conversion.MapValueToKey("Text").Fit(data).Transform(data);
        var wide = _context.Transforms.Conversion.ConvertType("Wide", "Text", DataKind.UInt64).Fit(keyed).Transform(keyed);
        Assert.IsTrue(new KeyDataViewType(typeof(ulong), 1).Equals(wide.Schema["Wide"].Type));
        Assert.IsTrue(wide.Schema["Wide"].HasKeyValues());
        Assert.AreEqual(1ul, wide.GetColumn<ulong>("Wide").Single());
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Transforms.Conversion.ConvertType("Text", outputKind: DataKind.Single).Fit(keyed));
    }

    [TestMethod]
    public void MinMaxScalesEachSlot()
    {
        var data = _context.Data.LoadFromEnumerable([new Sample { A = 1, V = [-2, 4] }, new Sample { A = 5, V = [1, 8] }]);
        var fixedZero = _context.Transforms.NormalizeMinMax("Out", "V").Fit(data).Transform(data);
        AssertClose([-1, 0.5f], fixedZero.GetColumn<float[]>("Out").First());
        AssertClose([0.5f, 1], fixedZero.GetColumn<float[]>("Out").Last());
        Assert.IsTrue(fixedZero.Schema["Out"].IsNormalized());
        var range = _context.Transforms.NormalizeMinMax("Out", "A", fixZero: false).Fit(data).Transform(data);
        AssertClose([0, 1], range.GetColumn<float>("Out").ToArray());
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Transforms.NormalizeMinMax("Text").Fit(data));
    }

    [TestMethod]
    public void ACustomMappingSeesAndMakesColumns()
    {
        var data = _context.Data.LoadFromEnumerable([new Sample { A = 3, V = [1, 2] }]);
        var mapping = _context.Transforms.CustomMapping<Sample, Result>(
            (source, target) =>
            {
                target.Sum = source.A + source.V.Sum();
                target.Scaled = source.V.Select(value => 2 * value).ToArray();
            },
            contractName: null!);
        var mapped = mapping.Fit(data).Transform(data);
        Assert.AreEqual(6, mapped.GetColumn<float>("Sum").Single());
        CollectionAssert.AreEqual(new float[] { 2, 4 }, mapped.GetColumn<float[]>("Scaled").Single());
        Assert.IsTrue(new VectorDataViewType(NumberDataViewType.Single, 2).Equals(mapped.Schema["Scaled"].Type));
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => mapping.Fit(new ProbeView(1)));
        Assert.Contains("column '", error.Message);
    }

    [TestMethod]
    public void ACustomMappingRunsOncePerRow()
    {
        var data = new ProbeView(50);
        int calls = 0;
        var mapping = _context.Transforms.CustomMapping<Number, TwoNumbers>(
            (source, target) =>
            {
                Interlocked.Increment(ref calls);
                (target.Left, target.Right) = (source.Value, -source.Value);
            },
            null!,
            inputSchemaDefinition: Definition());
        var mapped = mapping.Fit(data).Transform(data);
        using (var cursor = mapped.GetRowCursor([mapped.Schema["Left"], mapped.Schema["Right"]]))
        {
            var left = cursor.GetGetter<float>(mapped.Schema["Left"]);
            var right = cursor.GetGetter<float>(mapped.Schema["Right"]);
            while (cursor.MoveNext())
            {
                (float leftValue, float rightValue) = (1, 1);
                left(ref leftValue);
                right(ref rightValue);
                Assert.AreEqual(leftValue, -rightValue);
            }
        }

        Assert.AreEqual(50, calls);

        static SchemaDefinition Definition()
        {
            var definition = SchemaDefinition.Create(typeof(Number));
            definition["Value"].ColumnName = "Number";
            return definition;
        }
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.HasCount(expected.Length, actual);
        foreach (var (wanted, found) in expected.Zip(actual))
            Assert.AreEqual(wanted, found, 1e-6f);
    }

    private sealed class Sample
    {
        public float A { get; set; }

        [VectorType(2)]
        public float[] V { get; set; } = [0, 0];

        public string Text { get; set; } = "";

        public bool Flag { get; set; }
    }

    private sealed class Picture
    {
        [VectorType(1, 2, 2)]
        public float[] Pixels { get; set; } = [];
    }

    private sealed class Result
    {
        public float Sum { get; set; }

        [VectorType(2)]
        public float[] Scaled { get; set; } = [0, 0];
    }

    private sealed class Number
    {
        public float Value { get; set; }
    }

    private sealed class TwoNumbers
    {
        public float Left { get; set; }

        public float Right { get; set; }
    }
}
