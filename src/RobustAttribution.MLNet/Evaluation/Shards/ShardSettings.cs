using System.Globalization;
using System.Security.Cryptography;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Networks;
using RobustAttribution.Serialization;
using RobustAttribution.Training;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Evaluation;

/// <summary>What shards must have in common, by name: the model's weights and all that its figures depend on.</summary>
internal sealed class ShardSettings
{
    private readonly List<ShardSetting> settings = [];

    public IReadOnlyList<ShardSetting> All => settings;

    /// <summary>Adds a number or text.</summary>
    public ShardSettings With(string name, IConvertible value)
    {
        settings.Add(new(name, value.ToString(CultureInfo.InvariantCulture)));
        return this;
    }

    /// <summary>Adds a component with all its options; one of a user's that is not registered describes itself.</summary>
    public ShardSettings WithComponent<T>(string name, T component)
        where T : class => With(name, ComponentJson.TextOf(component));

    /// <summary>Adds several of them.</summary>
    public ShardSettings WithComponents<T>(string name, IEnumerable<T> components)
        where T : class => With(name, string.Join(' ', components.Select(ComponentJson.TextOf)));

    /// <summary>Adds a hash of the weights.</summary>
    public ShardSettings With(string name, NetworkHandle handle)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        handle.Use(network =>
        {
            foreach ((string key, Tensor value) in network.Backbone.state_dict().OrderBy(entry => entry.Key, StringComparer.Ordinal))
            {
                TensorHash.Append(hash, key);
                TensorHash.Append(hash, value);
            }
        });
        return With(name, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }
}
