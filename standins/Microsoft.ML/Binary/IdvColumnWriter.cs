using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>One column of a binary file while it is written.</summary>
internal sealed class IdvColumnWriter(DataViewSchema.Column column, IdvCodec codec)
{
    private readonly List<(long Offset, int Length, int UnpackedLength)> _blocks = [];
    private BatchColumn.Writer _values;
    private long _lookupOffset;
    private long _annotationsOffset;

    public DataViewSchema.Column Column => column;

    public void Start(DataViewRow row) => _values = BatchColumn.Create(column.Type).StartWriting(row.GetGetter(column));

    public void Add(int slot) => _values.Write(slot);

    public void WriteBlock(BinaryWriter writer, int count)
    {
        byte[] bytes = IdvFile.Pack(codec, _values.Values, count, out int unpackedLength);
        _blocks.Add((IdvWriter.Position(writer), bytes.Length, unpackedLength));
        writer.Write(bytes);
    }

    public void WriteLookup(BinaryWriter writer)
    {
        _lookupOffset = IdvWriter.Position(writer);
        foreach (var (offset, length, unpackedLength) in _blocks)
        {
            writer.Write(offset);
            writer.Write(length);
            writer.Write(unpackedLength);
        }
    }

    public void WriteAnnotations(IChannel ch, BinaryWriter writer)
    {
        var entries = new List<(string Kind, IdvCodec Codec, long Offset, int Length)>();
        foreach (var annotation in column.Annotations.Schema.Where(annotation => !annotation.IsHidden))
        {
            if (IdvCodec.CreateOrNull(annotation.Type) is not { } annotationCodec)
            {
                ch.Warning("Could not get codec for type {0}, dropping column '{1}' index {2} metadata kind '{3}'",
                    annotation.Type, column.Name, column.Index, annotation.Name);
                continue;
            }

            var value = RowUtils.Generic<Array>(Value<int>, annotation.Type.RawType, column.Annotations, annotation);
            byte[] bytes = IdvFile.Pack(annotationCodec, value, 1, out _);
            entries.Add((annotation.Name, annotationCodec, IdvWriter.Position(writer), bytes.Length));
            writer.Write(bytes);
        }

        if (entries.Count == 0)
            return;
        _annotationsOffset = IdvWriter.Position(writer);
        writer.Write7BitEncodedInt64(entries.Count);
        foreach (var (kind, annotationCodec, offset, length) in entries)
        {
            writer.Write(kind);
            annotationCodec.WriteDefinition(writer);
            writer.Write(IdvFile.Deflated);
            writer.Write(offset);
            writer.Write7BitEncodedInt64(length);
        }
    }

    /// <summary>The column's entry in the table of contents.</summary>
    public void WriteEntry(BinaryWriter writer, int rowsPerBlock)
    {
        writer.Write(column.Name);
        codec.WriteDefinition(writer);
        writer.Write(IdvFile.Deflated);
        writer.Write7BitEncodedInt64(rowsPerBlock);
        writer.Write(_lookupOffset);
        writer.Write(_annotationsOffset);
    }

    private static Array Value<T>(DataViewSchema.Annotations annotations, DataViewSchema.Column annotation)
    {
        T value = default;
        annotations.GetGetter<T>(annotation)(ref value);
        return new[] { value };
    }
}
