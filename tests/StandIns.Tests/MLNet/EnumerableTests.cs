using Microsoft.ML;
using Microsoft.ML.Data;

namespace StandIns.Tests.MLNet;

[TestClass]
public sealed class EnumerableTests
{
    private readonly MLContext _context = new(seed: 1);

    [TestMethod]
    public void MembersBecomeColumnsWithTheTypesThatAttributesSay()
    {
        var schema = _context.Data.LoadFromEnumerable(Array.Empty<Everything>()).Schema;
        CollectionAssert.AreEquivalent(
            new[] { "Field", "Text", "Flag", "Key", "Picture", "Loose", "Words", "Buffer", "When" }, schema.Select(column => column.Name).ToArray());
        Assert.AreEqual(NumberDataViewType.Int32, schema["Field"].Type);
        Assert.AreEqual(TextDataViewType.Instance, schema["Text"].Type);
        Assert.AreEqual(BooleanDataViewType.Instance, schema["Flag"].Type);
        Assert.IsTrue(new KeyDataViewType(typeof(uint), 5).Equals(schema["Key"].Type));
        Assert.IsTrue(new VectorDataViewType(NumberDataViewType.Single, 1, 2, 2).Equals(schema["Picture"].Type));
        Assert.IsTrue(new VectorDataViewType(NumberDataViewType.Single).Equals(schema["Loose"].Type));
        Assert.IsTrue(new VectorDataViewType(TextDataViewType.Instance).Equals(schema["Words"].Type));
        Assert.IsTrue(new VectorDataViewType(NumberDataViewType.Double, 3).Equals(schema["Buffer"].Type));
        Assert.AreEqual(DateTimeDataViewType.Instance, schema["When"].Type);
    }

    [TestMethod]
    public void ValuesComeBackAsTheyWere()
    {
        var row = new Everything
        {
            Field = 3, Renamed = "seven", Flag = true, Picture = [1, 2, 3, 4], Loose = [5], Words = ["a", "b"],
            Buffer = new VBuffer<double>(3, 1, [2.5], [1]), When = new DateTime(2020, 2, 3),
        };
        var back = _context.Data.CreateEnumerable<Everything>(_context.Data.LoadFromEnumerable([row]), reuseRowObject: false).Single();
        Assert.AreEqual(3, back.Field);
        Assert.AreEqual("seven", back.Renamed);
        Assert.IsTrue(back.Flag);
        CollectionAssert.AreEqual(row.Picture, back.Picture);
        CollectionAssert.AreEqual(row.Loose, back.Loose);
        CollectionAssert.AreEqual(row.Words, back.Words);
        CollectionAssert.AreEqual(new[] { 0, 2.5, 0 }, back.Buffer.DenseValues().ToArray());
        Assert.AreEqual(row.When, back.When);
        Assert.AreEqual(0, back.Ignored);
    }

    [TestMethod]
    public void KeysOfRowObjectsCountFromZeroAndThoseOfColumnsFromOne()
    {
        var data = _context.Data.LoadFromEnumerable(new uint[] { 0, 4, 5 }.Select(key => new Everything { Key = key }));
        CollectionAssert.AreEqual(new uint[] { 1, 5, 0 }, data.GetColumn<uint>("Key").ToArray());
        CollectionAssert.AreEqual(new uint[] { 1, 5, 0 },
            _context.Data.CreateEnumerable<Everything>(data, reuseRowObject: false).Select(row => row.Key).ToArray());
    }

    [TestMethod]
    public void NullTextAndNullArraysAreEmpty()
    {
        var data = _context.Data.LoadFromEnumerable([new Everything()]);
        Assert.AreEqual("", data.GetColumn<string>("Text").Single());
        Assert.IsEmpty(data.GetColumn<float[]>("Loose").Single());
        Assert.AreEqual(1, data.GetRowCount());
        Assert.IsNull(_context.Data.LoadFromEnumerable(Enumerable.Range(0, 3).Select(_ => new Everything())).GetRowCount());
    }

    [TestMethod]
    public void OneRowObjectServesAllRowsOnRequest()
    {
        var data = _context.Data.LoadFromEnumerable(Enumerable.Range(0, 3).Select(i => new Everything { Field = i }));
        var reused = _context.Data.CreateEnumerable<Everything>(data, reuseRowObject: true).ToArray();
        Assert.AreSame(reused[0], reused[2]);
        var fresh = _context.Data.CreateEnumerable<Everything>(data, reuseRowObject: false).ToArray();
        CollectionAssert.AreEqual(new[] { 0, 1, 2 }, fresh.Select(row => row.Field).ToArray());
    }

    [TestMethod]
    public void TheSequenceIsReadAnewByEachCursor()
    {
        int passes = 0;
        var data = _context.Data.LoadFromEnumerable(Rows());
        Assert.AreEqual(0, passes);
        _ = data.GetColumn<int>("Field").Count();
        _ = data.GetColumn<int>("Field").Count();
        Assert.AreEqual(2, passes);

        IEnumerable<Everything> Rows()
        {
            passes++;
            yield return new Everything();
        }
    }

