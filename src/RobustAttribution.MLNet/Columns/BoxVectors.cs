using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Localization;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Scoring;

namespace RobustAttribution.MLNet.Columns;

/// <summary>
/// Boxes as columns hold them: vectors of four values, left, top, right, bottom; four times n for n boxes; NaN where there is none.
/// </summary>
internal static class BoxVectors
{
    private static readonly string[] Edges = ["Left", "Top", "Right", "Bottom"];

    /// <summary>The type of one box in a row, or of <paramref name="count"/>.</summary>
    public static VectorDataViewType Type(int count = 1)
        => count == 1 ? new VectorDataViewType(NumberDataViewType.Single, 4) : new VectorDataViewType(NumberDataViewType.Single, count, 4);

    /// <summary>The slots' names of a single box.</summary>
    public static DataViewSchema.Annotations Annotations()
    {
        var builder = new DataViewSchema.Annotations.Builder();
        AddSlotNames(builder);
        return builder.ToAnnotations();
    }

    /// <summary>Adds the slots' names of a single box.</summary>
    public static void AddSlotNames(DataViewSchema.Annotations.Builder annotations)
    {
        ReadOnlyMemory<char>[] names = Array.ConvertAll(Edges, edge => edge.AsMemory());
        new ClassNames<ReadOnlyMemory<char>>(TextDataViewType.Instance, names).AddTo(annotations, AnnotationKinds.SlotNames);
    }

    /// <summary>Whether a column holds boxes.</summary>
    public static bool Are(DataViewType type)
        => type is VectorDataViewType { IsKnownSize: true } vector
            && vector.ItemType == NumberDataViewType.Single && vector.Size > 0 && vector.Size % 4 == 0;

    public static void Write(ReadOnlySpan<BoundingBox> boxes, ref VBuffer<float> value)
    {
        VBufferEditor<float> editor = VBufferEditor.Create(ref value, 4 * boxes.Length);
        for (int i = 0; i < boxes.Length; i++)
        {
            editor.Values[4 * i] = (float)boxes[i].Left;
            editor.Values[(4 * i) + 1] = (float)boxes[i].Top;
            editor.Values[(4 * i) + 2] = (float)boxes[i].Right;
            editor.Values[(4 * i) + 3] = (float)boxes[i].Bottom;
        }

        value = editor.Commit();
    }

    public static BoundingBox[] Read(in VBuffer<float> value)
    {
        float[] edges = [.. value.DenseValues()];
        var boxes = new BoundingBox[edges.Length / 4];
        for (int i = 0; i < boxes.Length; i++)
        {
            boxes[i] = new BoundingBox(edges[4 * i], edges[(4 * i) + 1], edges[(4 * i) + 2], edges[(4 * i) + 3]);
        }

        return boxes;
    }
}
