using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Lengths (where they vary), counts of explicit values (-1 where dense), all indices, then all values by the item's codec.</summary>
internal sealed class IdvVectorCodec<T>(VectorDataViewType type, IdvCodec<T> items) : IdvCodec<VBuffer<T>>
{
    public override string LoadName => "VBuffer";

    public override DataViewType Type => type;

    public override void Write(BinaryWriter writer, ReadOnlySpan<VBuffer<T>> values)
    {
        writer.Write(values.Length);
        writer.Write(type.Size);
        if (!type.IsKnownSize) // size 0 says that the lengths follow
        {
            foreach (var value in values)
                writer.Write(value.Length);
        }

        foreach (var value in values)
            writer.Write(value.IsDense ? -1 : value.GetValues().Length);
        var explicitIndices = new List<int>();
        var explicitValues = new List<T>();
        foreach (var value in values)
        {
            if (type.IsKnownSize && value.Length != type.Size)
                throw Contracts.Except($"Length mismatch: expected {type.Size} slots but got {value.Length}");
            explicitIndices.AddRange(value.GetIndices());
            explicitValues.AddRange(value.GetValues());
        }

        writer.Write(explicitIndices.Count);
        foreach (int index in explicitIndices)
            writer.Write(index);
        items.Write(writer, explicitValues.ToArray());
    }

    public override VBuffer<T>[] Read(BinaryReader reader, int count)
    {
        int vectors = CheckCount(reader, reader.ReadInt32(), sizeof(int));
        Contracts.CheckDecode(vectors == count, $"Corrupt binary data: {vectors} vectors instead of {count}");
        int size = reader.ReadInt32();
        Contracts.CheckDecode(size >= 0 && (!type.IsKnownSize || size == type.Size), $"Corrupt binary data: vectors of size {size} for type {type}");
        int[] lengths = size > 0 ? Enumerable.Repeat(size, count).ToArray() : ReadNumbers(reader, count);
        int[] counts = ReadNumbers(reader, count);
        int[] indices = ReadNumbers(reader, CheckCount(reader, reader.ReadInt32(), sizeof(int)));
        Contracts.CheckDecode(indices.Length == counts.Sum(explicitCount => Math.Max(explicitCount, 0)), "Corrupt binary data: number of indices");
        for (int i = 0; i < count; i++)
            Contracts.CheckDecode(counts[i] >= -1 && lengths[i] >= 0 && counts[i] <= lengths[i], "Corrupt binary data: lengths of vectors");
        int total = checked(lengths.Zip(counts, (length, explicitCount) => explicitCount < 0 ? length : explicitCount).Sum());
        var all = items.Read(reader, total);

        var result = new VBuffer<T>[count];
        int firstIndex = 0;
        int firstValue = 0;
        for (int i = 0; i < count; i++)
        {
            int explicitCount = counts[i] < 0 ? lengths[i] : counts[i];
            int[] places = counts[i] < 0 ? null : indices[firstIndex..(firstIndex + explicitCount)];
            Contracts.CheckDecode(places == null || Increase(places, lengths[i]), "Corrupt binary data: indices of a sparse vector");
            result[i] = new(lengths[i], explicitCount, all[firstValue..(firstValue + explicitCount)], places);
            firstIndex += places?.Length ?? 0;
            firstValue += explicitCount;
        }

        return result;
    }

    protected override void WriteParameters(BinaryWriter writer)
    {
        items.WriteDefinition(writer);
        writer.Write(type.Dimensions.Length);
        foreach (int size in type.Dimensions)
            writer.Write(size);
    }

    private static int[] ReadNumbers(BinaryReader reader, int count)
        => Enumerable.Range(0, CheckCount(reader, count, sizeof(int))).Select(_ => reader.ReadInt32()).ToArray();

    private static bool Increase(int[] places, int length)
    {
        int last = -1;
        foreach (int place in places)
        {
            if (place <= last || place >= length)
                return false;
            last = place;
        }

        return true;
    }
}
