using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Writes a data view to a binary file. Columns and annotations of types without a codec are left out, with a warning.</summary>
internal static class IdvWriter
{
    private const int BlockBytes = 1 << 22;
    private const int MaxRowsPerBlock = 1000;

    public static void Write(IHostEnvironment env, IDataView data, Stream stream, bool keepHidden)
    {
        env.CheckParam(stream.CanWrite, nameof(stream), "cannot save to non-writable stream");
        env.CheckParam(stream.CanSeek, nameof(stream), "cannot save to non-seekable stream");
        env.CheckParam(stream.Position == 0, nameof(stream), "stream must be positioned at head of stream");
        using var ch = env.Start("Saving");
        var columns = Savable(ch, data.Schema, keepHidden);
        int rowsPerBlock = RowsPerBlock(columns);
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        writer.Write(new byte[IdvFile.HeaderSize]);
        long rowCount = WriteBlocks(writer, data, columns, rowsPerBlock);
        foreach (var column in columns)
            column.WriteLookup(writer);
        foreach (var column in columns)
            column.WriteAnnotations(ch, writer);
        long contents = Position(writer);
        foreach (var column in columns)
            column.WriteEntry(writer, rowsPerBlock);
        long tail = Position(writer);
        writer.Write(IdvFile.TailSignature);

        writer.Flush();
        stream.Position = 0;
        writer.Write(IdvFile.Signature);
        writer.Write(IdvFile.Version);
        writer.Write(IdvFile.Version);
        writer.Write(contents);
        writer.Write(tail);
        writer.Write(rowCount);
        writer.Write(columns.Count);
        writer.Flush();
        stream.Position = stream.Length;
    }

    internal static long Position(BinaryWriter writer)
    {
        writer.Flush();
        return writer.BaseStream.Position;
    }

    private static List<IdvColumnWriter> Savable(IChannel ch, DataViewSchema schema, bool keepHidden)
    {
        var columns = new List<IdvColumnWriter>();
        foreach (var column in schema.Where(column => keepHidden || !column.IsHidden))
        {
            if (IdvCodec.CreateOrNull(column.Type) is { } codec)
                columns.Add(new(column, codec));
            else
                ch.Warning("The column '{0}' will not be written because it has unsavable type {1}.", column.Name, column.Type);
        }

        return columns;
    }

    private static int RowsPerBlock(List<IdvColumnWriter> columns)
    {
        long bytesPerRow = Math.Max(1, columns.Sum(column => 8L * column.Column.Type.GetValueCount()));
        return (int)Math.Clamp(BlockBytes / bytesPerRow, 1, MaxRowsPerBlock);
    }

    private static long WriteBlocks(BinaryWriter writer, IDataView data, List<IdvColumnWriter> columns, int rowsPerBlock)
    {
        using var cursor = data.GetRowCursor(columns.Select(column => column.Column));
        foreach (var column in columns)
            column.Start(cursor);
        long rowCount = 0;
        int inBlock = 0;
        while (cursor.MoveNext())
        {
            foreach (var column in columns)
                column.Add(inBlock);
            rowCount++;
            if (++inBlock == rowsPerBlock)
                EndBlock();
        }

        if (inBlock > 0)
            EndBlock();
        return rowCount;

        void EndBlock()
        {
            foreach (var column in columns)
                column.WriteBlock(writer, inBlock);
            inBlock = 0;
        }
    }
}
