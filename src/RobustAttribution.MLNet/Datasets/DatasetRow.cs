namespace RobustAttribution.MLNet.Datasets;

/// <summary>The row that a cursor is at; its image is decoded when it is asked for, once.</summary>
/// <param name="set">The files.</param>
/// <param name="current">The row's number; throws where there is none.</param>
internal sealed class DatasetRow(ImageDataset set, Func<int> current)
{
    private readonly Raster raster = new();
    private int decoded = -1;

    public int Index => current();

    public Raster Image
    {
        get
        {
            int row = current();
            if (row != decoded)
            {
                decoded = -1;
                set.Read(row, raster);
                decoded = row;
            }

            return raster;
        }
    }
}
