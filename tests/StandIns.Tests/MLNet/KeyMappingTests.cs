using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace StandIns.Tests.MLNet;

[TestClass]
public sealed class KeyMappingTests
{
    private readonly MLContext _context = new(seed: 1);

    [TestMethod]
    public void KeysComeByOccurrenceOrByValue()
    {
        var data = Texts("pear", "apple", "pear", "Zoo", "apple");
        var byOccurrence = _context.Transforms.Conversion.MapValueToKey("Key", "Text").Fit(data).Transform(data);
        CollectionAssert.AreEqual(new uint[] { 1, 2, 1, 3, 2 }, byOccurrence.GetColumn<uint>("Key").ToArray());
        CollectionAssert.AreEqual(new[] { "pear", "apple", "Zoo" }, KeyValues(byOccurrence.Schema["Key"]));

        var byValue = _context.Transforms.Conversion
            .MapValueToKey("Key", "Text", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue).Fit(data).Transform(data);
        CollectionAssert.AreEqual(new[] { "Zoo", "apple", "pear" }, KeyValues(byValue.Schema["Key"]), "by the code of the characters");
        CollectionAssert.AreEqual(new uint[] { 3, 2, 3, 1, 2 }, byValue.GetColumn<uint>("Key").ToArray());
        Assert.IsTrue(new KeyDataViewType(typeof(uint), 3).Equals(byValue.Schema["Key"].Type));
    }

    [TestMethod]
    public void UnknownAndEmptyValuesBecomeTheMissingKey()
    {
        var model = _context.Transforms.Conversion.MapValueToKey("Text").Fit(Texts("a", "", "b"));
        CollectionAssert.AreEqual(new uint[] { 0, 2, 0, 1 }, model.Transform(Texts("c", "b", "", "a")).GetColumn<uint>("Text").ToArray());
        Assert.AreEqual(2ul, ((KeyDataViewType)model.Transform(Texts("c")).Schema["Text"].Type).Count);
    }

