using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>
/// The gradient of the target logit, except that only positive signals s pass an activation: max(s, 0) times a slope. In pixel scale.
/// </summary>
public abstract record ActivationBackpropagation : ModifiedBackpropagation
{
    private protected sealed override bool AnswersAt(ActivationSite site) => true;

    /// <summary>The factor of a positive signal at an activation.</summary>
    private protected abstract Tensor Slope(SecondPass pass, LayerCall call);

    private protected sealed override Tensor Answer(SecondPass pass, LayerCall call, Tensor input)
        => PositiveSignal.apply(input, new PositiveSignal.Gate(call.Output, Slope(pass, call)));

    private protected sealed override Tensor Attribution(SecondPass pass, Tensor score)
        => pass.Derivatives(GetType().Name, score)[0] * pass.PerPixel; // d normalised / d pixel = 1/std

    /// <summary>Returns a given value and sends max(s, 0)·slope back. Differentiable twice.</summary>
    private sealed class PositiveSignal : autograd.SingleTensorFunction<PositiveSignal>
    {
        /// <summary>The value and the slope, in a record so that no edge of the graph leads to them.</summary>
        public sealed record Gate(Tensor Value, Tensor Slope);

        public override string Name => nameof(PositiveSignal);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var gate = (Gate)vars[1];
            ctx.set_materialize_grads(false); // an exception in backward would end the process
            ctx.save_for_backward([gate.Slope]);
            return gate.Value.detach();
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
            => grad_output.IsInvalid ? [null!, null!] : [nn.functional.relu(grad_output) * ctx.get_saved_variables()[0], null!];
    }
}
