using System.Runtime.CompilerServices;
using TorchSharp.Native;
using static TorchSharp.Native.Operators;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        [IndexerName("TensorItems")]
        public Tensor this[params TensorIndex[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        [IndexerName("TensorItems")]
        public Tensor this[params Tensor[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1]
        {
            get => select(0, i1);
            set => Assign(this[i1], value);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2]
        {
            get => index((TensorIndex)i1, i2);
            set => Assign(this[i1, i2], value);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3]
        {
            get => index((TensorIndex)i1, i2, i3);
            set => Assign(this[i1, i2, i3], value);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3, long i4]
        {
            get => index((TensorIndex)i1, i2, i3, i4);
            set => Assign(this[i1, i2, i3, i4], value);
        }

        public Tensor index(params TensorIndex[] indices)
        {
            var (view, gathered) = Resolve(indices);
            if (gathered is null) return ReferenceEquals(view, this) ? alias() : view;
            var result = Call("index.Tensor", view, Argument.OfOptional(gathered));
            Release(view, gathered, indices);
            return result;
        }

        public Tensor index(params Tensor[] indices) => index(Array.ConvertAll(indices, TensorIndex.Tensor));

        public Tensor index_put_(Tensor value, params TensorIndex[] indices)
        {
            var (view, gathered) = Resolve(indices);
            var fitted = value;
            while (fitted.Dimensions > view.Dimensions && gathered is null && fitted.shape[0] == 1)
            {
                var smaller = fitted.select(0, 0);
                if (!ReferenceEquals(fitted, value)) fitted.Dispose();
                fitted = smaller;
            }
            if (gathered is null) view.copy_(fitted);
            else CallInPlace("index_put_", view, Argument.OfOptional(gathered), fitted);
            if (!ReferenceEquals(fitted, value)) fitted.Dispose();
            Release(view, gathered, indices);
            return this;
        }

        public Tensor index_put_(Tensor value, params Tensor[] indices) => index_put_(value, Array.ConvertAll(indices, TensorIndex.Tensor));

        public Tensor index_put_(Scalar value, params TensorIndex[] indices)
        {
            using var filled = full([], value, dtype, device);
            return index_put_(filled, indices);
        }

        public Tensor index_put_(Scalar value, params Tensor[] indices) => index_put_(value, Array.ConvertAll(indices, TensorIndex.Tensor));

        private static void Assign(Tensor view, Tensor value)
        {
            using (view) view.copy_(value);
        }

        /// <summary>
        /// Applies numbers, slices and new axes as views. What is left are the index tensors by dimension of that view, null where a
        /// dimension is taken whole; no array when there are none.
        /// </summary>
        private (Tensor View, Tensor?[]? Gathered) Resolve(TensorIndex[] indices)
        {
            var given = 0L;
            foreach (var index in indices)
            {
                given += index.kind switch
                {
                    TensorIndex.Kind.Single or TensorIndex.Kind.Slice => 1,
                    TensorIndex.Kind.Tensor => index.tensor!.dtype is ScalarType.Bool or ScalarType.Byte ? index.tensor.Dimensions : 1,
                    _ => 0,
                };
            }
            var view = this;
            Tensor?[]? gathered = null;
            var at = 0L;
            foreach (var index in indices)
            {
                switch (index.kind)
                {
                    case TensorIndex.Kind.Single:
                        Step(ref view, view.select(at, index.start!.Value));
                        break;
                    case TensorIndex.Kind.Slice:
                        Step(ref view, Call("slice.Tensor", view, at++, index.start, index.stop, index.step ?? 1));
                        break;
                    case TensorIndex.Kind.NewAxis:
                        Step(ref view, view.unsqueeze(at++));
                        break;
                    case TensorIndex.Kind.Ellipsis:
                        at += Dimensions - given;
                        break;
                    case TensorIndex.Kind.Bool:
                        Step(ref view, view.unsqueeze(at));
                        Gather(at++, index.start == 1 ? zeros([1], ScalarType.Int64) : empty([0], ScalarType.Int64));
                        break;
                    default:
                        Gather(at, index.tensor!);
                        at += index.tensor!.dtype is ScalarType.Bool or ScalarType.Byte ? index.tensor.Dimensions : 1;
                        break;
                }
            }
            return (view, gathered);

            // A mask stands at its first dimension; libtorch spreads it over the ones it covers.
            void Gather(long dimension, Tensor tensor)
            {
                var masked = gathered?.Sum(t => t?.dtype is ScalarType.Bool or ScalarType.Byte ? t.Dimensions - 1 : 0) ?? 0;
                Array.Resize(ref gathered, (int)Math.Max(gathered?.Length ?? 0, dimension - masked + 1));
                gathered[dimension - masked] = tensor;
            }

            void Step(ref Tensor current, Tensor next)
            {
                if (!ReferenceEquals(current, this)) current.Dispose();
                current = next;
            }
        }

        private void Release(Tensor view, Tensor?[]? gathered, TensorIndex[] indices)
        {
            if (!ReferenceEquals(view, this)) view.Dispose();
            foreach (var tensor in gathered ?? [])
            {
                if (tensor is not null && !indices.Any(index => ReferenceEquals(index.tensor, tensor))) tensor.Dispose();
            }
        }
    }
}
