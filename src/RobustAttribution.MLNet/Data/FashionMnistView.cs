using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms.Image;
using RobustAttribution.MLNet.Interop;

namespace RobustAttribution.MLNet.Data;

/// <summary>Fashion-MNIST as a view with the columns Image, Label and Id. The files are read when the first row is.</summary>
internal sealed class FashionMnistView : IDataView
{
    private readonly IHostEnvironment environment;
    private readonly FashionMnistFiles files;

    public FashionMnistView(IHostEnvironment environment, FashionMnistFiles files, FashionMnistOptions options)
    {
        this.environment = environment;
        this.files = files;
        const int Side = FashionMnistFiles.Side;
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("Image", options.ImagesAsMLImage ? new ImageDataViewType(Side, Side) : new VectorDataViewType(NumberDataViewType.Single, 1, Side, Side));
        if (options.LabelsAsKey)
        {
            ReadOnlyMemory<char>[] names = [.. FashionMnistOptions.ClassNames.Select(name => name.AsMemory())];
            var annotations = new DataViewSchema.Annotations.Builder();
            new Scoring.ClassNames<ReadOnlyMemory<char>>(TextDataViewType.Instance, names).AddTo(annotations, AnnotationKinds.KeyValues);
            builder.AddColumn("Label", new KeyDataViewType(typeof(uint), names.Length), annotations.ToAnnotations());
        }
        else
        {
            builder.AddColumn("Label", TextDataViewType.Instance);
        }

        builder.AddColumn("Id", NumberDataViewType.Int64);
        Schema = builder.ToSchema();
    }

    public DataViewSchema Schema { get; }

    public bool CanShuffle => true;

    public long? GetRowCount() => files.Count;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        ArgumentNullException.ThrowIfNull(columnsNeeded);
        int[]? order = null;
        if (rand is not null)
        {
            order = [.. Enumerable.Range(0, files.Count)];
            rand.Shuffle(order);
        }

        return new Cursor(this, columnsNeeded, order);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
        => [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor : DataViewRowCursor
    {
        private readonly FashionMnistView view;
        private readonly int[]? order;
        private readonly bool[] active;
        private readonly byte[] pixels = new byte[4 * FashionMnistFiles.Side * FashionMnistFiles.Side];
        private long position = -1;
        private bool ended;

        public Cursor(FashionMnistView view, IEnumerable<DataViewSchema.Column> columns, int[]? order)
        {
            this.view = view;
            this.order = order;
            active = new bool[view.Schema.Count];
            foreach (DataViewSchema.Column column in columns)
            {
                active[column.Index] = true;
            }
        }

        public override long Position => position;

        public override long Batch => 0;

        public override DataViewSchema Schema => view.Schema;

        private int Row => position >= 0
            ? order is null ? (int)position : order[position]
            : throw new InvalidOperationException("A value was asked for before the first MoveNext, after the last row or after Dispose.");

        public override bool MoveNext()
        {
            HostSettings.CheckAlive(view.environment);
            bool moved = !ended && position + 1 < view.files.Count;
            ended |= !moved;
            position = moved ? position + 1 : -1;
            return moved;
        }

        public override bool IsColumnActive(DataViewSchema.Column column) => column.Index < active.Length && active[column.Index];

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)Row, 0);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (!IsColumnActive(column))
            {
                throw new ArgumentException($"Column '{column.Name}' is not active in this cursor.", nameof(column));
            }

            Delegate getter = (column.Index, Schema[column.Index].Type) switch
            {
                (0, ImageDataViewType) => new ValueGetter<MLImage>(GetImage),
                (0, _) => new ValueGetter<VBuffer<float>>(GetVector),
                (1, KeyDataViewType) => new ValueGetter<uint>((ref uint value) => value = (uint)view.files.Label(Row) + 1),
                (1, _) => new ValueGetter<ReadOnlyMemory<char>>((ref ReadOnlyMemory<char> value) => value = FashionMnistOptions.ClassNames[view.files.Label(Row)].AsMemory()),
                _ => new ValueGetter<long>((ref long value) => value = Row),
            };
            return getter as ValueGetter<TValue>
                ?? throw new InvalidOperationException($"Column '{column.Name}' holds {Schema[column.Index].Type.RawType}; its getter was asked for {typeof(TValue)}.");
        }

        protected override void Dispose(bool disposing)
        {
            ended = true;
            position = -1;
            base.Dispose(disposing);
        }

        private void GetVector(ref VBuffer<float> value)
        {
            ReadOnlySpan<byte> image = view.files.Image(Row);
            VBufferEditor<float> editor = VBufferEditor.Create(ref value, image.Length);
            for (int i = 0; i < image.Length; i++)
            {
                editor.Values[i] = image[i];
            }

            value = editor.Commit();
        }

        private void GetImage(ref MLImage value)
        {
            ReadOnlySpan<byte> image = view.files.Image(Row);
            for (int i = 0; i < image.Length; i++)
            {
                pixels.AsSpan(4 * i, 3).Fill(image[i]);
                pixels[(4 * i) + 3] = byte.MaxValue;
            }

            value?.Dispose();
            value = MLImage.CreateFromPixels(FashionMnistFiles.Side, FashionMnistFiles.Side, MLPixelFormat.Bgra32, pixels);
        }
    }
}