    [TestMethod]
    public void ADefinitionChangesNamesTypesAndAnnotations()
    {
        var definition = SchemaDefinition.Create(typeof(Everything));
        definition["Loose"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, 2);
        definition["Loose"].AddAnnotation("Origin", new[] { "camera", "scanner" }, new VectorDataViewType(TextDataViewType.Instance, 2));
        definition["Field"].ColumnName = "Count";
        definition.Remove(definition["When"]);
        var schema = _context.Data.LoadFromEnumerable([new Everything { Loose = [1, 2] }], definition).Schema;
        Assert.AreEqual(2, ((VectorDataViewType)schema["Loose"].Type).Size);
        Assert.IsNotNull(schema.GetColumnOrNull("Count"));
        Assert.IsNull(schema.GetColumnOrNull("Field"));
        Assert.IsNull(schema.GetColumnOrNull("When"));
        VBuffer<ReadOnlyMemory<char>> origin = default;
        schema["Loose"].Annotations.GetValue("Origin", ref origin);
        Assert.AreEqual("scanner", origin.GetItemOrDefault(1).ToString());
        Assert.ThrowsExactly<InvalidOperationException>(() => definition["Loose"].AddAnnotation("Origin", 1, NumberDataViewType.Int32));
    }

    [TestMethod]
    public void ASchemaGivesRowsItsTypesAndAnnotations()
    {
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.AddPrimitiveValue("Size", NumberDataViewType.Int32, 28);
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("Loose", new VectorDataViewType(NumberDataViewType.Single, 2), annotations.ToAnnotations());
        var schema = _context.Data.LoadFromEnumerable([new Everything { Loose = [1, 2] }], builder.ToSchema()).Schema;
        Assert.AreEqual(2, ((VectorDataViewType)schema["Loose"].Type).Size);
        Assert.AreEqual("Size", schema["Loose"].Annotations.ToString());

        var other = new DataViewSchema.Builder();
        other.AddColumn("Unknown", NumberDataViewType.Single);
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => _context.Data.LoadFromEnumerable([new Everything()], other.ToSchema()));
        Assert.Contains("Unknown", error.Message);
    }

    [TestMethod]
    public void AMissingOrUnsuitableColumnIsNamed()
    {
        var data = _context.Data.LoadFromEnumerable([new Small { Field = 3 }]);
        var missing = Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => _context.Data.CreateEnumerable<Everything>(data, reuseRowObject: false).Count());
        Assert.Contains("column '", missing.Message);
        Assert.AreEqual(3, _context.Data.CreateEnumerable<Everything>(data, reuseRowObject: false, ignoreMissingColumns: true).Single().Field);
        var unsuitable = Assert.ThrowsExactly<InvalidOperationException>(
            () => _context.Data.CreateEnumerable<Wrong>(data, reuseRowObject: false).Count());
        Assert.Contains("Field", unsuitable.Message);
    }

    [TestMethod]
    public void UnsuitableMembersAreErrors()
    {
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Data.LoadFromEnumerable(Array.Empty<NoColumnType>()));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Data.LoadFromEnumerable(Array.Empty<ScalarVector>()));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Data.LoadFromEnumerable(Array.Empty<SignedKey>()));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Data.LoadFromEnumerable(Array.Empty<TwoOfOneName>()));
        var definition = SchemaDefinition.Create(typeof(Small));
        definition["Field"].ColumnType = NumberDataViewType.Single;
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Data.LoadFromEnumerable(Array.Empty<Small>(), definition));
        Assert.ThrowsExactly<ArgumentNullException>(() => _context.Data.LoadFromEnumerable<Small>(null!));
    }

    [TestMethod]
    public void AnAttributeBringsItsOwnType()
    {
        var data = _context.Data.LoadFromEnumerable([new WithHandle { Owner = new Handle(5) }]);
        Assert.AreSame(HandleType.Instance, data.Schema["Owner"].Type);
        Assert.AreEqual(5, data.GetColumn<Handle>("Owner").Single().Id);
        Assert.AreEqual(5, _context.Data.CreateEnumerable<WithHandle>(data, reuseRowObject: false).Single().Owner!.Id);
    }

    private sealed class Everything
    {
        public int Field;

        [ColumnName("Text")]
        public string? Renamed { get; set; }

        public bool Flag { get; set; }

        [KeyType(5)]
        public uint Key { get; set; }

        [VectorType(1, 2, 2)]
        public float[]? Picture { get; set; }

        public float[]? Loose { get; set; }

        public string[]? Words { get; set; }

        [VectorType(3)]
        public VBuffer<double> Buffer { get; set; } = new(3, [0, 0, 0]);

        public DateTime When { get; set; }

        [NoColumn]
        public int Ignored { get; set; }
    }

    private sealed class Small
    {
        public int Field { get; set; }
    }

    private sealed class Wrong
    {
        public float Field { get; set; }
    }

    private sealed class NoColumnType
    {
        public Version? Version { get; set; }
    }

    private sealed class ScalarVector
    {
        [VectorType(3)]
        public float Value { get; set; }
    }

    private sealed class SignedKey
    {
        [KeyType(3)]
        public int Value { get; set; }
    }

    private sealed class TwoOfOneName
    {
        public int First { get; set; }

        [ColumnName("First")]
        public int Second { get; set; }
    }

    private sealed class WithHandle
    {
        [HandleTypeAttribute]
        public Handle? Owner { get; set; }
    }

    private sealed class HandleTypeAttribute : DataViewTypeAttribute
    {
        public override void Register() => DataViewTypeManager.Register(HandleType.Instance, typeof(Handle), this);

        public override bool Equals(DataViewTypeAttribute? other) => other is HandleTypeAttribute;

        public override bool Equals(object? obj) => obj is HandleTypeAttribute;

        public override int GetHashCode() => 17;
    }
}
