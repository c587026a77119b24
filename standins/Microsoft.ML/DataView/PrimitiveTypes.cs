namespace Microsoft.ML.Data;

/// <summary>Text; the value is a slice of characters.</summary>
public sealed class TextDataViewType : PrimitiveDataViewType
{
    private TextDataViewType()
        : base(typeof(ReadOnlyMemory<char>))
    {
    }

    public static TextDataViewType Instance { get; } = new();

    public override bool Equals(DataViewType other) => other == this;

    public override string ToString() => "String";
}

/// <summary>One of the ten number types.</summary>
public sealed class NumberDataViewType : PrimitiveDataViewType
{
    private readonly string _name;

    private NumberDataViewType(Type rawType)
        : base(rawType) => _name = rawType.Name;

    public static NumberDataViewType SByte { get; } = new(typeof(sbyte));

    public static NumberDataViewType Byte { get; } = new(typeof(byte));

    public static NumberDataViewType Int16 { get; } = new(typeof(short));

    public static NumberDataViewType UInt16 { get; } = new(typeof(ushort));

    public static NumberDataViewType Int32 { get; } = new(typeof(int));

    public static NumberDataViewType UInt32 { get; } = new(typeof(uint));

    public static NumberDataViewType Int64 { get; } = new(typeof(long));

    public static NumberDataViewType UInt64 { get; } = new(typeof(ulong));

    public static NumberDataViewType Single { get; } = new(typeof(float));

    public static NumberDataViewType Double { get; } = new(typeof(double));

    public override bool Equals(DataViewType other) => other == this;

    public override string ToString() => _name;
}

/// <summary>The 128-bit row identifier.</summary>
public sealed class RowIdDataViewType : PrimitiveDataViewType
{
    private RowIdDataViewType()
        : base(typeof(DataViewRowId))
    {
    }

    public static RowIdDataViewType Instance { get; } = new();

    public override bool Equals(DataViewType other) => other == this;

    public override string ToString() => "DataViewRowId";
}

public sealed class BooleanDataViewType : PrimitiveDataViewType
{
    private BooleanDataViewType()
        : base(typeof(bool))
    {
    }

    public static BooleanDataViewType Instance { get; } = new();

    public override bool Equals(DataViewType other) => other == this;

    public override string ToString() => "Boolean";
}

public sealed class DateTimeDataViewType : PrimitiveDataViewType
{
    private DateTimeDataViewType()
        : base(typeof(DateTime))
    {
    }

    public static DateTimeDataViewType Instance { get; } = new();

    public override bool Equals(DataViewType other) => other == this;

    public override string ToString() => "DateTime";
}

public sealed class DateTimeOffsetDataViewType : PrimitiveDataViewType
{
    private DateTimeOffsetDataViewType()
        : base(typeof(DateTimeOffset))
    {
    }

    public static DateTimeOffsetDataViewType Instance { get; } = new();

    public override bool Equals(DataViewType other) => other == this;

    public override string ToString() => "DateTimeOffset";
}

public sealed class TimeSpanDataViewType : PrimitiveDataViewType
{
    private TimeSpanDataViewType()
        : base(typeof(TimeSpan))
    {
    }

    public static TimeSpanDataViewType Instance { get; } = new();

    public override bool Equals(DataViewType other) => other == this;

    public override string ToString() => "TimeSpan";
}
