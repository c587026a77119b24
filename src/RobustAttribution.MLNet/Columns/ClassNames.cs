using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Interop;

namespace RobustAttribution.MLNet.Columns;

/// <summary>What the classes 0, 1, … stand for: the values that the label key carried as its KeyValues.</summary>
internal abstract class ClassNames
{
    private static readonly ClassNames[] Kinds =
    [
        new ClassNames<ReadOnlyMemory<char>>(TextDataViewType.Instance, []),
        new ClassNames<bool>(BooleanDataViewType.Instance, []),
        new ClassNames<sbyte>(NumberDataViewType.SByte, []),
        new ClassNames<byte>(NumberDataViewType.Byte, []),
        new ClassNames<short>(NumberDataViewType.Int16, []),
        new ClassNames<ushort>(NumberDataViewType.UInt16, []),
        new ClassNames<int>(NumberDataViewType.Int32, []),
        new ClassNames<uint>(NumberDataViewType.UInt32, []),
        new ClassNames<long>(NumberDataViewType.Int64, []),
        new ClassNames<ulong>(NumberDataViewType.UInt64, []),
        new ClassNames<float>(NumberDataViewType.Single, []),
        new ClassNames<double>(NumberDataViewType.Double, []),
    ];

    /// <summary>The type of the values.</summary>
    public abstract PrimitiveDataViewType Type { get; }

    /// <summary>The values as text.</summary>
    public abstract IReadOnlyList<string> Names { get; }

    /// <summary>The values of a label column's key, null where it has none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The values are of a type that cannot be kept in a model.</exception>
    public static ClassNames? Of(DataViewSchema.Column label)
    {
        if (label.Annotations.Schema.GetColumnOrNull(AnnotationKinds.KeyValues)?.Type is not VectorDataViewType { IsKnownSize: true } type)
        {
            return null;
        }

        ClassNames kind = Kinds.FirstOrDefault(kind => kind.Type.Equals(type.ItemType))
            ?? throw new ArgumentOutOfRangeException(
                nameof(label),
                $"Label column '{label.Name}' has key values of type {type.ItemType};"
                + $" allowed are {string.Join(", ", Kinds.Select(kind => kind.Type))}.");
        return kind.ReadFrom(label);
    }

    /// <summary>Texts as class names.</summary>
    /// <exception cref="ArgumentException">There are fewer than two, one is empty, or one is there twice.</exception>
    public static ClassNames Of(IReadOnlyList<string> classNames)
    {
        Require.NotNull(classNames, nameof(classNames));
        if (classNames.Count < 2)
        {
            throw new ArgumentException($"classNames has {classNames.Count} names; allowed are at least 2.", nameof(classNames));
        }

        HashSet<string> taken = new(StringComparer.Ordinal);
        foreach ((int index, string? name) in classNames.Index())
        {
            if (string.IsNullOrEmpty(name) || !taken.Add(name))
            {
                throw new ArgumentException(
                    $"classNames has '{name}' at place {index}; allowed is a name for each class, in the order of the network's outputs, each once.",
                    nameof(classNames));
            }
        }

        return new ClassNames<ReadOnlyMemory<char>>(TextDataViewType.Instance, [.. classNames.Select(name => name.AsMemory())]);
    }

    /// <summary>Adds the values as an annotation: as <c>KeyValues</c> of a key or <c>TrainingLabelValues</c> of scores.</summary>
    public abstract void AddTo(DataViewSchema.Annotations.Builder annotations, string annotationKind);

    /// <summary>Adds the names as <c>SlotNames</c> of scores.</summary>
    public void AddSlotNamesTo(DataViewSchema.Annotations.Builder annotations)
    {
        ReadOnlyMemory<char>[] names = [.. Names.Select(name => name.AsMemory())];
        annotations.Add(
            AnnotationKinds.SlotNames,
            new VectorDataViewType(TextDataViewType.Instance, names.Length),
            (ref VBuffer<ReadOnlyMemory<char>> value) => names.CopyToBuffer(ref value));
    }

    /// <summary>The values for a model's card.</summary>
    public abstract ClassNamesCard ToCard();

    /// <summary>Reads what <see cref="ToCard"/> made.</summary>
    /// <exception cref="FormatException">The type is unknown or a value is not of it.</exception>
    public static ClassNames FromCard(ClassNamesCard card)
    {
        ClassNames kind = Kinds.FirstOrDefault(kind => kind.Type.ToString() == card.Type)
            ?? throw new FormatException($"Class names of unknown type '{card.Type}'.");
        return kind.Parse(card.Values);
    }

    protected abstract ClassNames ReadFrom(DataViewSchema.Column label);

    protected abstract ClassNames Parse(JsonElement values);
}

/// <summary>Class names in a model's card.</summary>
/// <param name="Type">The values' type as ML.NET writes it, e.g. "String".</param>
/// <param name="Values">Their JSON array.</param>
internal sealed record ClassNamesCard(string Type, JsonElement Values);

/// <summary>Class names that are values of type <typeparamref name="T"/>.</summary>
internal sealed class ClassNames<T>(PrimitiveDataViewType type, T[] values) : ClassNames
{
    private static readonly JsonSerializerOptions Json = new()
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new TextConverter() },
    };

    public override PrimitiveDataViewType Type => type;

    public override IReadOnlyList<string> Names { get; } = Array.ConvertAll(values, value => value?.ToString() ?? string.Empty);

    public override void AddTo(DataViewSchema.Annotations.Builder annotations, string annotationKind)
        => annotations.Add(annotationKind, new VectorDataViewType(type, values.Length), (ref VBuffer<T> value) => values.CopyToBuffer(ref value));

    public override ClassNamesCard ToCard() => new(type.ToString()!, JsonSerializer.SerializeToElement(values, Json));

    protected override ClassNames ReadFrom(DataViewSchema.Column label)
    {
        VBuffer<T> buffer = default;
        label.Annotations.GetValue(AnnotationKinds.KeyValues, ref buffer);
        return new ClassNames<T>(type, [.. buffer.DenseValues()]);
    }

    protected override ClassNames Parse(JsonElement json)
    {
        try
        {
            return new ClassNames<T>(type, json.Deserialize<T[]>(Json) ?? throw new FormatException("The class names are missing."));
        }
        catch (JsonException error)
        {
            throw new FormatException($"The class names are not of type {type}: {error.Message}", error);
        }
    }
}

/// <summary>Writes ML.NET's text as a JSON string.</summary>
internal sealed class TextConverter : JsonConverter<ReadOnlyMemory<char>>
{
    public override ReadOnlyMemory<char> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        => (reader.GetString() ?? throw new JsonException("A class name is null.")).AsMemory();

    public override void Write(Utf8JsonWriter writer, ReadOnlyMemory<char> value, JsonSerializerOptions options)
        => writer.WriteStringValue(value.Span);
}

/// <summary>Copies into reused buffers.</summary>
internal static class VBufferCopies
{
    /// <summary>Makes <paramref name="value"/> a dense copy of the array.</summary>
    public static void CopyToBuffer<T>(this T[] source, ref VBuffer<T> value)
    {
        VBufferEditor<T> editor = VBufferEditor.Create(ref value, source.Length);
        source.CopyTo(editor.Values);
        value = editor.Commit();
    }
}
