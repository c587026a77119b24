using TorchSharp.Native;
using TorchSharp.Utils;
using static TorchSharp.Native.Operators;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>Access to the elements where they lie (on the CPU; of a copy otherwise). T must be the exact type of the elements.</summary>
        public TensorAccessor<T> data<T>() where T : unmanaged
        {
            ValidateType(typeof(T));
            return new TensorAccessor<T>(is_cpu() ? this : cpu());
        }

        public T item<T>() where T : unmanaged
        {
            if (NumberOfElements != 1) throw new ArgumentException("Number of elements in the tensor must be 1");
            return data<T>()[0];
        }

        public Scalar ToScalar() => new(CallValue("_local_scalar_dense", Single()));

        /// <summary>The elements as raw bytes, in place; contiguous CPU tensors only. Valid while the tensor lives.</summary>
        public unsafe Span<byte> bytes
        {
            get
            {
                var length = NumberOfElements * ElementSize;
                RequireContiguousCpu();
                if (length > int.MaxValue) throw new ArgumentException("Span only supports up to int.MaxValue elements.");
                return new Span<byte>((void*)DataPointer, (int)length);
            }
            set
            {
                if (!is_contiguous()) throw new InvalidOperationException("SetBytes() called on non-contiguous tensor.");
                if (NumberOfElements * ElementSize != value.Length) throw new ArgumentException("Mismatched data sizes in SetBytes().");
                value.CopyTo(bytes);
            }
        }

        internal void WriteBytesToStream(Stream stream) =>
            ForEachChunk(1 << 16, chunk => stream.Write(chunk));

        internal void ReadBytesFromStream(Stream stream) =>
            ForEachChunk(1 << 16, stream.ReadExactly);

        /// <summary>Reads a tensor that <see cref="TensorExtensionMethods.Save(Tensor, BinaryWriter)"/> wrote.</summary>
        internal static Tensor Load(BinaryReader reader)
        {
            var (type, shape) = TensorExtensionMethods.ReadHeader(reader);
            var loaded = empty(shape, type);
            loaded.ReadBytesFromStream(reader.BaseStream);
            return loaded;
        }

        /// <summary>Address of the first element. Valid while the tensor lives.</summary>
        internal nint DataPointer
        {
            get
            {
                if (NumberOfElements == 0) return 0;
                var pointer = Shim.Check(Shim.ts_data(Handle));
                GC.KeepAlive(this);
                return pointer;
            }
        }

        internal void ValidateType(Type type)
        {
            var mine = dtype;
            if (mine == ScalarType.BFloat16) throw new ArgumentException($"No support for {mine} in TorchSharp");
            if (ScalarTypeOf(type) != mine) throw new ArgumentException($"{type.Name} is not compatible with {mine}");
        }

        private delegate void ChunkAction(Span<byte> chunk);

        private unsafe void ForEachChunk(int size, ChunkAction action)
        {
            RequireContiguousCpu();
            var left = NumberOfElements * ElementSize;
            for (var start = (byte*)DataPointer; left > 0; start += size, left -= size)
                action(new Span<byte>(start, (int)Math.Min(size, left)));
            GC.KeepAlive(this);
        }

        private void RequireContiguousCpu()
        {
            if (!is_contiguous()) throw new InvalidOperationException("Bytes() called on non-contiguous tensor.");
            if (!is_cpu())
                throw new InvalidOperationException(
                    "Reading data from non-CPU memory is not supported. Move or copy the tensor to the cpu before reading.");
        }

        /// <summary>This tensor, checked to have one element.</summary>
        private Tensor Single()
        {
            var count = NumberOfElements;
            if (count != 1)
                throw new System.Runtime.InteropServices.ExternalException($"a Tensor with {count} elements cannot be converted to Scalar");
            return this;
        }
    }
}
