using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>The entry to everything: the catalogs of data operations, transforms, trainers and models, and what they share.</summary>
public sealed class MLContext : IHostEnvironmentInternal
{
    private readonly HostEnvironment _env;

    public MLContext(int? seed = null)
    {
        _env = new HostEnvironment(seed);
        _env.AddListener((source, message) => Log?.Invoke(this, new LoggingEventArgs(message.Message, message.Kind, source)));
        MulticlassClassification = new MulticlassClassificationCatalog(_env);
        Transforms = new TransformsCatalog(_env);
        Model = new ModelOperationsCatalog(_env);
        Data = new DataOperationsCatalog(_env);
    }

    public event EventHandler<LoggingEventArgs> Log;

    public MulticlassClassificationCatalog MulticlassClassification { get; }

    public TransformsCatalog Transforms { get; }

    public ModelOperationsCatalog Model { get; }

    public DataOperationsCatalog Data { get; }

    public ComponentCatalog ComponentCatalog => _env.ComponentCatalog;

    /// <summary>The folder for temporary files.</summary>
    public string TempFilePath
    {
        get => _env.TempFilePath;
        set => _env.TempFilePath = value;
    }

    /// <summary>Whether work meant for a GPU may run on the CPU where there is no GPU.</summary>
    public bool FallbackToCpu
    {
        get => _env.FallbackToCpu;
        set => _env.FallbackToCpu = value;
    }

    /// <summary>The GPU to run on; null means the CPU.</summary>
    public int? GpuDeviceId
    {
        get => _env.GpuDeviceId;
        set => _env.GpuDeviceId = value;
    }

    string IExceptionContext.ContextDescription => _env.ContextDescription;

    int? IHostEnvironmentInternal.Seed => _env.Seed;

    TException IExceptionContext.Process<TException>(TException ex) => _env.Process(ex);

    IHost IHostEnvironment.Register(string name, int? seed, bool? verbose) => _env.Register(name, seed, verbose);

    IChannel IChannelProvider.Start(string name) => _env.Start(name);

    IPipe<TMessage> IChannelProvider.StartPipe<TMessage>(string name) => _env.StartPipe<TMessage>(name);

    IProgressChannel IProgressChannelProvider.StartProgressChannel(string name) => _env.StartProgressChannel(name);

    internal void CancelExecution() => _env.CancelExecution();
}
