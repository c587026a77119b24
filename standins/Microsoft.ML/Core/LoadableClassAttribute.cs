using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>
/// Tells the component catalog that <see cref="LoaderType"/> (through a static Create or a constructor) makes instances of
/// <see cref="InstanceType"/> when a signature of one of <see cref="SigTypes"/> is loaded under one of <see cref="LoadNames"/>.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
internal sealed class LoadableClassAttribute : Attribute
{
    public LoadableClassAttribute(Type instType, Type argType, Type sigType, string userName, params string[] loadNames)
        : this(null, instType, instType, argType, sigType, userName, loadNames)
    {
    }

    public LoadableClassAttribute(Type instType, Type loaderType, Type argType, Type sigType, string userName, params string[] loadNames)
        : this(null, instType, loaderType, argType, sigType, userName, loadNames)
    {
    }

    public LoadableClassAttribute(string summary, Type instType, Type argType, Type sigType, string userName, params string[] loadNames)
        : this(summary, instType, instType, argType, sigType, userName, loadNames)
    {
    }

    public LoadableClassAttribute(
        string summary, Type instType, Type loaderType, Type argType, Type sigType, string userName, params string[] loadNames)
    {
        Contracts.CheckValue(instType, nameof(instType));
        Contracts.CheckValue(loaderType, nameof(loaderType));
        Contracts.CheckValue(sigType, nameof(sigType));
        Contracts.CheckParam(typeof(MulticastDelegate).IsAssignableFrom(sigType), nameof(sigType), "LoadableClass signature type must be a delegate type");
        Summary = summary;
        InstanceType = instType;
        LoaderType = loaderType;
        ArgType = argType;
        SigTypes = [sigType];
        UserName = userName;
        LoadNames = loadNames is { Length: > 0 } ? loadNames : [userName];
        Contracts.CheckParam(!LoadNames.Any(string.IsNullOrWhiteSpace), nameof(loadNames), "LoadableClass loadName parameter can't be empty");
    }

    public Type InstanceType { get; }

    public Type LoaderType { get; }

    public Type ArgType { get; }

    public Type[] SigTypes { get; }

    public string Summary { get; }

    public string UserName { get; }

    public string[] LoadNames { get; }
}
