using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static MaxPool2d MaxPool2d(long kernelSize, long? stride = null, long? padding = null, long? dilation = null,
                bool ceilMode = false) =>
                MaxPool2d((kernelSize, kernelSize), Twice(stride), Twice(padding), Twice(dilation), ceilMode);

            public static MaxPool2d MaxPool2d((long, long) kernelSize, (long, long)? stride = null, (long, long)? padding = null,
                (long, long)? dilation = null, bool ceilMode = false) => new(kernelSize, stride, padding, dilation, ceilMode);

            public static AvgPool2d AvgPool2d(long kernel_size, long? stride = null, long? padding = null, bool ceil_mode = false,
                bool count_include_pad = true, long? divisor_override = null) =>
                AvgPool2d((kernel_size, kernel_size), Twice(stride), Twice(padding), ceil_mode, count_include_pad, divisor_override);

            public static AvgPool2d AvgPool2d((long, long) kernel_size, (long, long)? stride = null, (long, long)? padding = null,
                bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null) =>
                new(kernel_size, stride ?? kernel_size, padding ?? (0, 0), ceil_mode, count_include_pad, divisor_override);

            public static AdaptiveAvgPool2d AdaptiveAvgPool2d(long[] outputSize) => new(outputSize);
            public static AdaptiveAvgPool2d AdaptiveAvgPool2d((long, long) outputSize) => new([outputSize.Item1, outputSize.Item2]);
            public static AdaptiveAvgPool2d AdaptiveAvgPool2d(long outputSize) => new([outputSize, outputSize]);

            private static (long, long)? Twice(long? value) => value is { } number ? (number, number) : null;
        }
    }
}

namespace TorchSharp.Modules
{
    public sealed class MaxPool2d : nn.Module<Tensor, Tensor>
    {
        private readonly (long, long) kernel;
        private readonly (long, long)? stride, padding, dilation;
        private readonly bool ceil;

        internal MaxPool2d((long, long) kernel, (long, long)? stride,
            (long, long)? padding, (long, long)? dilation, bool ceil) : base(nameof(MaxPool2d)) =>
            (this.kernel, this.stride, this.padding, this.dilation, this.ceil) = (kernel, stride, padding, dilation, ceil);

        public override Tensor forward(Tensor tensor) => nn.functional.max_pool2d(tensor, kernel, stride, padding, dilation, ceil);
    }

    public sealed class AvgPool2d : nn.Module<Tensor, Tensor>
    {
        private readonly (long, long) kernel, stride, padding;
        private readonly bool ceil, countPadding;
        private readonly long? divisor;

        internal AvgPool2d((long, long) kernel, (long, long) stride, (long, long) padding, bool ceil, bool countPadding, long? divisor)
            : base(nameof(AvgPool2d)) =>
            (this.kernel, this.stride, this.padding, this.ceil, this.countPadding, this.divisor) = (kernel, stride, padding, ceil, countPadding, divisor);

        public override Tensor forward(Tensor tensor) => Native.Operators.Call("avg_pool2d", tensor, Both(kernel), Both(stride), Both(padding), ceil,
            countPadding, divisor);

        private static long[] Both((long, long) pair) => [pair.Item1, pair.Item2];
    }

    public sealed class AdaptiveAvgPool2d : nn.Module<Tensor, Tensor>
    {
        private readonly long[] size;

        internal AdaptiveAvgPool2d(long[] size) : base(nameof(AdaptiveAvgPool2d)) => this.size = size;

        public override Tensor forward(Tensor tensor) => nn.functional.adaptive_avg_pool2d(tensor, size);
    }
}
