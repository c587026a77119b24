using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

[assembly: LoadableClass("Loads text data file.", typeof(TextLoader), null, typeof(SignatureLoadModel), "Text Loader", TextLoader.LoaderSignature)]

namespace Microsoft.ML.Data;

/// <summary>Reads text files: a row in each line, plain fields without quotes or sparse notation, a column from one field or from several neighbours.</summary>
public sealed class TextLoader : IDataLoader<IMultiStreamSource>
{
    internal const string LoaderSignature = "TextLoader";
    private const uint HeaderFlag = 2;
    private const char EscapeChar = '"';
    private const char DecimalMarker = '.';

    private readonly IHost _host;
    private readonly Segment[] _segments;
    private readonly char _separator;
    private readonly bool _hasHeader;
    private readonly DataViewSchema _schema;

    internal TextLoader(IHostEnvironment env, Column[] columns, char separator, bool hasHeader)
        : this(env.Register(nameof(TextLoader)), columns?.Select(column => column.Segment).ToArray() ?? [], separator, hasHeader)
    {
    }

    private TextLoader(IHost host, Segment[] segments, char separator, bool hasHeader)
    {
        host.CheckParam(segments.Length > 0, nameof(segments), "A text loader needs columns here; the original would guess them.");
        (_host, _segments, _separator, _hasHeader) = (host, segments, separator, hasHeader);
        _schema = SchemaExtensions.MakeSchema(segments.Select(segment => new DataViewSchema.DetachedColumn(segment.Name, segment.Type, null)));
    }

    private static VersionInfo Version => new(
        modelSignature: "TXTLOADR",
        verWrittenCur: 0x0001000E,
        verReadableCur: 0x0001000A,
        verWeCanReadBack: 0x0001000E,
        loaderAssemblyName: ModelFile.OwnAssembly,
        loaderSignature: LoaderSignature);

    public DataViewSchema GetOutputSchema() => _schema;

    public IDataView Load(IMultiStreamSource source)
    {
        _host.CheckValue(source, nameof(source));
        return new TextView(_schema, _segments, _separator, _hasHeader, source);
    }

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(Version);
        ctx.Writer.Write(sizeof(float));
        ctx.Writer.Write(long.MaxValue); // rows at most
        ctx.Writer.Write(_hasHeader ? HeaderFlag : 0);
        ctx.Writer.Write(0); // fields in a line: whatever there are
        ctx.Writer.Write(1); // separators
        ctx.Writer.Write((short)_separator);
        ctx.Writer.Write(EscapeChar);
        ctx.Writer.Write(DecimalMarker);
        ctx.Writer.Write(_segments.Length);
        foreach (var segment in _segments)
        {
            ctx.SaveNonEmptyString(segment.Name);
            ctx.Writer.Write((byte)segment.Kind);
            ctx.Writer.Write(false); // not a key
            ctx.Writer.Write(1); // ranges of fields
            ctx.Writer.Write(segment.Min);
            ctx.Writer.Write(segment.Lim);
            ctx.Writer.Write(false); // one field is a scalar
        }
    }

    private static TextLoader Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version);
        var reader = ctx.Reader;
        env.CheckDecode(reader.ReadInt32() == sizeof(float), "Corrupt text loader: size of numbers");
        env.CheckDecode(reader.ReadInt64() == long.MaxValue, "Text loaders with a limit of rows are not known here");
        uint flags = reader.ReadUInt32();
        env.CheckDecode((flags & ~HeaderFlag) == 0, $"Text loaders with the options {flags:x} are not known here");
        env.CheckDecode(reader.ReadInt32() == 0, "Text loaders with a number of fields are not known here");
        env.CheckDecode(reader.ReadInt32() == 1, "Text loaders with several separators are not known here");
        char separator = (char)reader.ReadInt16();
        env.CheckDecode(reader.ReadChar() == EscapeChar && reader.ReadChar() == DecimalMarker, "Text loaders with other marks are not known here");
        int count = reader.ReadInt32();
        env.CheckDecode(count > 0, $"Corrupt text loader: {count} columns");
        var segments = new List<Segment>();
        for (int i = 0; i < count; i++)
        {
            string name = ctx.LoadNonEmptyString();
            var kind = (DataKind)reader.ReadByte();
            bool plain = !reader.ReadBoolean() && reader.ReadInt32() == 1;
            env.CheckDecode(plain, $"The column '{name}' of the text loader is of a sort not known here");
            int min = reader.ReadInt32();
            int lim = reader.ReadInt32();
            env.CheckDecode(!reader.ReadBoolean() && min >= 0 && lim > min && lim < int.MaxValue, $"The column '{name}' of the text loader has a range not known here");
            segments.Add(new(name, kind, min, lim));
        }

        return new(env.Register(nameof(TextLoader)), segments.ToArray(), separator, (flags & HeaderFlag) != 0);
    }

    /// <summary>A column and the fields that it is made of.</summary>
    public sealed class Column
    {
        public Column(string name, DataKind dataKind, int index)
            : this(name, dataKind, index, index)
        {
        }

        /// <param name="name">The column's name.</param>
        /// <param name="dataKind">What the fields hold.</param>
        /// <param name="minIndex">The first field, from 0.</param>
        /// <param name="maxIndex">The last field.</param>
        public Column(string name, DataKind dataKind, int minIndex, int maxIndex)
        {
            Contracts.CheckNonWhiteSpace(name, nameof(name));
            Contracts.CheckParam(minIndex >= 0, nameof(minIndex));
            Contracts.CheckParam(maxIndex >= minIndex, nameof(maxIndex));
            Segment = new(name, dataKind, minIndex, maxIndex + 1);
        }

        internal Segment Segment { get; }
    }

    internal static class Defaults
    {
        public const char Separator = '\t';
        public const bool HasHeader = false;
        public const bool AllowQuoting = false;
        public const bool TrimWhitespace = false;
        public const bool AllowSparse = false;
    }

    /// <summary>Fields from <paramref name="Min"/> to before <paramref name="Lim"/>: a scalar if it is one, else a vector.</summary>
    internal sealed record Segment(string Name, DataKind Kind, int Min, int Lim)
    {
        public PrimitiveDataViewType ItemType { get; } = Kind switch
        {
            DataKind.String => TextDataViewType.Instance,
            DataKind.Boolean => BooleanDataViewType.Instance,
            DataKind.Single => NumberDataViewType.Single,
            DataKind.Double => NumberDataViewType.Double,
            DataKind.Int32 => NumberDataViewType.Int32,
            DataKind.Int64 => NumberDataViewType.Int64,
            _ => throw Contracts.ExceptParam(nameof(Kind), $"Text fields of kind {Kind} are not known here."),
        };

        public DataViewType Type => Lim - Min == 1 ? ItemType : new VectorDataViewType(ItemType, Lim - Min);
    }
}
