using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>The description of a network without its weights: an immutable record that can be saved as JSON and built for any input and class count.</summary>
/// <remarks>Ready-made ones are in <see cref="KnownNetworks"/>.</remarks>
public abstract record NetworkArchitecture
{
    /// <summary>Builds the network that maps normalised pictures to logits, on the CPU, in float32, in training mode, with ReLU activations.</summary>
    /// <param name="input">Shape of the pictures.</param>
    /// <param name="classCount">K, at least 2.</param>
    /// <param name="generator">Source of the initial weights, on the CPU. The same state gives the same weights; no other generator is touched.</param>
    /// <returns>[N,C,H,W] to [N,K]; owned by the caller.</returns>
    /// <exception cref="ArgumentException">The pictures are too small for the architecture.</exception>
    public abstract nn.Module<Tensor, Tensor> Build(InputSpecification input, int classCount, Generator generator);

    private protected void RequireSize(InputSpecification input, int minimum)
    {
        Require.NotNull(input, nameof(input));
        if (input.Height < minimum || input.Width < minimum)
        {
            throw new ArgumentException($"Pictures are {input.Height}×{input.Width} (height × width); {GetType().Name} takes at least {minimum}×{minimum}.", nameof(input));
        }
    }
}
