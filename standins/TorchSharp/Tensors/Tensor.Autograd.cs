using TorchSharp.Native;
using static TorchSharp.Native.Operators;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public bool requires_grad
        {
            get => Describe().RequiresGrad != 0;
            set
            {
                Shim.Check(Shim.ts_set_requires_grad(Handle, value ? 1 : 0));
                GC.KeepAlive(this);
            }
        }

        public Tensor requires_grad_(bool requires_grad = true)
        {
            // Most results ask for nothing; spare them the call.
            if (requires_grad || this.requires_grad) this.requires_grad = requires_grad;
            return this;
        }

        public Tensor with_requires_grad(bool requires_grad = true)
        {
            this.requires_grad = requires_grad;
            return this;
        }

        public Tensor detach() => Call("detach", this);
        public Tensor detach_() => CallInPlace("detach_", this);
        public void retain_grad() => Call("retain_grad", this);

        /// <summary>The accumulated gradient (a new handle each time), or null.</summary>
        public Tensor? grad
        {
            get
            {
                var gradient = Shim.ts_grad(Handle);
                GC.KeepAlive(this);
                return gradient == 0 ? null : new Tensor(gradient);
            }
            set
            {
                Shim.Check(Shim.ts_set_grad(Handle, value?.Handle ?? 0));
                GC.KeepAlive(this);
                GC.KeepAlive(value);
            }
        }

        public void backward() => autograd.backward([this]);

        public void backward(IList<Tensor>? grad_tensors = null, bool create_graph = false, bool retain_graph = false, IList<Tensor>? inputs = null) =>
            autograd.backward([this], grad_tensors, retain_graph, create_graph, inputs);
    }
}
