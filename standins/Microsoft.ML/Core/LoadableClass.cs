using System.Reflection;

namespace Microsoft.ML.Runtime;

/// <summary>A class that the catalog can make: by a static Create that returns exactly the instance type, or by a constructor.</summary>
internal sealed class LoadableClass
{
    private const BindingFlags Any = BindingFlags.Public | BindingFlags.NonPublic;
    private readonly MethodBase _maker;
    private readonly bool _wantsEnvironment;

    private LoadableClass(Type instanceType, MethodBase maker, bool wantsEnvironment)
    {
        InstanceType = instanceType;
        _maker = maker;
        _wantsEnvironment = wantsEnvironment;
    }

    public Type InstanceType { get; }

    public static LoadableClass CreateOrNull(LoadableClassAttribute attribute)
    {
        var types = attribute.SigTypes[0].GetMethod("Invoke")!.GetParameters().Select(parameter => parameter.ParameterType);
        if (attribute.ArgType != null)
            types = types.Prepend(attribute.ArgType);
        Type[] plain = types.ToArray();
        Type[] withEnvironment = [typeof(IHostEnvironment), .. plain];
        return Find(attribute, plain, false) ?? Find(attribute, withEnvironment, true);
    }

    public object Create(IHostEnvironment env, object[] extra)
    {
        object[] arguments = _wantsEnvironment ? [env, .. extra] : extra;
        try
        {
            return _maker is ConstructorInfo constructor ? constructor.Invoke(arguments) : _maker.Invoke(null, arguments);
        }
        catch (TargetInvocationException ex) when (ex.InnerException.IsMarked())
        {
            throw Contracts.Except(ex, "Error during class instantiation");
        }
    }

    private static LoadableClass Find(LoadableClassAttribute attribute, Type[] types, bool wantsEnvironment)
    {
        var create = attribute.LoaderType.GetMethod("Create", Any | BindingFlags.Static, types);
        if (create != null && create.ReturnType == attribute.InstanceType)
            return new(attribute.InstanceType, create, wantsEnvironment);
        var constructor = attribute.InstanceType.IsAssignableFrom(attribute.LoaderType)
            ? attribute.LoaderType.GetConstructor(Any | BindingFlags.Instance, types)
            : null;
        return constructor == null ? null : new(attribute.InstanceType, constructor, wantsEnvironment);
    }
}
