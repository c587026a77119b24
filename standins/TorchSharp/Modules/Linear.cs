using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static Linear Linear(long inputSize, long outputSize, bool hasBias = true, Device? device = null, ScalarType? dtype = null) =>
                new(inputSize, outputSize, hasBias, device, dtype);
        }
    }
}

namespace TorchSharp.Modules
{
    public sealed class Linear : nn.Module<Tensor, Tensor>
    {
        internal Linear(long inputs, long outputs, bool hasBias, Device? device, ScalarType? dtype) : base(nameof(Linear))
        {
            register_parameter("weight", Initial.Kernel([outputs, inputs], device, dtype));
            if (hasBias) register_parameter("bias", Initial.Bias(outputs, weight!, device, dtype));
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

        public override Tensor forward(Tensor tensor) => nn.functional.linear(tensor, weight!, bias);
    }
}
