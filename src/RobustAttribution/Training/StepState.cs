using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>What a training step's objective may change, so that it can be evaluated again to the same bits; see <see cref="Repetition"/>.</summary>
/// <remarks>Buffers (the statistics of batch normalisations), and the states of the objective's and of the global generator.</remarks>
internal sealed class StepState : IDisposable
{
    private readonly Generator generator;
    private readonly (Tensor Value, Tensor Former)[] buffers;

    private StepState(ImageNetwork network, Generator generator)
    {
        this.generator = generator;
        buffers = [.. network.Backbone.buffers().Select(buffer => (buffer, buffer.detach().clone().DetachFromDisposeScope()))];
    }

    /// <summary>
    /// The state of a network's steps; null where nothing can fail, and on a GPU, where the state of the global generator cannot be read.
    /// </summary>
    /// <remarks>In training mode TorchSharp's batch normalisations, which have buffers, count their batches with a temporary Scalar.</remarks>
    public static StepState? Of(ImageNetwork network, ITrainingObjective objective, Generator generator)
    {
        bool isOwn = network.IsBuiltIn
            && !network.Backbone.buffers().Any()
            && objective.GetType().Assembly == typeof(StepState).Assembly;
        return isOwn || network.Device.type != DeviceType.CPU ? null : new StepState(network, generator);
    }

    /// <summary>Evaluates an objective, again from the same state where a Scalar was freed.</summary>
    public T Repeatable<T>(Func<T> evaluate)
    {
        using Tensor drawn = generator.get_state(), drawnGlobally = get_rng_state();
        Copy(restore: false);
        return Repetition.Of(evaluate, () =>
        {
            generator.set_state(drawn);
            set_rng_state(drawnGlobally);
            Copy(restore: true);
            return true;
        });
    }

    public void Dispose() => Array.ForEach(buffers, buffer => buffer.Former.Dispose());

    private void Copy(bool restore)
    {
        using IDisposable mode = no_grad();
        foreach ((Tensor value, Tensor former) in buffers)
        {
            _ = restore ? value.copy_(former) : former.copy_(value);
        }
    }
}
