using System.Collections;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static ModuleList<Module> ModuleList(params Module[] modules) => new(modules);
            public static ModuleList<T> ModuleList<T>(params T[] modules) where T : Module => new(modules);
            public static ModuleDict<T> ModuleDict<T>(params (string, T)[] modules) where T : Module
            {
                var result = new ModuleDict<T>();
                foreach (var (key, module) in modules) result.Add(key, module);
                return result;
            }
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>Modules by number. They are registered, under "0", "1" and so on, when the list becomes part of another module.</summary>
    public class ModuleList<T> : nn.Module, IList<T> where T : nn.Module
    {
        private readonly List<T> list = [];
        private bool registered;

        public ModuleList(params T[] modules) : base(nameof(ModuleList<T>)) => list.AddRange(modules);

        public int Count => list.Count;
        public bool IsReadOnly => false;

        public T this[int index]
        {
            get => list[index];
            set => list[index] = value;
        }

        public void Add(T item) => list.Add(item);
        public void append(params T[] parameters) => list.AddRange(parameters);
        public void extend(IEnumerable<T> modules) => list.AddRange(modules);
        public void Clear() => list.Clear();
        public bool Contains(T item) => list.Contains(item);
        public void CopyTo(T[] array, int arrayIndex) => list.CopyTo(array, arrayIndex);
        public int IndexOf(T item) => list.IndexOf(item);
        public void Insert(int index, T item) => list.Insert(index, item);
        public bool Remove(T item) => list.Remove(item);
        public void RemoveAt(int index) => list.RemoveAt(index);
        public IEnumerator<T> GetEnumerator() => list.GetEnumerator();
        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        protected override void RegisterComponents()
        {
            if (registered) return;
            for (var i = 0; i < list.Count; i++) register_module(i.ToString(), list[i]);
            registered = true;
        }
    }

    /// <summary>Modules by name, registered when the dictionary becomes part of another module.</summary>
    public class ModuleDict<T> : nn.Module, IEnumerable<(string, T)> where T : nn.Module
    {
        private readonly OrderedDictionary<string, T> items = [];
        private bool registered;

        public ModuleDict() : base(nameof(ModuleDict<T>)) { }

        public int Count => items.Count;
        public ICollection<string> Keys => items.Keys;
        public ICollection<T> Values => items.Values;

        public T this[string key]
        {
            get => items[key];
            set => items[key] = value;
        }

        public void Add(string key, T value) => items.Add(key, value);
        public void Add((string, T) item) => items.Add(item.Item1, item.Item2);
        public bool ContainsKey(string key) => items.ContainsKey(key);
        public IEnumerator<(string, T)> GetEnumerator() => items.Select(it => (it.Key, it.Value)).GetEnumerator();
        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        protected override void RegisterComponents()
        {
            if (registered) return;
            foreach (var (key, module) in items) register_module(key, module);
            registered = true;
        }
    }
}
