using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms.Image;

/// <summary>Makes the transformer that brings pictures to one size; there is nothing to learn.</summary>
public sealed class ImageResizingEstimator : TrivialEstimator<ImageResizingTransformer>
{
    internal ImageResizingEstimator(IHostEnvironment env, params ColumnOptions[] columns)
        : base(Contracts.CheckRef(null, env, nameof(env)).Register(nameof(ImageResizingEstimator)), new ImageResizingTransformer(env, columns))
    {
    }

    /// <summary>How a picture is fitted into the new size.</summary>
    public enum ResizingKind : byte
    {
        /// <summary>Whole picture, undistorted, centred; the rest is empty.</summary>
        IsoPad = 0,

        /// <summary>Undistorted and without empty parts; what sticks out is cut off.</summary>
        IsoCrop = 1,

        /// <summary>Stretched.</summary>
        Fill = 2,
    }

    /// <summary>Which side stays when something is cut off.</summary>
    public enum Anchor : byte
    {
        Right = 0,
        Left = 1,
        Top = 2,
        Bottom = 3,
        Center = 4,
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        var result = new ShapeEdit(Host, inputSchema);
        foreach (var column in Transformer.Columns)
        {
            _ = result.Scalar<ImageDataViewType>(column.InputColumnName, "Image");
            result.Set(column.Name, SchemaShape.Column.VectorKind.Scalar, column.Type);
        }

        return result.Shape;
    }

    /// <summary>What happens to one column.</summary>
    internal sealed class ColumnOptions
    {
        public readonly string Name;
        public readonly string InputColumnName;
        public readonly int ImageWidth;
        public readonly int ImageHeight;
        public readonly ResizingKind Resizing;
        public readonly Anchor Anchor;
        public readonly DataViewType Type;

        public ColumnOptions(
            string name,
            int imageWidth,
            int imageHeight,
            string inputColumnName = null,
            ResizingKind resizing = ResizingKind.IsoCrop,
            Anchor anchor = Anchor.Center)
        {
            Contracts.CheckNonEmpty(name, nameof(name));
            Contracts.CheckUserArg(imageWidth > 0, nameof(imageWidth));
            Contracts.CheckUserArg(imageHeight > 0, nameof(imageHeight));
            Contracts.CheckUserArg(Enum.IsDefined(resizing), nameof(resizing));
            Contracts.CheckUserArg(Enum.IsDefined(anchor), nameof(anchor));
            Name = name;
            InputColumnName = inputColumnName ?? name;
            ImageWidth = imageWidth;
            ImageHeight = imageHeight;
            Resizing = resizing;
            Anchor = anchor;
            Type = new ImageDataViewType(imageHeight, imageWidth);
        }

        internal ColumnOptions(string name, string inputColumnName, ModelLoadContext ctx)
        {
            Name = name;
            InputColumnName = inputColumnName;
            ImageWidth = ctx.Reader.ReadInt32();
            ImageHeight = ctx.Reader.ReadInt32();
            Resizing = (ResizingKind)ctx.Reader.ReadByte();
            Anchor = (Anchor)ctx.Reader.ReadByte();
            Contracts.CheckDecode(ImageWidth > 0 && ImageHeight > 0, "The width and the height of resized images must be positive.");
            Contracts.CheckDecode(Enum.IsDefined(Resizing), "Unknown kind of resizing.");
            Contracts.CheckDecode(Enum.IsDefined(Anchor), "Unknown anchor of resizing.");
            Type = new ImageDataViewType(ImageHeight, ImageWidth);
        }

        internal ImageResizeMode Mode => (Resizing, Anchor) switch
        {
            (ResizingKind.IsoPad, _) => ImageResizeMode.Pad,
            (ResizingKind.Fill, _) => ImageResizeMode.Fill,
            (_, Anchor.Top) => ImageResizeMode.CropAnchorTop,
            (_, Anchor.Bottom) => ImageResizeMode.CropAnchorBottom,
            (_, Anchor.Left) => ImageResizeMode.CropAnchorLeft,
            (_, Anchor.Right) => ImageResizeMode.CropAnchorRight,
            _ => ImageResizeMode.CropAnchorCentral,
        };

        internal void Save(ModelSaveContext ctx)
        {
            ctx.Writer.Write(ImageWidth);
            ctx.Writer.Write(ImageHeight);
            ctx.Writer.Write((byte)Resizing);
            ctx.Writer.Write((byte)Anchor);
        }
    }
}
