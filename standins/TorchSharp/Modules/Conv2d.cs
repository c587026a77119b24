using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static Conv2d Conv2d(long in_channels, long out_channels, long kernelSize, long stride = 1, long padding = 0, long dilation = 1,
                PaddingModes padding_mode = PaddingModes.Zeros, long groups = 1, bool bias = true, Device? device = null, ScalarType? dtype = null) =>
                Conv2d(in_channels, out_channels, (kernelSize, kernelSize), (stride, stride), (padding, padding), (dilation, dilation),
                    padding_mode, groups, bias, device, dtype);

            public static Conv2d Conv2d(long in_channels, long out_channels, (long, long) kernelSize, (long, long)? stride = null,
                (long, long)? padding = null, (long, long)? dilation = null, PaddingModes padding_mode = PaddingModes.Zeros, long groups = 1,
                bool bias = true, Device? device = null, ScalarType? dtype = null) =>
                new(in_channels, out_channels, kernelSize, stride ?? (1, 1), padding ?? (0, 0), dilation ?? (1, 1), padding_mode, groups, bias, device, dtype);
        }
    }
}

namespace TorchSharp.Modules
{
    public sealed class Conv2d : nn.Module<Tensor, Tensor>
    {
        private readonly long inputs, groups;
        private readonly long[] stride, padding, dilation;
        private readonly PaddingModes mode;

        internal Conv2d(long inputs, long outputs, (long, long) kernel, (long, long) stride, (long, long) padding, (long, long) dilation,
            PaddingModes mode, long groups, bool hasBias, Device? device, ScalarType? dtype) : base(nameof(Conv2d))
        {
            (this.inputs, this.groups, this.mode) = (inputs, groups, mode);
            this.stride = [stride.Item1, stride.Item2];
            this.padding = [padding.Item1, padding.Item2];
            this.dilation = [dilation.Item1, dilation.Item2];
            register_parameter("weight", Initial.Kernel([outputs, inputs / groups, kernel.Item1, kernel.Item2], device, dtype));
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

        public override Tensor forward(Tensor input)
        {
            var shape = input.shape;
            if (shape.Length is not (3 or 4) || shape[^3] != inputs)
                throw new ArgumentException($"Expected 3D (unbatched) or 4D (batched) input with {inputs} channels to Conv2d.");
            if (mode == PaddingModes.Zeros) return nn.functional.conv2d(input, weight!, bias, stride, padding, dilation, groups);
            using var padded = nn.functional.pad(input, [padding[1], padding[1], padding[0], padding[0]], mode);
            return nn.functional.conv2d(padded, weight!, bias, stride, [0, 0], dilation, groups);
        }
    }
}
