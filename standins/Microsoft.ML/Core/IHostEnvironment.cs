namespace Microsoft.ML.Runtime;

/// <summary>Starts channels for messages.</summary>
public interface IChannelProvider : IExceptionContext
{
    IChannel Start(string name);

    IPipe<TMessage> StartPipe<TMessage>(string name);
}

/// <summary>The environment that components live in: channels, progress, component catalog, and hosts for sub-components.</summary>
public interface IHostEnvironment : IChannelProvider, IProgressChannelProvider
{
    ComponentCatalog ComponentCatalog { get; }

    IHost Register(string name, int? seed = null, bool? verbose = null);
}

/// <summary>The environment of one component, with its own random generator.</summary>
public interface IHost : IHostEnvironment
{
    Random Rand { get; }
}

internal interface ICancelable
{
    bool IsCanceled { get; }

    void CancelExecution();
}

/// <summary>What the library's own components may know of their environment.</summary>
internal interface IHostEnvironmentInternal : IHostEnvironment
{
    int? Seed { get; }

    string TempFilePath { get; set; }

    bool FallbackToCpu { get; set; }

    int? GpuDeviceId { get; set; }
}
