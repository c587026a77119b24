using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>Which parameters and modules of a network the options let learn, and how fast.</summary>
internal static class TrainedParameters
{
    /// <summary>All parameters by their names in the backbone.</summary>
    public static IEnumerable<(string Name, Tensor Value)> All(ImageNetwork network)
        => network.Backbone.named_parameters().Select(pair => (pair.name, (Tensor)pair.parameter));

    /// <summary>The parameters that learn, in the network's order.</summary>
    /// <exception cref="ArgumentException">A prefix matches no parameter, or no parameter is left to train.</exception>
    public static IReadOnlyList<TrainedParameter> Of(ImageNetwork network, TrainingOptions options)
    {
        (string Name, Tensor Value)[] all = [.. All(network)];
        IReadOnlyList<string> frozen = options.FrozenModules ?? [];
        foreach (string prefix in frozen)
        {
            CheckExists(prefix, nameof(TrainingOptions.FrozenModules), all);
        }

        if (options.HeadModule is not null)
        {
            CheckExists(options.HeadModule, nameof(TrainingOptions.HeadModule), all);
        }

        string? head = options.HeadModule ?? ModuleOf(all.LastOrDefault().Name);
        TrainedParameter[] trained =
        [
            .. all.Where(pair => pair.Value.requires_grad && !frozen.Any(prefix => IsWithin(pair.Name, prefix)))
                .Select(pair => new TrainedParameter(
                    pair.Name, pair.Value, head is not null && IsWithin(pair.Name, head) ? options.HeadLearningRateFactor : 1)),
        ];
        return trained.Length > 0
            ? trained
            : throw new ArgumentException(
                $"No parameter of {network.Backbone.GetName()} is left to train;"
                + $" {nameof(TrainingOptions.FrozenModules)} is [{string.Join(", ", frozen)}].");
    }

    /// <summary>The modules whose names lie within the frozen prefixes.</summary>
    public static IReadOnlyList<nn.Module> FrozenModules(ImageNetwork network, TrainingOptions options)
        => [.. network.Backbone.named_modules()
            .Where(pair => options.FrozenModules?.Any(prefix => IsWithin(pair.name, prefix)) == true)
            .Select(pair => pair.module)];

    private static bool IsWithin(string name, string prefix) => name == prefix || name.StartsWith(prefix + ".", StringComparison.Ordinal);

    private static string? ModuleOf(string? parameter) => parameter?.LastIndexOf('.') is int dot and > 0 ? parameter[..dot] : parameter;

    private static void CheckExists(string prefix, string option, (string Name, Tensor Value)[] all)
    {
        if (!all.Any(pair => IsWithin(pair.Name, prefix)))
        {
            throw new ArgumentException(
                $"{option} names '{prefix}', which holds no parameter of the network;"
                    + $" its parameters are {string.Join(", ", all.Select(pair => pair.Name))}.");
        }
    }
}