    [TestMethod]
    public void TheNumberOfKeysCanBeLimited()
    {
        var data = Texts("a", "b", "c", "a");
        var mapped = _context.Transforms.Conversion.MapValueToKey("Text", maximumNumberOfKeys: 2).Fit(data).Transform(data);
        CollectionAssert.AreEqual(new uint[] { 1, 2, 0, 1 }, mapped.GetColumn<uint>("Text").ToArray());
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => _context.Transforms.Conversion.MapValueToKey("Text", maximumNumberOfKeys: 0).Fit(data));
    }

    [TestMethod]
    public void KeyDataFixTheKeys()
    {
        var keyData = _context.Data.LoadFromEnumerable([new Key { Value = "x" }, new Key { Value = "a" }]);
        var mapped = _context.Transforms.Conversion.MapValueToKey("Text", keyData: keyData).Fit(Texts("a", "b")).Transform(Texts("a", "b", "x"));
        CollectionAssert.AreEqual(new uint[] { 2, 0, 1 }, mapped.GetColumn<uint>("Text").ToArray());
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Transforms.Conversion.MapValueToKey("Text", keyData: new ProbeView(1)));
        var numbers = _context.Data.LoadFromEnumerable([new { Value = 1 }]);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => _context.Transforms.Conversion.MapValueToKey("Text", keyData: numbers).Fit(Texts("a")));
    }

    [TestMethod]
    public void NumbersHaveKeysWithNumbersOrTextAsValues()
    {
        var probe = new ProbeView(3);
        var mapped = _context.Transforms.Conversion.MapValueToKey("Key", "Square").Fit(probe).Transform(probe);
        VBuffer<float> values = default;
        mapped.Schema["Key"].GetKeyValues(ref values);
        CollectionAssert.AreEqual(new float[] { 0, 1, 4 }, values.DenseValues().ToArray());
        Assert.IsTrue(mapped.Schema["Key"].HasKeyValues(NumberDataViewType.Single));

        var asText = _context.Transforms.Conversion.MapValueToKey("Key", "Square", addKeyValueAnnotationsAsText: true).Fit(probe).Transform(probe);
        CollectionAssert.AreEqual(new[] { "0", "1", "4" }, KeyValues(asText.Schema["Key"]));
    }

    [TestMethod]
    public void VectorsAreMappedSlotBySlot()
    {
        var data = _context.Data.LoadFromEnumerable([new Words { Values = ["b", "a"] }, new Words { Values = ["a", "c"] }]);
        var chain = _context.Transforms.Conversion.MapValueToKey("Keys", "Values").Append(_context.Transforms.Conversion.MapKeyToValue("Back", "Keys"));
        var mapped = chain.Fit(data).Transform(data);
        CollectionAssert.AreEqual(new uint[] { 1, 2 }, mapped.GetColumn<uint[]>("Keys").First());
        CollectionAssert.AreEqual(new[] { "a", "c" }, mapped.GetColumn<string[]>("Back").Last());
        Assert.AreEqual(2, ((VectorDataViewType)mapped.Schema["Keys"].Type).Size);
    }

    [TestMethod]
    public void KeysMapBackToTheirValues()
    {
        var data = Texts("pear", "apple", "pear");
        var chain = _context.Transforms.Conversion.MapValueToKey("Text").Append(_context.Transforms.Conversion.MapKeyToValue("Text"));
        var model = chain.Fit(data);
        CollectionAssert.AreEqual(new[] { "pear", "apple", "pear" }, model.Transform(data).GetColumn<string>("Text").ToArray());
        Assert.AreEqual("", model.Transform(Texts("unknown")).GetColumn<string>("Text").Single());

        var probe = new ProbeView(3);
        var numbers = _context.Transforms.Conversion.MapValueToKey("Key", "Number").Append(_context.Transforms.Conversion.MapKeyToValue("Back", "Key")).Fit(probe);
        Assert.AreEqual(float.NaN, numbers.Transform(new ProbeView(4)).GetColumn<float>("Back").Last());
    }

    [TestMethod]
    public void KeysOfKeysHandTheirValuesOn()
    {
        var data = Texts("a", "b", "c");
        var keyed = _context.Transforms.Conversion.MapValueToKey("Text").Fit(data).Transform(data);
        var last = _context.Data.SkipRows(keyed, 1);
        var again = _context.Transforms.Conversion.MapValueToKey("Again", "Text").Fit(last).Transform(keyed);
        CollectionAssert.AreEqual(new uint[] { 0, 1, 2 }, again.GetColumn<uint>("Again").ToArray());
        CollectionAssert.AreEqual(new[] { "b", "c" }, KeyValues(again.Schema["Again"]));
    }

    [TestMethod]
    public void WrongColumnsAreNamed()
    {
        var data = Texts("a");
        var missing = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Transforms.Conversion.MapValueToKey("Other").Fit(data));
        Assert.Contains("Other", missing.Message);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Transforms.Conversion.MapValueToKey("Handle").Fit(new ProbeView(1)));
        var noKey = new EstimatorChain<ITransformer>().Append<ITransformer>(_context.Transforms.Conversion.MapKeyToValue("Text"));
        Assert.Contains("Text", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => noKey.Fit(data)).Message);
        var noValues = new EstimatorChain<ITransformer>().Append<ITransformer>(_context.Transforms.Conversion.MapKeyToValue("Key"));
        Assert.Contains("Key", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => noValues.Fit(_context.Data.LoadFromEnumerable([new Keyed()]))).Message);
        var model = _context.Transforms.Conversion.MapValueToKey("Number").Fit(new ProbeView(2));
        Assert.ThrowsExactly<InvalidOperationException>(() => model.Transform(_context.Data.LoadFromEnumerable([new { Number = 1.0 }])));
    }

    private static string[] KeyValues(DataViewSchema.Column column)
    {
        VBuffer<ReadOnlyMemory<char>> values = default;
        column.GetKeyValues(ref values);
        return values.DenseValues().Select(value => value.ToString()).ToArray();
    }

    private IDataView Texts(params string[] texts) => _context.Data.LoadFromEnumerable(texts.Select(text => new Sample { Text = text }));

    private sealed class Sample
    {
        public string Text { get; set; } = "";
    }

    private sealed class Key
    {
        public string Value { get; set; } = "";
    }

    private sealed class Words
    {
        [VectorType(2)]
        public string[] Values { get; set; } = [];
    }

    private sealed class Keyed
    {
        [KeyType(3)]
        public uint Key { get; set; }
    }
}
