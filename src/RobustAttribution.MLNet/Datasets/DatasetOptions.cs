namespace RobustAttribution.MLNet;

/// <summary>How the loaders of datasets show images and labels. Each option checks its value when it is set.</summary>
public sealed record DatasetOptions
{
    /// <summary>Show images as MLImages of their own size instead of as float vectors of channels × height × width values in 0…255. False by default.</summary>
    public bool ImagesAsMLImage { get; init; }

    /// <summary>Show labels as a key with the class names as key values instead of as text. False by default, so that <c>MapValueToKey</c> fits.</summary>
    public bool LabelsAsKey { get; init; }

    /// <summary>Height of the vectors, in pixels, at least 1; null, the default, takes the dataset's usual one. Without meaning for MLImages.</summary>
    public int? Height { get; init => field = value is null ? null : Require.InRange(value.Value, 1); }

    /// <summary>Width of the vectors, in pixels, at least 1; null, the default, takes the dataset's usual one. Without meaning for MLImages.</summary>
    public int? Width { get; init => field = value is null ? null : Require.InRange(value.Value, 1); }

    /// <summary>How images of another size become vectors of that size; boxes move with them. Stretched by default.</summary>
    public ResizePolicy Resize { get; init; } = ResizePolicy.Fill;

    /// <summary>
    /// Side of the square in the middle of the vectors that is kept after resizing, in pixels, at least 1; boxes move with it. Null, the default, keeps all. Without meaning for MLImages. The evaluation
    /// on ImageNet of both papers' networks is <see cref="Height"/> = <see cref="Width"/> = 256, <see cref="ResizePolicy.Crop"/>, and here 224.
    /// </summary>
    public int? CenterCrop { get; init => field = value is null ? null : Require.InRange(value.Value, 1); }
}
