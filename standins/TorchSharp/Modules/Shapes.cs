using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static Flatten Flatten(long startDim = 1, long endDim = -1) => new(startDim, endDim);
            public static Unflatten Unflatten(long dim, long[] unflattenedSize) => new(dim, unflattenedSize);
            public static Identity Identity() => new();
            public static Dropout Dropout(double p = 0.5, bool inplace = false) => new(p, inplace);
        }
    }
}

namespace TorchSharp.Modules
{
    public sealed class Flatten : nn.Module<Tensor, Tensor>
    {
        private readonly long start, end;

        internal Flatten(long start, long end) : base(nameof(Flatten)) => (this.start, this.end) = (start, end);

        public override Tensor forward(Tensor tensor) => tensor.flatten(start, end);
    }

    public sealed class Unflatten : nn.Module<Tensor, Tensor>
    {
        private readonly long dim;
        private readonly long[] sizes;

        internal Unflatten(long dim, long[] sizes) : base(nameof(Unflatten)) => (this.dim, this.sizes) = (dim, sizes);

        public override Tensor forward(Tensor tensor) => tensor.unflatten(dim, sizes);
    }

    /// <summary>Gives another handle of its input, so that both can be disposed.</summary>
    public sealed class Identity : nn.Module<Tensor, Tensor>
    {
        internal Identity() : base(nameof(Identity)) { }

        public override Tensor forward(Tensor tensor) => tensor.alias();
    }

    public sealed class Dropout : nn.Module<Tensor, Tensor>
    {
        private readonly double p;
        private readonly bool inplace;

        internal Dropout(double p, bool inplace) : base(nameof(Dropout)) => (this.p, this.inplace) = (p, inplace);

        public override Tensor forward(Tensor tensor) => nn.functional.dropout(tensor, p, training, inplace);
    }
}
