using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class optim
        {
            public interface IBetas
            {
                (double, double) Betas { get; set; }
            }
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>What Adam and AdamW share: running means of the gradient and of its square.</summary>
    public abstract class AdaptiveMoments : OptimizerHelper, optim.IBetas
    {
        private readonly AdaptiveMomentsOptions defaults;

        private protected AdaptiveMoments(AdaptiveMomentsOptions defaults, double lr, double beta1, double beta2, double eps, double weight_decay,
            bool amsgrad, bool maximize)
        {
            if (lr < 0) throw new ArgumentException($"Invalid learning rate: {lr}");
            if (eps < 0) throw new ArgumentException($"Invalid ε: {eps}");
            if (beta1 is < 0 or >= 1.0) throw new ArgumentException($"Invalid beta1: {beta1}");
            if (beta2 is < 0 or >= 1.0) throw new ArgumentException($"Invalid beta2: {beta2}");
            if (weight_decay < 0.0) throw new ArgumentException($"Invalid weight_decay value: {weight_decay}");
            this.defaults = defaults;
            (defaults.LearningRate, defaults.beta1, defaults.beta2, defaults.eps) = (lr, beta1, beta2, eps);
            (defaults.weight_decay, defaults.amsgrad, defaults.maximize) = (weight_decay, amsgrad, maximize);
        }

        public (double, double) Betas
        {
            get => (defaults.beta1!.Value, defaults.beta2!.Value);
            set => (defaults.beta1, defaults.beta2) = value;
        }

        public override void add_param_group(ParamGroup param_group)
        {
            var options = (AdaptiveMomentsOptions)(param_group.Options ??= NewOptions());
            options.LearningRate ??= defaults.LearningRate;
            options.beta1 ??= defaults.beta1;
            options.beta2 ??= defaults.beta2;
            options.eps ??= defaults.eps;
            options.weight_decay ??= defaults.weight_decay;
            options.amsgrad ??= defaults.amsgrad;
            options.maximize ??= defaults.maximize;
            Register(param_group, parameter => new State(parameter, options.amsgrad!.Value));
        }

        public override Tensor? step(Func<Tensor>? closure = null) => Step<ParamGroup, State>(closure, (group, parameter, gradient, state) =>
        {
            var options = (AdaptiveMomentsOptions)group.Options;
            double beta1 = options.beta1!.Value, beta2 = options.beta2!.Value;
            if (options.maximize == true) gradient = -gradient;
            state.step += 1;
            gradient = Decay(parameter, gradient, options);
            state.exp_avg!.mul_(beta1).add_(gradient, 1 - beta1);
            state.exp_avg_sq!.mul_(beta2).addcmul_(gradient, gradient, 1 - beta2);
            if (options.amsgrad == true) state.RaiseMaximum();
            var correction = Math.Sqrt(1 - Math.Pow(beta2, state.step));
            var denominator = (state.max_exp_avg_sq ?? state.exp_avg_sq).sqrt().div_(correction).add_(options.eps!.Value);
            parameter.addcdiv_(state.exp_avg, denominator, -options.LearningRate!.Value / (1 - Math.Pow(beta1, state.step)));
        });

        private protected abstract AdaptiveMomentsOptions NewOptions();

        /// <summary>Applies weight decay to the parameter, or gives the gradient that contains it.</summary>
        private protected abstract Tensor Decay(Parameter parameter, Tensor gradient, AdaptiveMomentsOptions options);

        public sealed class State : OptimizerState
        {
            public long step;
            public Tensor? exp_avg, exp_avg_sq, max_exp_avg_sq;

            internal State(Parameter parameter, bool amsgrad)
            {
                exp_avg = zeros_like(parameter).DetachFromDisposeScope();
                exp_avg_sq = zeros_like(parameter).DetachFromDisposeScope();
                if (amsgrad) max_exp_avg_sq = zeros_like(parameter).DetachFromDisposeScope();
            }

            internal void RaiseMaximum() => Replace(ref max_exp_avg_sq, max_exp_avg_sq!.maximum(exp_avg_sq!));

            public override void SaveStateDict(BinaryWriter writer)
            {
                writer.Write(step);
                exp_avg!.Save(writer);
                exp_avg_sq!.Save(writer);
                Save(writer, max_exp_avg_sq);
            }

            public override void LoadStateDict(BinaryReader reader)
            {
                step = reader.ReadInt64();
                exp_avg!.Load(reader);
                exp_avg_sq!.Load(reader);
                Load(reader, ref max_exp_avg_sq);
            }

            public override void LoadStateDict(OptimizerState source)
            {
                var other = (State)source;
                step = other.step;
                Replace(ref exp_avg, other.exp_avg!.clone());
                Replace(ref exp_avg_sq, other.exp_avg_sq!.clone());
                Replace(ref max_exp_avg_sq, other.max_exp_avg_sq?.clone());
            }

            protected override void Dispose(bool disposing)
            {
                exp_avg?.Dispose();
                exp_avg_sq?.Dispose();
                max_exp_avg_sq?.Dispose();
            }
        }
    }

    public class AdaptiveMomentsOptions : OptimizerOptions
    {
        public double? beta1, beta2, eps, weight_decay;
        public bool? amsgrad, maximize;

        public override void SaveStateDict(BinaryWriter writer)
        {
            base.SaveStateDict(writer);
            writer.Write(beta1!.Value);
            writer.Write(beta2!.Value);
            writer.Write(eps!.Value);
            writer.Write(weight_decay!.Value);
            writer.Write(amsgrad!.Value);
            writer.Write(maximize!.Value);
        }

        public override void LoadStateDict(BinaryReader reader)
        {
            base.LoadStateDict(reader);
            (beta1, beta2, eps, weight_decay) = (reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble());
            (amsgrad, maximize) = (reader.ReadBoolean(), reader.ReadBoolean());
        }

        public override void LoadStateDict(OptimizerOptions source)
        {
            base.LoadStateDict(source);
            var other = (AdaptiveMomentsOptions)source;
            (beta1, beta2, eps, weight_decay, amsgrad, maximize) =
                (other.beta1, other.beta2, other.eps, other.weight_decay, other.amsgrad, other.maximize);
        }
    }
}
