using Microsoft.ML;
using Microsoft.ML.Data;

namespace RobustAttribution.MLNet.Columns;

/// <summary>Reads the image and the label in the current row of a cursor: the one place where both become numbers.</summary>
/// <param name="source">The row or cursor read.</param>
/// <param name="images">The column of images.</param>
/// <param name="labels">The key column of labels; null for none.</param>
/// <param name="data">The view of which the source is a cursor, whose texts errors contain; null takes those that the source itself has.</param>
internal sealed class ImageRows(DataViewRow source, ImageColumn images, KeyColumn? labels, IDataView? data)
{
    private readonly ImageRowReader image = images.Open(source);
    private readonly Func<long>? label = labels?.Open(source);

    /// <summary>The class of the row read last; −1 where its label is missing or there is no label column.</summary>
    public long Label { get; private set; } = -1;

    /// <summary>The columns that a cursor has to read.</summary>
    public static DataViewSchema.Column[] Columns(DataViewSchema schema, ImageColumn images, KeyColumn? labels)
        => labels is null ? [schema[images.Index]] : [schema[images.Index], schema[labels.Index]];

    /// <summary>Reads the current row, whose label may be missing.</summary>
    /// <param name="target">Gets C·H·W values in [0, 1].</param>
    /// <exception cref="BrokenImageException">The row has no readable image; the message contains the row's texts.</exception>
    public void Read(Span<float> target)
    {
        try
        {
            image.Read(target);
        }
        catch (BrokenImageException error)
        {
            throw Named(error);
        }

        Label = label?.Invoke() ?? -1;
    }

    /// <summary>Reads the current row; false, with the reason, where it has no label or no readable image.</summary>
    public bool TryReadLabelled(Span<float> target, out BrokenImageException? problem)
    {
        try
        {
            ReadLabelled(target);
            problem = null;
            return true;
        }
        catch (BrokenImageException error)
        {
            problem = error;
            return false;
        }
    }

    /// <summary>The error of the current row with the row's texts, for which the view is read again.</summary>
    public BrokenImageException Named(BrokenImageException error) => Named(error, source, data);

    /// <summary>Reads an image in the current row of a cursor; an error contains the row's texts.</summary>
    public static MLImage ReadNamed(Func<MLImage> read, DataViewRow source, IDataView? data)
    {
        try
        {
            return read();
        }
        catch (BrokenImageException error)
        {
            throw Named(error, source, data);
        }
    }

    private static BrokenImageException Named(BrokenImageException error, DataViewRow source, IDataView? data)
    {
        bool isDecoding = error.InnerException is ArgumentException;
        DataViewRowId row = default;
        source.GetIdGetter()(ref row);
        return new(error.Message + (data is null ? RowTexts.Of(source, isDecoding) : RowTexts.Of(data, row, isDecoding)), error);
    }

    private void ReadLabelled(Span<float> target)
    {
        Label = label?.Invoke() ?? -1;
        if (Label < 0)
        {
            throw new BrokenImageException($"Label column '{labels?.Name}', row {source.Position}: the row has no label.");
        }

        image.Read(target);
    }
}
