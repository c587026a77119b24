using System.Text;
using System.Text.Json.Serialization;
using RobustAttribution.Serialization;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>All that is needed beside the weights to have a network again: a small JSON text.</summary>
public sealed record NetworkCard(NetworkArchitecture Architecture, InputSpecification Input, int ClassCount, Activation? Activation)
{
    /// <summary>What to build.</summary>
    public NetworkArchitecture Architecture { get; init => field = Require.NotNull(value); } = Require.NotNull(Architecture, nameof(Architecture));

    /// <summary>Shape, normalisation and bounds of the images.</summary>
    public InputSpecification Input { get; init => field = Require.NotNull(value); } = Require.NotNull(Input, nameof(Input));

    /// <summary>K, 2 to 1,000,000.</summary>
    public int ClassCount { get; init => field = Require.InRange(value, 2, Limits.Classes); }
        = Require.InRange(ClassCount, 2, Limits.Classes, nameof(ClassCount));

    /// <summary>The activation of every exchangeable place; null where the network has none, or the modules keep their own.</summary>
    [JsonRequired]
    public Activation? Activation { get; init; } = Activation;

    /// <summary>The card of a network.</summary>
    /// <exception cref="NotSupportedException">
    /// The network was handed in as a module, or its exchangeable places have different activations: no card can rebuild it.
    /// </exception>
    public static NetworkCard Of(ImageNetwork network)
    {
        Require.NotNull(network, nameof(network));
        return new NetworkCard(
            network.Architecture ?? throw new NotSupportedException(
                $"The network {network.Backbone.GetName()} was handed in as a module; a {nameof(NetworkCard)} describes networks of a "
                + $"{nameof(NetworkArchitecture)}. Derive one from it, or keep the weights alone with {nameof(ImageNetwork.SaveWeights)}."),
            network.Input,
            network.ClassCount,
            network.Activation is null && network.HasSwitchableActivation
                ? throw new NotSupportedException("The network's exchangeable places have different activations; a card holds one for all.")
                : network.Activation);
    }

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="FormatException">The text is not a card.</exception>
    public static NetworkCard FromJson(string json)
    {
        NetworkCard card = Read(json);
        try
        {
            card.Input.Validate();
            return card;
        }
        catch (ArgumentException error)
        {
            throw new FormatException($"Not a readable {nameof(NetworkCard)}: {error.Message}", error);
        }
    }

    /// <summary>The card as JSON.</summary>
    public string ToJson() => ComponentJson.Write(this);

    /// <summary>Builds the network and loads its weights.</summary>
    /// <param name="weights">
    /// What <see cref="ImageNetwork.SaveWeights"/>, PyTorch through safetensors, or TorchSharp's <c>Module.save</c> wrote, the last in a stream that
    /// can seek; read to its end and left open.
    /// </param>
    /// <returns>The network, on the CPU, in float32, in evaluation mode; owned by the caller.</returns>
    /// <remarks>
    /// For the library's architectures the card is compared with the weights before memory is taken. What an architecture of your own takes is known
    /// only when it is built, so let its options refuse what is out of all proportion.
    /// </remarks>
    /// <exception cref="FormatException">The weights are damaged, or do not fit the card.</exception>
    public ImageNetwork Build(Stream weights)
    {
        StoredWeights stored = StoredWeights.Open(Require.NotNull(weights, nameof(weights)));
        RequireFit(stored.Header);
        using var generator = new Generator(0, CPU);
        ImageNetwork network = ImageNetwork.Create(Architecture, Input, ClassCount, Activation, generator);
        try
        {
            NetworkWeights.Load(network.Backbone, stored);
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    private static NetworkCard Read(string json)
    {
        try
        {
            return ComponentJson.Read<NetworkCard>(json);
        }
        catch (FormatException error)
            when (FileKind.Of(Encoding.UTF8.GetBytes(json[..Math.Min(json.Length, FileKind.Needed)])) is { Name: not "JSON text" } kind)
        {
            throw new FormatException($"{error.Message} The text seems to be {kind}.", error);
        }
    }

    private void RequireFit(SafetensorsHeader header)
    {
        try
        {
            using nn.Module? shapes = Architecture.BuildShapes(Input, ClassCount);
            if (shapes is not null)
            {
                NetworkWeights.RequireFit(shapes, header);
            }
        }
        catch (ArgumentException error)
        {
            throw new FormatException($"The {nameof(NetworkCard)} describes no network: {error.Message}", error);
        }
    }
}
