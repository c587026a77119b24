using TorchSharp.Native;
using static TorchSharp.Native.Operators;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public ScalarType dtype => (ScalarType)Describe().Dtype;
        public DeviceType device_type => (DeviceType)Describe().DeviceType;
        public int device_index => Describe().DeviceIndex;
        public Device device => Describe() is var it && it.DeviceType == 0 ? CPU : new Device((DeviceType)it.DeviceType, it.DeviceIndex);
        public bool is_cuda => device_type == DeviceType.CUDA;
        public bool is_meta => device_type == DeviceType.META;
        public bool is_cpu() => device_type == DeviceType.CPU;

        public long Dimensions => Describe().Dimensions;
        public long dim() => Dimensions;
        public long ndim => Dimensions;
        public long NumberOfElements => Describe().Elements;
        public long numel() => NumberOfElements;
        public long ElementSize => Describe().ElementSize;
        public long element_size() => ElementSize;
        public bool is_contiguous() => Describe().IsContiguous != 0;
        public bool is_leaf => Describe().IsLeaf != 0;

        public bool is_floating_point() => torch.is_floating_point(dtype);
        public bool is_integral() => torch.is_integral(dtype);
        public bool is_complex() => torch.is_complex(dtype);

        public long[] shape => Shape(false);
        public long[] size() => Shape(false);
        public long[] stride() => Shape(true);
        public long size(int dim) => Shape(false) is var sizes ? sizes[Wrap(dim, sizes.Length)] : 0;
        public long stride(int dim) => Shape(true) is var strides ? strides[Wrap(dim, strides.Length)] : 0;

        public long storage_offset()
        {
            var offset = Shim.ts_storage_offset(Handle);
            GC.KeepAlive(this);
            return offset < 0 ? throw Shim.Error() : offset;
        }

        public Tensor contiguous() => Call("contiguous", this);

        public override string ToString() =>
            IsInvalid ? "" : $"[{string.Join('x', shape)}], type = {dtype}, device = {device}";

        private unsafe Metadata Describe()
        {
            Metadata metadata;
            Shim.Check(Shim.ts_describe(Handle, &metadata));
            GC.KeepAlive(this);
            return metadata;
        }

        private unsafe long[] Shape(bool strides)
        {
            var numbers = new long[Dimensions];
            fixed (long* start = numbers) Shim.Check(Shim.ts_shape(Handle, strides ? null : start, strides ? start : null, numbers.Length));
            GC.KeepAlive(this);
            return numbers;
        }

        private static int Wrap(int dim, int dimensions)
        {
            var wrapped = dim < 0 ? dim + dimensions : dim;
            if (wrapped < 0 || wrapped >= dimensions)
                throw new System.Runtime.InteropServices.ExternalException(
                    $"Dimension out of range (expected to be in range of [{-dimensions}, {dimensions - 1}], but got {dim})");
            return wrapped;
        }
    }
}
