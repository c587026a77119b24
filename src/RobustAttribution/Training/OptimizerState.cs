using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>The state of an optimizer for each parameter, and the one loop that applies it.</summary>
internal sealed class OptimizerState : IDisposable
{
    private readonly IOptimizer optimizer;
    private readonly IReadOnlyList<TrainedParameter> parameters;
    private readonly Tensor[][] state;
    private readonly long[] steps;

    public OptimizerState(IOptimizer optimizer, IReadOnlyList<TrainedParameter> parameters)
    {
        this.optimizer = optimizer;
        this.parameters = parameters;
        state = [.. parameters.Select(
            parameter => optimizer.StateNames.Select(_ => zeros_like(parameter.Value).DetachFromDisposeScope()).ToArray())];
        steps = new long[parameters.Count];
    }

    /// <summary>Updates made of each parameter.</summary>
    public IReadOnlyList<long> Steps => steps;

    /// <summary>Every tensor of the state under "parameter.state".</summary>
    public IEnumerable<(string Name, Tensor Value)> Tensors
        => parameters.Zip(state).SelectMany(pair => optimizer.StateNames.Zip(pair.Second, (name, value) => ($"{pair.First.Name}.{name}", value)));

    /// <summary>Continues at other counts of updates; the tensors are copied by the caller.</summary>
    public void SetSteps(IReadOnlyList<long> counts)
    {
        for (int i = 0; i < steps.Length; i++)
        {
            steps[i] = counts[i];
        }
    }

    /// <summary>What clipping multiplies every gradient by: min(1, limit/(norm + 1e-6)), computed on the device.</summary>
    /// <remarks>Over the norm of all gradients together (Pascanu et al. 2013, algorithm 1); the 1e-6 is PyTorch's.</remarks>
    /// <returns>A scalar of the current dispose scope; null without gradients.</returns>
    public static Tensor? ClippingFactor(IEnumerable<Tensor> gradients, double limit)
    {
        Tensor[] squares = [.. gradients.Select(gradient => gradient.square().sum())];
        return squares.Length == 0 ? null : (limit / (stack(squares).sum().sqrt() + 1e-6)).clamp_max(1);
    }

    /// <summary>One update of every parameter that has a gradient.</summary>
    /// <param name="gradients">In the order of the parameters; invalid where a parameter has none.</param>
    /// <param name="learningRate">Before each parameter's own factor.</param>
    /// <param name="clipNorm">Largest norm of all gradients together; null for any.</param>
    public void Update(IList<Tensor> gradients, double learningRate, double? clipNorm)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = no_grad();
        Tensor? scale = clipNorm is double limit ? ClippingFactor(gradients.Where(gradient => !gradient.IsInvalid), limit) : null;
        for (int i = 0; i < parameters.Count; i++)
        {
            if (gradients[i].IsInvalid)
            {
                continue;
            }

            using IDisposable step = NewDisposeScope();
            Tensor gradient = scale is null ? gradients[i] : gradients[i] * scale;
            optimizer.Update(parameters[i].Value, gradient, state[i], learningRate * parameters[i].RateFactor, ++steps[i]);
        }
    }

    public void Dispose()
    {
        foreach (Tensor value in state.SelectMany(values => values))
        {
            value.Dispose();
        }
    }
}

/// <summary>A parameter that is trained.</summary>
/// <param name="Name">Its full name in the backbone.</param>
/// <param name="Value">The parameter itself.</param>
/// <param name="RateFactor">What its learning rate is multiplied by.</param>
internal readonly record struct TrainedParameter(string Name, Tensor Value, double RateFactor);
