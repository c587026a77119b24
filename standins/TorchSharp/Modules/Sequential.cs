using System.Runtime.CompilerServices;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static Sequential Sequential() => new();
            public static Sequential Sequential(params (string name, Module<Tensor, Tensor> submodule)[] modules) => new(modules);
            public static Sequential Sequential(params Module<Tensor, Tensor>[] modules) => new(modules);
            public static Sequential Sequential(IEnumerable<(string name, Module<Tensor, Tensor> submodule)> modules) => new(modules.ToArray());
            public static Sequential Sequential(IEnumerable<Module<Tensor, Tensor>> modules) => new(modules.ToArray());
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>
    /// Modules one after the other. What passes between two of them is disposed as soon as the next is done with it. train and eval go to
    /// the parts; the container's own training flag stays as it was, as in the original.
    /// </summary>
    public class Sequential : nn.Module<Tensor, Tensor>
    {
        private readonly List<(string Name, nn.IModule<Tensor, Tensor> Module)> parts = [];

        internal Sequential() : base(nameof(Sequential)) { }

        protected internal Sequential(params (string name, nn.Module<Tensor, Tensor> submodule)[] modules) : this()
        {
            foreach (var (name, submodule) in modules) append(name, submodule);
        }

        protected internal Sequential(params nn.Module<Tensor, Tensor>[] modules) : this()
        {
            foreach (var module in modules) append(module);
        }

        public int Count => parts.Count;

        [IndexerName("SequentialItems")]
        public nn.IModule<Tensor, Tensor> this[int index] => parts[index].Module;

        [IndexerName("SequentialItems")]
        public Sequential this[(int? start, int? end) index]
        {
            get
            {
                int start = index.start ?? 0, end = index.end ?? Count;
                if (start < 0 || start > Count) throw new IndexOutOfRangeException($"{start} is not a valid index.");
                if (end < 0 || end > Count) throw new IndexOutOfRangeException($"{end} is not a valid index.");
                var slice = new Sequential();
                for (var i = start; i < end; i++) slice.append(parts[i].Name, parts[i].Module);
                return slice;
            }
        }

        [IndexerName("SequentialItems")]
        public Sequential this[Range index] => this[(index.Start.GetOffset(Count), index.End.GetOffset(Count))];

        public Sequential append(nn.IModule<Tensor, Tensor> module) => append(Count.ToString(), module);

        public Sequential append(string name, nn.IModule<Tensor, Tensor> module)
        {
            parts.Add((name, module));
            return this;
        }

        public override Tensor forward(Tensor tensor)
        {
            if (parts.Count == 0) return tensor.alias();
            var current = parts[0].Module.call(tensor);
            for (var i = 1; i < parts.Count; i++)
            {
                var next = parts[i].Module.call(current);
                current.Dispose();
                current = next;
            }
            return current;
        }

        public override IEnumerable<(string name, nn.Module module)> named_children() => parts.Select(part => (part.Name, (nn.Module)part.Module));

        public override IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true)
        {
            var seen = new HashSet<nint> { 0 };
            foreach (var (prefix, child) in recurse ? named_children() : [])
            {
                foreach (var (key, parameter) in child.named_parameters(true))
                {
                    if (seen.Add(parameter.handle)) yield return ($"{prefix}.{key}", parameter);
                }
            }
        }

        public override IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true, bool include_persistent = true)
        {
            var seen = new HashSet<nint> { 0 };
            foreach (var (prefix, child) in recurse ? named_children() : [])
            {
                foreach (var (key, buffer) in child.named_buffers(true, include_persistent))
                {
                    if (seen.Add(buffer.handle)) yield return ($"{prefix}.{key}", buffer);
                }
            }
        }

        public override void train(bool on = true)
        {
            foreach (var (_, child) in named_children()) child.train(on);
        }

        public override void eval()
        {
            foreach (var (_, child) in named_children()) child.eval();
        }
    }
}
