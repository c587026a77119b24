using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>The element types of safetensors that this library reads and writes.</summary>
internal readonly record struct SafetensorsType(string Name, ScalarType Type, int Size)
{
    private static readonly SafetensorsType[] All =
    [
        new("F64", ScalarType.Float64, 8),
        new("F32", ScalarType.Float32, 4),
        new("F16", ScalarType.Float16, 2),
        new("BF16", ScalarType.BFloat16, 2),
        new("I64", ScalarType.Int64, 8),
        new("I32", ScalarType.Int32, 4),
        new("U8", ScalarType.Byte, 1),
        new("BOOL", ScalarType.Bool, 1),
    ];

    public static string Allowed => string.Join(", ", All.Select(type => type.Name));

    public static SafetensorsType? Named(string name) => All.Where(type => type.Name == name).Cast<SafetensorsType?>().FirstOrDefault();

    public static SafetensorsType? Of(ScalarType type) => All.Where(known => known.Type == type).Cast<SafetensorsType?>().FirstOrDefault();
}
