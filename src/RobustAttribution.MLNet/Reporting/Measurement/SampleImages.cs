using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Training;

namespace RobustAttribution.MLNet.Reporting;

/// <summary>The images that a model is measured on, in memory.</summary>
/// <param name="Pixels">N·C·H·W values in [0, 1].</param>
/// <param name="Classes">The true classes.</param>
/// <param name="Ids">What the images are called.</param>
/// <param name="LeftOut">Rows without label or readable image.</param>
/// <param name="FirstProblem">Why the first of them was left out; null where none was.</param>
/// <param name="Places">The image's place among the rows that were read.</param>
internal sealed record SampleImages(float[] Pixels, long[] Classes, string[] Ids, long LeftOut, string? FirstProblem, int[] Places)
{
    private static readonly string[] PathColumnNames = ["ImagePath", "Path", "FileName"];

    public int Count => Classes.Length;

    /// <summary>Of pixels, classes and names.</summary>
    public string Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(MemoryMarshal.AsBytes<float>(Pixels));
        hash.AppendData(MemoryMarshal.AsBytes<long>(Classes));
        Array.ForEach(Ids, id => TensorHash.Append(hash, id));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Values by row read, with NaN for rows without one: what another model's values of the same rows are paired with.</summary>
    public double[] ByRow(IEnumerable<(long Image, double Value)> values)
    {
        double[] found = new double[Count + LeftOut];
        Array.Fill(found, double.NaN);
        foreach ((long image, double value) in values)
        {
            found[Places[image]] = value;
        }

        return found;
    }

    /// <summary>Reads rows evenly spaced over a view, or all where it has no more than wanted; the rows between are passed over.</summary>
    /// <param name="env">Its cancellation is honoured.</param>
    /// <param name="scored">The view.</param>
    /// <param name="rows">The rows that the view has.</param>
    /// <param name="network">The network that the images are for.</param>
    /// <param name="options">Columns, and the number of rows wanted.</param>
    /// <exception cref="ArgumentException">There is no row with label and image.</exception>
    public static SampleImages Read(IHostEnvironment env, IDataView scored, long rows, NetworkHandle network, RobustnessReportOptions options)
    {
        ImageColumn images = ImageColumn.Bind(
            scored.Schema, network.Images.ColumnName, network.Input, network.Images.PixelScale, network.Images.Resize);
        KeyColumn labels = KeyColumn.Bind(scored.Schema, options.LabelColumnName);
        DataViewSchema.Column? path = null;
        DataViewSchema.Column? id = scored.Schema.GetColumnOrNull(options.IdColumnName) ?? (path = PathColumn(scored.Schema));
        List<float> pixels = [];
        List<long> classes = [];
        List<string> ids = [];
        List<int> places = [];
        long leftOut = 0;
        string? firstProblem = null;
        float[] image = new float[network.Input.ValueCount];
        using DataViewRowCursor cursor = scored.GetRowCursor(
            [.. ImageRows.Columns(scored.Schema, images, labels), .. id is { } named ? [named] : Array.Empty<DataViewSchema.Column>()]);
        var reader = new ImageRows(cursor, images, labels, scored);
        Func<string> readId = IdReader(cursor, id);
        long wanted = Math.Min(rows, options.MaximumImages);
        for (long i = 0; i < wanted && MoveTo(cursor, i * rows / wanted); i++)
        {
            HostSettings.CheckAlive(env);
            options.CancellationToken.ThrowIfCancellationRequested();
            if (reader.TryReadLabelled(image, out BrokenImageException? problem))
            {
                pixels.AddRange(image);
                classes.Add(reader.Label);
                ids.Add(readId());
                places.Add((int)i);
            }
            else
            {
                leftOut++;
                firstProblem ??= reader.Named(problem!).Message;
            }
        }

        new ScaleWarning(env, nameof(RobustnessReport), images).Check(CollectionsMarshal.AsSpan(pixels));
        return classes.Count > 0
            ? new SampleImages([.. pixels], [.. classes], path is null ? [.. ids] : FileNames(ids), leftOut, firstProblem, [.. places])
            : throw new ArgumentException(
                firstProblem is null ? "The view has no row to measure." : $"The view has no row with a label and an image: {firstProblem}",
                nameof(scored));
    }

    /// <summary>The rows of a view.</summary>
    public static long CountRows(IDataView view)
    {
        if (view.GetRowCount() is long known)
        {
            return known;
        }

        using DataViewRowCursor cursor = view.GetRowCursor([]);
        long rows = 0;
        while (cursor.MoveNext())
        {
            rows++;
        }

        return rows;
    }

    private static DataViewSchema.Column? PathColumn(DataViewSchema schema) => PathColumnNames
        .Select(name => schema.GetColumnOrNull(name))
        .FirstOrDefault(column => column?.Type is TextDataViewType);

    /// <summary>The files without their folders, unless two have the same name.</summary>
    private static string[] FileNames(List<string> paths)
    {
        string[] names = [.. paths.Select(path => path[(path.LastIndexOfAny(['/', '\\']) + 1)..])];
        return names.Distinct().Count() == names.Length ? names : [.. paths];
    }

    private static bool MoveTo(DataViewRowCursor cursor, long position)
    {
        while (cursor.Position < position)
        {
            if (!cursor.MoveNext())
            {
                return false;
            }
        }

        return true;
    }

    private static Func<string> IdReader(DataViewRowCursor cursor, DataViewSchema.Column? column)
    {
        if (column is { Type: TextDataViewType } text)
        {
            ValueGetter<ReadOnlyMemory<char>> getter = cursor.GetGetter<ReadOnlyMemory<char>>(text);
            ReadOnlyMemory<char> value = default;
            return () =>
            {
                getter(ref value);
                return value.ToString();
            };
        }

        return column switch
        {
            { } number when number.Type == NumberDataViewType.Int64 => Number<long>(cursor, number),
            { } number when number.Type == NumberDataViewType.Int32 => Number<int>(cursor, number),
            _ => () => $"row {cursor.Position.ToString(CultureInfo.InvariantCulture)}",
        };
    }

    private static Func<string> Number<T>(DataViewRowCursor cursor, DataViewSchema.Column column)
        where T : struct, IFormattable
    {
        ValueGetter<T> getter = cursor.GetGetter<T>(column);
        T value = default;
        return () =>
        {
            getter(ref value);
            return value.ToString(null, CultureInfo.InvariantCulture);
        };
    }
}
