using System.Reflection;
using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>
        /// A piece of network: named parameters, buffers and sub-modules. A derived class assigns them to fields and calls
        /// <see cref="RegisterComponents"/> at the end of its constructor.
        /// </summary>
        public partial class Module : IDisposable
        {
            private readonly OrderedDictionary<string, Module> submodules = [];
            private readonly OrderedDictionary<string, Parameter> parametersByName = [];
            private readonly OrderedDictionary<string, (Tensor Tensor, bool Persistent)> buffersByName = [];
            private bool componentsRegistered, inTraining = true;
            protected string name;

            protected Module(string name) => this.name = name;

            internal bool IsDisposed { get; private set; }

            public virtual string GetName() => name;

            public virtual bool training => inTraining;

            public virtual void train(bool train = true)
            {
                inTraining = train;
                foreach (var (_, child) in named_children()) child.train(train);
            }

            public virtual void eval() => train(false);

            public virtual Module apply(Action<Module> fn)
            {
                foreach (var (_, child) in named_children()) child.apply(fn);
                fn(this);
                return this;
            }

            public virtual void zero_grad(bool set_to_none = true)
            {
                foreach (var (_, parameter) in named_parameters())
                {
                    using var gradient = parameter.grad;
                    if (gradient is null) continue;
                    if (set_to_none) parameter.grad = null;
                    else gradient.zero_();
                }
            }

            /// <summary>Parameters, buffers, sub-modules from the fields of the object; what is registered by name already stays.</summary>
            protected virtual void RegisterComponents()
            {
                if (componentsRegistered) return;
                foreach (var field in GetType().GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance))
                {
                    var known = submodules.ContainsKey(field.Name) || parametersByName.ContainsKey(field.Name) || buffersByName.ContainsKey(field.Name);
                    if (known) continue;
                    switch (field.GetValue(this))
                    {
                        case Module module: register_module(field.Name, module); break;
                        case Parameter parameter: register_parameter(field.Name, parameter); break;
                        case Tensor tensor: register_buffer(field.Name, tensor); break;
                    }
                }
                componentsRegistered = true;
            }

            public virtual void register_buffer(string name, Tensor tensor, bool persistent = true)
            {
                if (tensor is null || tensor.IsInvalid) throw new ArgumentNullException(nameof(tensor), "A null tensor cannot be registered as a buffer.");
                if (!buffersByName.TryAdd(name, (tensor, persistent))) throw new InvalidOperationException($"Tensor {name} is already registered.");
            }

            public virtual void register_parameter(string name, Parameter param)
            {
                if (param is null || param.IsInvalid) throw new ArgumentNullException(nameof(param), "A null tensor cannot be registered as a parameter.");
                if (!parametersByName.TryAdd(name, param)) throw new InvalidOperationException($"Parameter {name} is already registered.");
            }

            public void add_module(string name, Module module) => register_module(name, module);

            public virtual void register_module(string name, Module submodule)
            {
                if (submodule is null || submodule.IsDisposed)
                {
                    submodules.Remove(name);
                    return;
                }
                if (name.Contains('.')) throw new ArgumentException($"module name can't contain \".\", got: {name}");
                if (string.IsNullOrEmpty(name)) throw new ArgumentException("module name can't be empty string \"\"");
                if (submodules.ContainsKey(name)) throw new InvalidOperationException($"Sub-module {name} is already registered.");
                submodule.RegisterComponents();
                submodules.Add(name, submodule);
            }

            public virtual IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true)
            {
                var seen = new HashSet<nint> { 0 };
                foreach (var (key, parameter) in parametersByName)
                {
                    if (seen.Add(parameter.handle)) yield return (key, parameter);
                }
                if (!recurse) yield break;
                foreach (var (prefix, child) in submodules)
                {
                    foreach (var (key, parameter) in child.named_parameters(true))
                    {
                        if (seen.Add(parameter.handle)) yield return ($"{prefix}.{key}", parameter);
                    }
                }
            }

            public virtual IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true, bool include_nonpersistent = true)
            {
                var seen = new HashSet<nint> { 0 };
                foreach (var (key, (buffer, persistent)) in buffersByName)
                {
                    if (persistent && seen.Add(buffer.handle)) yield return (key, buffer);
                }
                if (!recurse) yield break;
                foreach (var (prefix, child) in submodules)
                {
                    foreach (var (key, buffer) in child.named_buffers(true, include_nonpersistent))
                    {
                        if (seen.Add(buffer.handle)) yield return ($"{prefix}.{key}", buffer);
                    }
                }
            }

            public virtual IEnumerable<(string name, Module module)> named_children() => submodules.Select(it => (it.Key, it.Value));

            public virtual IEnumerable<(string name, Module module)> named_modules()
            {
                foreach (var child in named_children()) yield return child;
                foreach (var (prefix, child) in named_children())
                {
                    foreach (var (key, module) in child.named_modules()) yield return ($"{prefix}.{key}", module);
                }
            }

            public virtual IEnumerable<Parameter> parameters(bool recurse = true) => named_parameters(recurse).Select(it => it.parameter);
            public virtual IEnumerable<Tensor> buffers(bool recurse = true, bool include_nonpersistent = true) =>
                named_buffers(recurse, include_nonpersistent).Select(it => it.buffer);
            public virtual IEnumerable<Module> modules() => named_modules().Select(it => it.module);
            public virtual IEnumerable<Module> children() => named_children().Select(it => it.module);

            public virtual bool has_parameter(string target) => get_parameter(target) is not null;
            public virtual bool has_buffer(string target) => get_buffer(target) is not null;

            public virtual Parameter? get_parameter(string target) =>
                parametersByName.TryGetValue(target, out var own) ? own : Below(target, (child, rest) => child.get_parameter(rest));

            public virtual Tensor? get_buffer(string target) =>
                buffersByName.TryGetValue(target, out var own) ? own.Tensor : Below(target, (child, rest) => child.get_buffer(rest));

            /// <summary>Replaces a parameter registered under the name, or registers it.</summary>
            protected void ConditionallyRegisterParameter(string name, Tensor? value)
            {
                if (value is null) parametersByName.Remove(name);
                else parametersByName[name] = value as Parameter ?? new Parameter(value);
            }

            protected void ConditionallyRegisterBuffer(string name, Tensor? value, bool persistent = true)
            {
                if (value is null) buffersByName.Remove(name);
                else buffersByName[name] = (value, persistent);
            }

            protected void ClearModules() => submodules.Clear();

            private protected void ReplaceParameter(string name, Parameter? value) =>
                ConditionallyRegisterParameter(name, value ?? throw new ArgumentNullException(nameof(value), $"{name} cannot be set to 'null'"));

            private protected void ReplaceBuffer(string name, Tensor? value) =>
                ConditionallyRegisterBuffer(name, value ?? throw new ArgumentNullException(nameof(value), $"{name} cannot be set to 'null'"));

            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            /// <summary>Disposes the parameters and buffers of this module and everything in it.</summary>
            protected virtual void Dispose(bool disposing)
            {
                if (!disposing || IsDisposed) return;
                IsDisposed = true;
                foreach (var (buffer, _) in buffersByName.Values) buffer.Dispose();
                foreach (var parameter in parametersByName.Values) parameter.Dispose();
                foreach (var (_, module) in named_modules().ToList()) module.Dispose();
            }

            private T? Below<T>(string target, Func<Module, string, T?> find) where T : class
            {
                var dot = target.IndexOf('.', StringComparison.Ordinal);
                if (dot < 0) return null;
                foreach (var (key, child) in named_children())
                {
                    if (key == target[..dot] && find(child, target[(dot + 1)..]) is { } found) return found;
                }
                return null;
            }
        }
    }
}
