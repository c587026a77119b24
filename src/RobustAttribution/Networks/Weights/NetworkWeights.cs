using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>A module's parameters and buffers under PyTorch's names: written in safetensors, read in that or TorchSharp's own format.</summary>
internal static class NetworkWeights
{
    private const string BatchCounter = "num_batches_tracked";

    private static readonly Dictionary<string, string> Metadata = new() { ["format"] = "pt" };

    /// <exception cref="InvalidOperationException">A value is not finite; nothing was written.</exception>
    public static void Save(nn.Module module, Stream stream)
    {
        using IDisposable scope = NewDisposeScope();
        if (FiniteValues.FirstOther(StateOf(module)) is { } name)
        {
            throw new InvalidOperationException(
                $"Tensor '{name}' of the network {module.GetName()} has a value that is not finite (NaN or infinity), so it is not saved.");
        }

        Safetensors.Write(
            stream,
            StateOf(module)
                .Select(entry => KeyValuePair.Create(entry.Name, IsCounter(entry.Name) ? entry.Tensor.to(ScalarType.Int64) : entry.Tensor)),
            Metadata,
            withChecksum: true);
    }

    /// <summary>Loads all or nothing.</summary>
    public static void Load(nn.Module module, StoredWeights weights)
    {
        LoadedWeights plan = RequireFit(module, weights.Header);
        using SafetensorsContent content = weights.Read();
        Copy(module, content, plan.Loaded);
    }

    /// <summary>Compares names, shapes and types, which is all that is known before a tensor is read.</summary>
    /// <param name="module">The module, which may be one of shapes alone.</param>
    /// <param name="header">The header of the weights.</param>
    /// <exception cref="FormatException">A name or a shape is another one, or a type cannot be converted; the message names the tensor.</exception>
    public static LoadedWeights RequireFit(nn.Module module, SafetensorsHeader header)
    {
        LoadedWeights plan = Compare(module, header);
        if (plan.DifferentShape.Count > 0)
        {
            string name = plan.DifferentShape[0];
            Tensor expected = StateOf(module).First(entry => entry.Name == name).Tensor;
            SafetensorsHeader.Entry stored = header.Entries.First(entry => entry.Name == name);
            throw new FormatException(
                $"Tensor '{name}' is {Describe(stored)}; the network has {Describe(expected)}{Others(plan.DifferentShape)}. "
                + $"To keep a new head, use {nameof(ImageNetwork.LoadMatchingWeights)}.");
        }

        // PyTorch before 0.4.1 did not count batches; the counter has no influence on anything.
        List<string> missing = [.. plan.Missing.Where(name => !IsCounter(name))];
        if (missing.Count > 0 || plan.Unused.Count > 0)
        {
            string what = missing.Count > 0
                ? $"Tensor '{missing[0]}' of the network is missing in the stream{Others(missing)}."
                : $"Tensor '{plan.Unused[0]}' of the stream is unknown to the network{Others(plan.Unused)}.";
            throw new FormatException($"{what} To load the rest, use {nameof(ImageNetwork.LoadMatchingWeights)}.");
        }

        return plan;
    }

    public static LoadedWeights LoadMatching(nn.Module module, StoredWeights weights)
    {
        LoadedWeights plan = Compare(module, weights.Header);
        if (plan.Loaded.Count == 0)
        {
            throw new FormatException(
                $"No tensor of the stream fits the network. The stream has e.g. {string.Join(", ", plan.Unused.Take(3))}; "
                + $"the network has e.g. {string.Join(", ", StateOf(module).Take(3).Select(entry => entry.Name))}.");
        }

        using SafetensorsContent content = weights.Read();
        Copy(module, content, plan.Loaded);
        return plan;
    }

    private static LoadedWeights Compare(nn.Module module, SafetensorsHeader header)
    {
        Dictionary<string, SafetensorsHeader.Entry> entries = header.Entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
        List<string> loaded = [], missing = [], differentShape = [];
        var unused = new HashSet<string>(entries.Keys, StringComparer.Ordinal);
        foreach ((string name, Tensor tensor) in StateOf(module))
        {
            unused.Remove(name);
            if (!entries.TryGetValue(name, out SafetensorsHeader.Entry? stored))
            {
                missing.Add(name);
            }
            else if (!stored.Shape.SequenceEqual(tensor.shape))
            {
                differentShape.Add(name);
            }
            else if (!IsCounter(name) && !IsFloating(stored.Type.Type) && stored.Type.Type != tensor.dtype)
            {
                throw new FormatException($"Tensor '{name}' is {Describe(stored)}; the network has {Describe(tensor)}.");
            }
            else
            {
                loaded.Add(name);
            }
        }

        return new LoadedWeights(loaded, missing, differentShape, [.. unused.Order(StringComparer.Ordinal)]);
    }

    private static void Copy(nn.Module module, SafetensorsContent content, IReadOnlyList<string> names)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = no_grad();
        Dictionary<string, Tensor> state = StateOf(module).ToDictionary(entry => entry.Name, entry => entry.Tensor);
        if (FiniteValues.FirstOther(names.Select(name => (name, content.Tensors[name].to(state[name].dtype)))) is { } other)
        {
            throw new FormatException(
                $"Tensor '{other}' has a value that is not finite (NaN or infinity), or that {state[other].dtype} cannot hold;"
                + " a network with it has no finite logits.");
        }

        foreach (string name in names)
        {
            state[name].copy_(content.Tensors[name]);
        }
    }

    private static IEnumerable<(string Name, Tensor Tensor)> StateOf(nn.Module module)
        => module.named_parameters().Select(entry => (entry.name, (Tensor)entry.parameter)).Concat(module.named_buffers());

    private static bool IsCounter(string name) => name == BatchCounter || name.EndsWith("." + BatchCounter, StringComparison.Ordinal);

    private static bool IsFloating(ScalarType type)
        => type is ScalarType.Float64 or ScalarType.Float32 or ScalarType.Float16 or ScalarType.BFloat16;

    private static string Describe(SafetensorsHeader.Entry entry) => $"{entry.Type.Type} [{string.Join(", ", entry.Shape)}]";

    private static string Describe(Tensor tensor) => $"{tensor.dtype} [{string.Join(", ", tensor.shape)}]";

    private static string Others(IReadOnlyList<string> names)
        => names.Count > 1 ? $" (and {names.Count - 1} more: {string.Join(", ", names.Skip(1).Take(5))}…)" : "";
}

/// <summary>Names of the tensors that <see cref="ImageNetwork.LoadMatchingWeights"/> loaded from a stream, and of those that it did not.</summary>
/// <param name="Loaded">Parameters and buffers that now have the stream's values.</param>
/// <param name="Missing">Parameters and buffers that the stream does not contain; they are unchanged.</param>
/// <param name="DifferentShape">Parameters and buffers of another shape in the stream, e.g. those of a new head; they are unchanged.</param>
/// <param name="Unused">Tensors of the stream that the network does not have.</param>
public sealed record LoadedWeights(
    IReadOnlyList<string> Loaded,
    IReadOnlyList<string> Missing,
    IReadOnlyList<string> DifferentShape,
    IReadOnlyList<string> Unused);
