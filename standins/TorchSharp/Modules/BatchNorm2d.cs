using TorchSharp.Modules;
using TorchSharp.Native;
using static TorchSharp.torch;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static BatchNorm2d BatchNorm2d(long features, double eps = 1e-05, double momentum = 0.1, bool affine = true,
                bool track_running_stats = true, Device? device = null, ScalarType? dtype = null) =>
                new(features, eps, momentum, affine, track_running_stats, device, dtype);
        }
    }
}

namespace TorchSharp.Modules
{
    public sealed class BatchNorm2d : nn.Module<Tensor, Tensor>
    {
        private readonly double eps, momentum;
        private readonly bool tracks;

        internal BatchNorm2d(long features, double eps, double momentum, bool affine, bool tracks, Device? device, ScalarType? dtype)
            : base(nameof(BatchNorm2d))
        {
            (this.eps, this.momentum, this.tracks) = (eps, momentum, tracks);
            if (affine)
            {
                register_parameter("weight", Initial.Finish(ones([features]), device, dtype));
                register_parameter("bias", Initial.Finish(zeros([features]), device, dtype));
            }
            if (tracks)
            {
                register_buffer("running_mean", zeros([features], dtype, device));
                register_buffer("running_var", ones([features], dtype, device));
                register_buffer("num_batches_tracked", zeros([], dtype ?? ScalarType.Int64, device));
            }
        }

        public Parameter? weight
        {
            get => get_parameter("weight");
            set => ReplaceParameter("weight", value);
        }

        public Parameter? bias
        {
            get => get_parameter("bias");
            set => ReplaceParameter("bias", value);
        }

        public Tensor? running_mean
        {
            get => get_buffer("running_mean");
            set => ReplaceBuffer("running_mean", value);
        }

        public Tensor? running_var
        {
            get => get_buffer("running_var");
            set => ReplaceBuffer("running_var", value);
        }

        public Tensor? num_batches_tracked => get_buffer("num_batches_tracked");

        public void reset_running_stats()
        {
            if (!tracks) return;
            running_mean!.zero_();
            running_var!.fill_(1);
            num_batches_tracked!.zero_();
        }

        public override Tensor forward(Tensor tensor)
        {
            if (tensor.Dimensions != 4) throw new ArgumentException($"Invalid number of dimensions for BatchNorm argument: {tensor.Dimensions}");
            if (training && tracks)
            {
                using var detached = no_grad();
                num_batches_tracked!.add_(1);
            }
            return Operators.Call("batch_norm", tensor, weight, bias, running_mean, running_var, training || !tracks, momentum, eps, true);
        }

        /// <summary>All buffers, the batch counter too, as in the original.</summary>
        private protected override ScalarType TypeFor(Tensor tensor, ScalarType? wanted) => wanted ?? tensor.dtype;
    }
}
