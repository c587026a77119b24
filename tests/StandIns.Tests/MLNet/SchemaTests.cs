using Microsoft.ML;
using Microsoft.ML.Data;

namespace StandIns.Tests.MLNet;

[TestClass]
public sealed class SchemaTests
{
    [TestMethod]
    public void TheLastOfEquallyNamedColumnsIsVisible()
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("A", NumberDataViewType.Single);
        builder.AddColumn("B", TextDataViewType.Instance);
        builder.AddColumn("A", BooleanDataViewType.Instance);
        var schema = builder.ToSchema();
        Assert.AreEqual(3, schema.Count);
        Assert.AreEqual(2, schema["A"].Index);
        Assert.IsTrue(schema[0].IsHidden);
        Assert.IsFalse(schema[1].IsHidden);
        Assert.IsFalse(schema[2].IsHidden);
        Assert.AreEqual("3 columns", schema.ToString());
        CollectionAssert.AreEqual(new[] { "A", "B", "A" }, schema.Select(column => column.Name).ToArray());
    }

    [TestMethod]
    public void AMissingColumnIsNamed()
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("A", NumberDataViewType.Single);
        var schema = builder.ToSchema();
        Assert.IsNull(schema.GetColumnOrNull("Other"));
        Assert.Contains("Other", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => schema["Other"]).Message);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => schema[1]);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => schema[-1]);
        Assert.ThrowsExactly<ArgumentNullException>(() => schema.GetColumnOrNull(""));
        Assert.ThrowsExactly<ArgumentNullException>(() => builder.AddColumn("", NumberDataViewType.Single));
        Assert.ThrowsExactly<ArgumentNullException>(() => builder.AddColumn("B", null));
    }

    [TestMethod]
    public void AnnotationsHoldTypedValuesAndSubAnnotations()
    {
        var inner = new DataViewSchema.Annotations.Builder();
        inner.AddPrimitiveValue("Unit", TextDataViewType.Instance, "pixel".AsMemory());
        var builder = new DataViewSchema.Annotations.Builder();
        builder.AddPrimitiveValue("Size", NumberDataViewType.Int32, 28, inner.ToAnnotations());
        builder.Add<Handle>("Network", HandleType.Instance, (ref Handle value) => value = new Handle(7));
        var annotations = builder.ToAnnotations();

        int size = 0;
        annotations.GetValue("Size", ref size);
        Assert.AreEqual(28, size);
        Handle? handle = null;
        annotations.GetGetter<Handle>(annotations.Schema["Network"])(ref handle!);
        Assert.AreEqual(7, handle.Id);
        ReadOnlyMemory<char> unit = default;
        annotations.Schema["Size"].Annotations.GetValue("Unit", ref unit);
        Assert.AreEqual("pixel", unit.ToString());
        Assert.AreEqual("Size, Network", annotations.ToString());
    }

    [TestMethod]
    public void AWrongAnnotationIsAnError()
    {
        var builder = new DataViewSchema.Annotations.Builder();
        builder.AddPrimitiveValue("Size", NumberDataViewType.Int32, 28);
        var annotations = builder.ToAnnotations();
        float wrong = 0;
        Assert.ThrowsExactly<InvalidOperationException>(() => annotations.GetValue("Size", ref wrong));
        Assert.ThrowsExactly<InvalidOperationException>(() => annotations.GetValue("Other", ref wrong));
        Assert.ThrowsExactly<ArgumentException>(() => builder.AddPrimitiveValue("X", NumberDataViewType.Int32, 1.5f));
        Delegate wrongGetter = (ValueGetter<long>)((ref long value) => value = 1);
        var error = Assert.Throws<Exception>(() => builder.Add("X", NumberDataViewType.Int32, wrongGetter));
        Assert.IsInstanceOfType<ArgumentException>(error.GetBaseException());
    }

    [TestMethod]
    public void SelectedAnnotationsAreCopied()
    {
        var source = new DataViewSchema.Annotations.Builder();
        source.AddPrimitiveValue("Keep", NumberDataViewType.Int32, 1);
        source.AddPrimitiveValue("Drop", NumberDataViewType.Int32, 2);
        var target = new DataViewSchema.Annotations.Builder();
        target.Add(source.ToAnnotations(), name => name == "Keep");
        target.Add(null, name => true);
        Assert.AreEqual("Keep", target.ToAnnotations().ToString());
        Assert.AreEqual(0, DataViewSchema.Annotations.Empty.Schema.Count);
    }

    [TestMethod]
    public void ADetachedColumnKeepsTypeAndAnnotations()
    {
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.AddPrimitiveValue("Size", NumberDataViewType.Int32, 28);
        var first = new DataViewSchema.Builder();
        first.AddColumn("A", NumberDataViewType.Single, annotations.ToAnnotations());
        var column = first.ToSchema()["A"];
        var second = new DataViewSchema.Builder();
        second.AddColumns([new DataViewSchema.DetachedColumn(column), new DataViewSchema.DetachedColumn("B", TextDataViewType.Instance)]);
        var schema = second.ToSchema();
        Assert.AreSame(column.Annotations, schema["A"].Annotations);
        Assert.AreEqual(0, schema["B"].Annotations.Schema.Count);
        Assert.AreEqual("A: Single {Size}", schema["A"].ToString());
    }

    [TestMethod]
    public void SlotNamesAndKeyValuesAreRecognised()
    {
        var names = new DataViewSchema.Annotations.Builder();
        names.Add<VBuffer<ReadOnlyMemory<char>>>("SlotNames", new VectorDataViewType(TextDataViewType.Instance, 2),
            (ref VBuffer<ReadOnlyMemory<char>> value) => value = new(2, ["x".AsMemory(), "y".AsMemory()]));
        var values = new DataViewSchema.Annotations.Builder();
        values.Add<VBuffer<int>>("KeyValues", new VectorDataViewType(NumberDataViewType.Int32, 3), (ref VBuffer<int> value) => value = new(3, [5, 6, 7]));
        values.AddPrimitiveValue("IsNormalized", BooleanDataViewType.Instance, true);
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("Vector", new VectorDataViewType(NumberDataViewType.Single, 2), names.ToAnnotations());
        builder.AddColumn("Key", new KeyDataViewType(typeof(uint), 3), values.ToAnnotations());
        builder.AddColumn("Other", new VectorDataViewType(NumberDataViewType.Single, 3), names.ToAnnotations());
        var schema = builder.ToSchema();

        Assert.IsTrue(schema["Vector"].HasSlotNames());
        Assert.IsFalse(schema["Other"].HasSlotNames(), "three slots, two names");
        Assert.IsTrue(schema["Key"].HasKeyValues(NumberDataViewType.Int32));
        Assert.IsFalse(schema["Key"].HasKeyValues(), "by default text values are meant");
        Assert.IsTrue(schema["Key"].IsNormalized());
        Assert.IsFalse(schema["Vector"].IsNormalized());
        VBuffer<ReadOnlyMemory<char>> slots = default;
        schema["Vector"].GetSlotNames(ref slots);
        Assert.AreEqual("y", slots.GetItemOrDefault(1).ToString());
        VBuffer<int> keys = default;
        schema["Key"].GetKeyValues(ref keys);
        CollectionAssert.AreEqual(new[] { 5, 6, 7 }, keys.DenseValues().ToArray());
    }
}
