using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public static IDisposable no_grad() => new GradMode(false);
    public static IDisposable enable_grad(bool enabled = true) => new GradMode(enabled);
    public static IDisposable set_grad_enabled(bool mode = true) => new GradMode(mode);
    public static bool is_grad_enabled() => Shim.ts_grad_mode() != 0;

    public static unsafe class autograd
    {
        /// <summary>
        /// Gradients of the sum of <paramref name="outputs"/>. create_graph does not imply retain_graph. With allow_unused the gradient of an
        /// input that has no part in the outputs is an invalid tensor, not null.
        /// </summary>
        public static IList<Tensor> grad(IList<Tensor> outputs, IList<Tensor> inputs, IList<Tensor>? grad_outputs = null,
            bool retain_graph = false, bool create_graph = false, bool allow_unused = false)
        {
            nint[] from = Handles(outputs), to = Handles(inputs), weights = Handles(grad_outputs), gradients = new nint[inputs.Count];
            fixed (nint* o = from, i = to, g = weights, r = gradients)
            {
                Shim.Check(Shim.ts_autograd_grad(o, from.Length, i, to.Length, g, weights.Length,
                    retain_graph ? 1 : 0, create_graph ? 1 : 0, allow_unused ? 1 : 0, r));
            }
            KeepAlive(outputs, inputs, grad_outputs);
            return Array.ConvertAll(gradients, handle => new Tensor(handle)).ToList();
        }

        public static void backward(IList<Tensor> tensors, IList<Tensor>? grad_tensors = null, bool? retain_graph = null,
            bool create_graph = false, IList<Tensor>? inputs = null)
        {
            nint[] from = Handles(tensors), weights = Handles(grad_tensors), to = Handles(inputs);
            fixed (nint* o = from, g = weights, i = to)
            {
                Shim.Check(Shim.ts_autograd_backward(o, from.Length, g, weights.Length,
                    (retain_graph ?? create_graph) ? 1 : 0, create_graph ? 1 : 0, i, to.Length));
            }
            KeepAlive(tensors, grad_tensors, inputs);
        }

        private static nint[] Handles(IList<Tensor>? tensors) => tensors is null ? [] : [.. tensors.Select(t => t.Handle)];

        private static void KeepAlive(params ReadOnlySpan<IList<Tensor>?> lists)
        {
            foreach (var list in lists)
            {
                foreach (var tensor in list ?? []) GC.KeepAlive(tensor);
            }
        }
    }

    /// <summary>Sets whether operations of this thread are recorded, until disposed (on the same thread).</summary>
    private sealed class GradMode : IDisposable
    {
        private readonly bool before = is_grad_enabled();

        internal GradMode(bool enabled) => Shim.ts_set_grad_mode(enabled ? 1 : 0);

        public void Dispose() => Shim.ts_set_grad_mode(before ? 1 : 0);
    }
}
