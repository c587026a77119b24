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

            public static ConvTranspose2d ConvTranspose2d(long in_channels, long out_channels, long kernelSize, long stride = 1, long padding = 0,
                long output_padding = 0, long dilation = 1, PaddingModes padding_mode = PaddingModes.Zeros, long groups = 1, bool bias = true,
                Device? device = null, ScalarType? dtype = null) =>
                padding_mode != PaddingModes.Zeros
                    ? throw new ArgumentException($"ConvTranspose2d: padding_mode is {padding_mode}; only {PaddingModes.Zeros} is possible.")
                    : new(in_channels, out_channels, kernelSize, stride, padding, output_padding, dilation, groups, bias, device, dtype);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>Kernel and bias of a convolution, initialised as libtorch does it.</summary>
    public abstract class Convolution : nn.Module<Tensor, Tensor>
    {
        private protected readonly long inputChannels;

        private protected Convolution(string name, long inputChannels, long[] kernelShape, long outputChannels, bool bias, Device? device, ScalarType? dtype)
            : base(name)
        {
            this.inputChannels = inputChannels;
            register_parameter("weight", Initial.Kernel(kernelShape, device, dtype));
            if (bias) register_parameter("bias", Initial.Bias(outputChannels, get_parameter("weight")!, device, dtype));
        }

        public Parameter? weight
        {
            get => get_parameter("weight");
            set => ConditionallyRegisterParameter("weight", value ?? throw new ArgumentNullException(nameof(value), "weight cannot be set to 'null'"));
        }

        public Parameter? bias
        {
            get => get_parameter("bias");
            set => ConditionallyRegisterParameter("bias", value ?? throw new ArgumentNullException(nameof(value), "bias cannot be set to 'null'"));
        }

        private protected void CheckInput(Tensor input, string name)
        {
            var shape = input.shape;
            if (shape.Length is not (3 or 4) || shape[^3] != inputChannels)
                throw new ArgumentException($"Expected 3D (unbatched) or 4D (batched) input with {inputChannels} channels to {name}.");
        }
    }

    public sealed class Conv2d : Convolution
    {
        private readonly long[] stride, padding, dilation;
        private readonly PaddingModes mode;
        private readonly long groups;

        internal Conv2d(long inputs, long outputs, (long, long) kernel, (long, long) stride, (long, long) padding, (long, long) dilation,
            PaddingModes mode, long groups, bool bias, Device? device, ScalarType? dtype)
            : base(nameof(Conv2d), inputs, [outputs, inputs / groups, kernel.Item1, kernel.Item2], outputs, bias, device, dtype)
        {
            this.stride = [stride.Item1, stride.Item2];
            this.padding = [padding.Item1, padding.Item2];
            this.dilation = [dilation.Item1, dilation.Item2];
            (this.mode, this.groups) = (mode, groups);
        }

        public override Tensor forward(Tensor input)
        {
            CheckInput(input, nameof(Conv2d));
            if (mode == PaddingModes.Zeros) return nn.functional.conv2d(input, weight!, bias, stride, padding, dilation, groups);
            using var padded = nn.functional.pad(input, [padding[1], padding[1], padding[0], padding[0]], mode);
            return nn.functional.conv2d(padded, weight!, bias, stride, [0, 0], dilation, groups);
        }
    }

    public sealed class ConvTranspose2d : Convolution
    {
        private readonly long stride, padding, outputPadding, dilation, groups;

        internal ConvTranspose2d(long inputs, long outputs, long kernel, long stride, long padding, long outputPadding, long dilation,
            long groups, bool bias, Device? device, ScalarType? dtype)
            : base(nameof(ConvTranspose2d), inputs, [inputs, outputs / groups, kernel, kernel], outputs, bias, device, dtype) =>
            (this.stride, this.padding, this.outputPadding, this.dilation, this.groups) = (stride, padding, outputPadding, dilation, groups);

        public override Tensor forward(Tensor input)
        {
            CheckInput(input, nameof(ConvTranspose2d));
            return nn.functional.conv_transpose2d(input, weight!, bias, [stride, stride], [padding, padding], [outputPadding, outputPadding],
                [dilation, dilation], groups);
        }
    }
}
