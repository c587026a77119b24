using Microsoft.ML;
using Microsoft.ML.Data;

namespace RobustAttribution.MLNet.Columns;

/// <summary>Reads the MLImage in the current row of a cursor, with errors that name column and row.</summary>
/// <remarks>The image stays with whoever made it: it is given back to the getter, which may free or reuse it, and is never disposed here.</remarks>
internal sealed class MLImageReader(DataViewRow source, DataViewSchema.Column column)
{
    private readonly ValueGetter<MLImage> getter = source.GetGetter<MLImage>(column);
    private MLImage? image;

    /// <exception cref="BrokenImageException">The row has no image, or it cannot be made, or is too large.</exception>
    public MLImage Read()
    {
        try
        {
            getter(ref image!);
        }
        catch (ArgumentException error) when (error.ParamName is "imagePath" or "imageStream") // ML.NET's only words for what it cannot decode
        {
            image = null;
            throw Broken($"ML.NET cannot decode the file ('{error.Message}').", error);
        }
        catch (Exception error)
            when (error is ArgumentException or InvalidOperationException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            image = null;
            throw Broken(error.Message, error);
        }

        if (image is null)
        {
            throw Broken("the image is missing.");
        }

        return (long)image.Width * image.Height <= ImageDecoder.MaximumPixels ? image : throw Broken(
            $"the image has {image.Width}×{image.Height} pixels (width × height); allowed are {ImageDecoder.MaximumPixels:N0} in all.");
    }

    private BrokenImageException Broken(string what, Exception? inner = null)
        => new($"Image column '{column.Name}', row {source.Position}: {what}", inner);
}
