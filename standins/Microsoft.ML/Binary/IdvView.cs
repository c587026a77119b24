using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>The data view in a binary file; each cursor opens the file anew and keeps one block per column.</summary>
internal sealed class IdvView : IDataView
{
    private readonly Func<Stream> _open;
    private readonly List<Entry> _columns = [];
    private readonly long _rowCount;

    public IdvView(IExceptionContext ectx, Func<Stream> open)
    {
        _open = open;
        using var stream = open();
        using var reader = new BinaryReader(stream, Encoding.UTF8);
        try
        {
            ectx.CheckDecode(stream.Length >= IdvFile.HeaderSize, "Stream is too short to be a binary data view");
            ectx.CheckDecode(reader.ReadUInt64() == IdvFile.Signature, "This does not appear to be a binary dataview file");
            reader.ReadUInt64();
            ulong compatible = reader.ReadUInt64();
            ectx.CheckDecode(compatible == IdvFile.Version, $"Cannot read binary data view of version {compatible:x16}");
            long contents = reader.ReadInt64();
            long tail = reader.ReadInt64();
            _rowCount = reader.ReadInt64();
            int columnCount = reader.ReadInt32();
            ectx.CheckDecode(_rowCount >= 0 && columnCount >= 0 && contents >= IdvFile.HeaderSize && contents <= tail && tail <= stream.Length - 8,
                "Corrupt header of a binary data view");
            stream.Position = tail;
            ectx.CheckDecode(reader.ReadUInt64() == IdvFile.TailSignature, "Corrupt tail of a binary data view");
            stream.Position = contents;
            for (int i = 0; i < columnCount; i++)
                _columns.Add(ReadEntry(reader, _rowCount));
            Schema = SchemaExtensions.MakeSchema(_columns.Select(column => column.Detach(reader)));
        }
        catch (Exception ex) when (ex is EndOfStreamException or ArgumentException or InvalidDataException or OverflowException)
        {
            throw ectx.ExceptDecode(ex, $"Corrupt binary data view: {ex.Message}");
        }
    }

    public bool CanShuffle => false;

    public DataViewSchema Schema { get; }

    public long? GetRowCount() => _rowCount;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
        => new Cursor(this, RowUtils.ActiveColumns(Schema, columnsNeeded));

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
        => [GetRowCursor(columnsNeeded, rand)];

    private static Entry ReadEntry(BinaryReader reader, long rowCount)
    {
        string name = reader.ReadString();
        var codec = IdvCodec.ReadDefinition(reader);
        byte compression = reader.ReadByte();
        long rowsPerBlock = reader.Read7BitEncodedInt64();
        long lookup = reader.ReadInt64();
        long annotations = reader.ReadInt64();
        Contracts.CheckDecode(rowsPerBlock > 0 || rowCount == 0, $"Corrupt binary data: {rowsPerBlock} rows per block");
        return new(name, codec, compression, rowsPerBlock, lookup, annotations);
    }

    private sealed record Entry(string Name, IdvCodec Codec, byte Compression, long RowsPerBlock, long Lookup, long Annotations)
    {
        public DataViewSchema.DetachedColumn Detach(BinaryReader reader)
        {
            var builder = new DataViewSchema.Annotations.Builder();
            reader.BaseStream.Position = Annotations;
            long count = Annotations == 0 ? 0 : reader.Read7BitEncodedInt64();
            for (long i = 0; i < count; i++)
            {
                string kind = reader.ReadString();
                var codec = IdvCodec.ReadDefinition(reader);
                byte compression = reader.ReadByte();
                byte[] bytes = ReadAt(reader, reader.ReadInt64(), reader.Read7BitEncodedInt64());
                var value = IdvFile.Unpack(codec, bytes, compression, 1);
                builder.Add(kind, codec.Type, BatchColumn.Create(codec.Type).CreateGetter(() => value, () => 0));
            }

            return new(Name, Codec.Type, builder.ToAnnotations());
        }

        public Array ReadBlock(BinaryReader reader, long block, long rowCount)
        {
            reader.BaseStream.Position = Lookup + (16 * block);
            long offset = reader.ReadInt64();
            int length = reader.ReadInt32();
            return IdvFile.Unpack(Codec, ReadAt(reader, offset, length), Compression, (int)Math.Min(RowsPerBlock, rowCount - (block * RowsPerBlock)));
        }

        /// <summary>Bytes from elsewhere in the file; the reader stays where it is.</summary>
        private static byte[] ReadAt(BinaryReader reader, long offset, long length)
        {
            var stream = reader.BaseStream;
            long back = stream.Position;
            Contracts.CheckDecode(offset >= 0 && length >= 0 && offset + length <= stream.Length, "Corrupt binary data: place of a block");
            stream.Position = offset;
            byte[] bytes = reader.ReadBytes((int)length);
            stream.Position = back;
            return bytes;
        }
    }

    private sealed class Cursor(IdvView view, bool[] active) : RootCursor(view.Schema, active)
    {
        private readonly BinaryReader _reader = new(view._open(), Encoding.UTF8);

        protected override bool MoveNextCore() => Position + 1 < view._rowCount;

        protected override Delegate CreateGetter(DataViewSchema.Column column)
        {
            var entry = view._columns[column.Index];
            long current = -1;
            Array values = null;
            return BatchColumn.Create(column.Type).CreateGetter(Block, () => (int)(Position % entry.RowsPerBlock));

            Array Block()
            {
                CheckHasRow();
                long block = Position / entry.RowsPerBlock;
                if (block != current)
                    values = entry.ReadBlock(_reader, block, view._rowCount);
                current = block;
                return values;
            }
        }

        protected override void DisposeCore() => _reader.Dispose();
    }
}
