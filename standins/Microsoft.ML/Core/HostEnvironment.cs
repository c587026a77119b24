using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>The environment behind <see cref="MLContext"/>, and each host registered below it.</summary>
internal class HostEnvironment : IHostEnvironmentInternal, ICancelable
{
    private readonly object _gate = new();
    private readonly List<WeakReference<Host>> _children = [];
    private readonly HostEnvironment _parent;
    private readonly MessageHub _hub;
    private readonly Random _rand;

    public HostEnvironment(int? seed)
    {
        Seed = seed;
        FallbackToCpu = true;
        _rand = seed is int value ? new Random(value) : new Random();
        _hub = new MessageHub();
        ComponentCatalog = new ComponentCatalog();
        TempFilePath = Path.GetTempPath();
    }

    private HostEnvironment(HostEnvironment parent, string shortName, string parentFullName, Random rand)
    {
        _parent = parent;
        _rand = rand;
        _hub = parent._hub;
        ShortName = shortName;
        FullName = parentFullName == null ? shortName : $"{parentFullName}; {shortName}";
        Seed = parent.Seed;
        FallbackToCpu = parent.FallbackToCpu;
        GpuDeviceId = parent.GpuDeviceId;
        TempFilePath = parent.TempFilePath;
        ComponentCatalog = parent.ComponentCatalog;
        IsCanceled = parent.IsCanceled;
    }

    public ComponentCatalog ComponentCatalog { get; }

    public int? Seed { get; }

    public string TempFilePath { get; set; }

    public bool FallbackToCpu { get; set; }

    public int? GpuDeviceId { get; set; }

    public bool IsCanceled { get; private set; }

    public string ShortName { get; }

    public string FullName { get; }

    public string ContextDescription => "HostEnvironment";

    public void AddListener(Action<string, ChannelMessage> listener) => _hub.AddListener(listener);

    public IHost Register(string name, int? seed = null, bool? verbose = null)
    {
        Contracts.CheckNonEmpty(name, nameof(name));
        lock (_gate)
        {
            _children.RemoveAll(child => !child.TryGetTarget(out _));
            var host = new Host(this, name, _parent?.FullName, new Random(seed ?? _rand.Next()));
            _children.Add(new(host));
            return host;
        }
    }

    public void CancelExecution()
    {
        lock (_gate)
        {
            IsCanceled = true;
            foreach (var child in _children)
            {
                if (child.TryGetTarget(out var host))
                    host.CancelExecution();
            }

            _children.Clear();
        }
    }

    public IChannel Start(string name) => new MessageChannel(this, Contracts.CheckNonEmpty(name, nameof(name)), _hub);

    public IPipe<TMessage> StartPipe<TMessage>(string name) => new Pipe<TMessage>(this, Contracts.CheckNonEmpty(name, nameof(name)), _hub);

    public IProgressChannel StartProgressChannel(string name) => new ProgressChannel(this, Contracts.CheckNonEmpty(name, nameof(name)));

    public TException Process<TException>(TException ex)
        where TException : Exception
    {
        ex.Data["Throwing component"] = "Environment";
        return Contracts.Mark(ex);
    }

    private sealed class Host : HostEnvironment, IHost
    {
        public Host(HostEnvironment parent, string shortName, string parentFullName, Random rand)
            : base(parent, shortName, parentFullName, rand)
        {
        }

        public Random Rand => _rand;
    }
}
