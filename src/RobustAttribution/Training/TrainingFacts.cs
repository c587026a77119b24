using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json.Serialization;
using RobustAttribution.Networks;
using RobustAttribution.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>What the ranks of a training must have in common, by name.</summary>
internal static class TrainingFacts
{
    private const string Modules = "TorchSharp.Modules";

    // Rank 0 alone reports and writes checkpoints.
    private static readonly string[] Left =
    [
        nameof(TrainingOptions.Seed), nameof(TrainingOptions.BatchSize), nameof(TrainingOptions.Checkpoints),
        nameof(TrainingOptions.ProgressInterval),
    ];

    /// <summary>Every option, the numbers of images and the network, but not its weights, which rank 0 gives to all.</summary>
    public static IEnumerable<(string Name, object? Value)> Of(
        TrainingOptions options, ImageNetwork network, IImageBatchSource training, IImageBatchSource? validation) =>
    [
        (nameof(TrainingOptions.Seed), options.Seed ?? 0),
        ("the number of training images", training.Count),
        ("the number of validation images", validation?.Count),
        (nameof(TrainingOptions.BatchSize), options.BatchSizeFor(training.Count)),
        .. typeof(TrainingOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(IsCompared)
            .Select(option => (option.Name, (object?)TextOf(option.GetValue(options), option.PropertyType))),
        (nameof(TrainingOptions.Checkpoints), options.Checkpoints is null ? "null" : "set"),
        (nameof(CheckpointOptions.EveryEpochs), options.Checkpoints?.EveryEpochs),
        (nameof(CheckpointOptions.EveryMinutes), options.Checkpoints?.EveryMinutes),
        ("the network", TextOf(network)),
        ("the list of parameters", Join(TrainedParameters.Of(network, options).Select(TextOf))),
        ("the type of the parameters", network.DataType),
        ("the list of modules", Join(network.Backbone.named_modules().Select(entry => $"{entry.name} {TextOf(entry.module)}"))),
    ];

    /// <summary>
    /// SHA-256 of the first batch of a source in its own order, as every rank reads it from its own images; of the last one too where the images are
    /// in memory.
    /// </summary>
    public static IReadOnlyList<string> HashesOf(IImageBatchSource source, int batchSize)
    {
        int last = (int)((source.Count - 1) / batchSize);
        int[] read = last > 0 && source is ISharedImages { IsInMemory: true } ? [0, last] : [0];
        return [.. read.Select(batch => HashOf(source.Read(batchSize, shuffleSeed: null, firstBatch: batch).FirstOrDefault()))];
    }

    /// <summary>SHA-256 of images and classes; that of nothing where there are none.</summary>
    /// <param name="batch">Disposed of.</param>
    public static string HashOf(ImageBatch? batch)
    {
        using (batch)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            if (batch is not null)
            {
                TensorHash.Append(hash, batch.Images);
                TensorHash.Append(hash, batch.Classes);
            }

            return Convert.ToHexString(hash.GetHashAndReset());
        }
    }

    private static bool IsCompared(PropertyInfo option)
        => option.CanWrite && !Left.Contains(option.Name)
            && option.GetCustomAttribute<JsonIgnoreAttribute>() is not { Condition: JsonIgnoreCondition.Always };

    private static string TextOf(object? value, Type type)
    {
        try
        {
            return ComponentJson.Write(value, type);
        }
        catch (NotSupportedException) // of a type that is not registered, whose own text may be of this process alone
        {
            return value!.GetType().FullName!;
        }
    }

    private static string TextOf(TrainedParameter parameter) => $"{parameter.Name} [{string.Join(',', parameter.Value.shape)}]";

    private static string TextOf(ImageNetwork network)
    {
        NetworkArchitecture? architecture = network.Architecture;
        return $"{(architecture is null ? network.Backbone.GetName() : TextOf(architecture, typeof(NetworkArchitecture)))},"
            + $" {ComponentJson.Write(network.Input)}, {network.ClassCount} classes";
    }

    // Kernel, stride, probability of dropout and the like are properties of TorchSharp's modules.
    private static string TextOf(nn.Module module)
    {
        Type type = module.GetType();
        IEnumerable<string> numbers = type.Namespace == Modules
            ? type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Where(property => property.Name != nameof(nn.Module.training) && property.GetIndexParameters().Length == 0)
                .OrderBy(property => property.Name, StringComparer.Ordinal)
                .Select(property => (property.Name, Value: NumberOf(property, module)))
                .Where(entry => entry.Value is not null)
                .Select(entry => $"{entry.Name} {entry.Value}")
            : [];
        return $"{type.FullName}({Join([.. numbers, .. Activation()])})";

        string[] Activation() => LayerKinds.ActivationOf(module)?.Activation is { } found ? [TextOf(found, typeof(Activation))] : [];
    }

    private static string? NumberOf(PropertyInfo property, object owner)
    {
        Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        return type.IsPrimitive && type != typeof(IntPtr) || type.IsEnum
            ? FormattableString.Invariant($"{property.GetValue(owner)}")
            : type == typeof(long[]) ? string.Join('×', (long[]?)property.GetValue(owner) ?? []) : null;
    }

    private static string Join(IEnumerable<string> texts) => string.Join(", ", texts);
}
