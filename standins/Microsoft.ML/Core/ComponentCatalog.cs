using System.Reflection;

namespace Microsoft.ML.Runtime;

/// <summary>What can be made by name: loadable classes (<see cref="LoadableClassAttribute"/>) and extensions (<see cref="ExtensionBaseAttribute"/>).</summary>
public sealed class ComponentCatalog
{
    private readonly object _gate = new();
    private readonly HashSet<string> _assemblies = [];
    private readonly Dictionary<(string Name, Type Signature), LoadableClass> _classes = [];
    private readonly Dictionary<(Type Attribute, string Contract), Type> _extensions = [];

    internal ComponentCatalog()
    {
    }

    /// <summary>Adds the loadable classes and extensions of an assembly; a second time does nothing.</summary>
    public void RegisterAssembly(Assembly assembly, bool throwOnError = true)
    {
        lock (_gate)
        {
            if (!_assemblies.Add(assembly.FullName))
                return;
            foreach (var attribute in assembly.GetCustomAttributes<LoadableClassAttribute>())
                AddClass(attribute, throwOnError);
            foreach (var type in assembly.GetTypes().Where(type => type.IsClass))
            {
                foreach (var attribute in type.GetCustomAttributes<ExtensionBaseAttribute>())
                    AddExtension(attribute, type, throwOnError);
            }
        }
    }

    /// <summary>Makes the class registered as <paramref name="name"/> for the signature <typeparamref name="TSig"/>; false where there is none.</summary>
    internal bool TryCreateInstance<TRes, TSig>(IHostEnvironment env, out TRes result, string name, object[] extra)
        where TRes : class
    {
        LoadableClass loadable;
        lock (_gate)
        {
            if (!_classes.TryGetValue((name.Trim().ToLowerInvariant(), typeof(TSig)), out loadable))
            {
                result = null;
                return false;
            }
        }

        result = (TRes)loadable.Create(env, extra);
        return true;
    }

    internal object GetExtensionValue(IHostEnvironment env, Type attributeType, string contractName)
    {
        lock (_gate)
        {
            if (_extensions.TryGetValue((attributeType, contractName), out var type))
                return Activator.CreateInstance(type);
        }

        throw env.Except($"Unable to locate an extension for the contract '{contractName}'. Ensure you have called " +
            $"{nameof(ComponentCatalog)}.{nameof(RegisterAssembly)} with the Assembly that contains it.");
    }

    private void AddClass(LoadableClassAttribute attribute, bool throwOnError)
    {
        var loadable = LoadableClass.CreateOrNull(attribute);
        if (loadable == null)
        {
            if (throwOnError)
            {
                throw Contracts.Except(
                    $"Can't instantiate loadable class '{attribute.InstanceType.Name}' with name '{attribute.LoadNames[0]}'");
            }

            return;
        }

        foreach (string name in attribute.LoadNames)
        {
            var key = (name.ToLowerInvariant(), attribute.SigTypes[0]);
            if (!_classes.TryAdd(key, loadable) && throwOnError)
            {
                throw Contracts.Except($"ComponentCatalog cannot map name '{name}' and SignatureType '{key.Item2}' to " +
                    $"{attribute.InstanceType.Name}, already mapped to {_classes[key].InstanceType.Name}.");
            }
        }
    }

    private void AddExtension(ExtensionBaseAttribute attribute, Type type, bool throwOnError)
    {
        if (!_extensions.TryAdd((attribute.GetType(), attribute.ContractName), type) && throwOnError)
        {
            throw Contracts.Except($"An extension for '{attribute.GetType().Name}' with contract '{attribute.ContractName}' " +
                "has already been registered in the ComponentCatalog.");
        }
    }
}
