using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace StandIns.Tests.Images;

/// <summary>Row classes with pictures, and a way to read a picture column in place, while its cursor still stands on the row.</summary>
internal static class ImageColumns
{
    internal sealed class PathRow
    {
        public string Path { get; set; } = "";
    }

    internal sealed class Picture8x4
    {
        [ImageType(height: 4, width: 8)]
        public MLImage? Image { get; set; }
    }

    internal sealed class Picture64x64
    {
        [ImageType(64, 64)]
        public MLImage? Image { get; set; }
    }

    internal sealed class Picture2x2
    {
        [ImageType(height: 2, width: 2)]
        public MLImage? Image { get; set; }
    }

    internal static IDataView Paths(MLContext context, params string[] paths) =>
        context.Data.LoadFromEnumerable(paths.Select(path => new PathRow { Path = path }).ToList());

    /// <summary>What <paramref name="read"/> makes of each row's picture (null for a missing one).</summary>
    internal static List<TResult> Read<TResult>(IDataView data, string column, Func<MLImage?, TResult> read) =>
        Read<MLImage, TResult>(data, column, read!);

    /// <summary>What <paramref name="read"/> makes of each row's value.</summary>
    internal static List<TResult> Read<TValue, TResult>(IDataView data, string name, Func<TValue, TResult> read)
    {
        var result = new List<TResult>();
        var column = data.Schema[name];
        using var cursor = data.GetRowCursor([column]);
        var getter = cursor.GetGetter<TValue>(column);
        TValue value = default!;
        while (cursor.MoveNext())
        {
            getter(ref value);
            result.Add(read(value));
        }

        return result;
    }

    /// <summary>The dense values of each row's vector.</summary>
    internal static List<T[]> Vectors<T>(IDataView data, string name) => Read<VBuffer<T>, T[]>(data, name, value => value.DenseValues().ToArray());
}
