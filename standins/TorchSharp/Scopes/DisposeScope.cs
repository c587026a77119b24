namespace TorchSharp;

/// <summary>Disposes what was created on its thread while it was the innermost scope, except what was moved out.</summary>
public sealed class DisposeScope : IDisposable
{
    private DisposeScopeManager? manager;

    internal DisposeScope(DisposeScopeManager manager) => (this.manager, OuterScope) = (manager, manager.CurrentDisposeScope);

    internal DisposeScope? OuterScope { get; set; }

    internal HashSet<IDisposable> Disposables { get; private set; } = new(ReferenceEqualityComparer.Instance);

    public IReadOnlyList<IDisposable> DisposablesView
    {
        get
        {
            _ = Manager;
            return [.. Disposables];
        }
    }

    public int DisposablesCount
    {
        get
        {
            _ = Manager;
            return Disposables.Count;
        }
    }

    private DisposeScopeManager Manager => manager ?? throw new ObjectDisposedException(GetType().FullName);

    public bool Contains(IDisposable disposable) => Disposables.Contains(disposable);

    public T MoveToOuter<T>(T disposable) where T : IDisposable => MoveToOther(OuterScope, disposable);

    public (T1 first, T2 second) MoveToOuter<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable =>
        (MoveToOuter(first), MoveToOuter(second));

    public (T1 first, T2 second, T3 third) MoveToOuter<T1, T2, T3>(T1 first, T2 second, T3 third)
        where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable =>
        (MoveToOuter(first), MoveToOuter(second), MoveToOuter(third));

    public void MoveToOuter(params IDisposable[] disposables) => MoveToOther(OuterScope, disposables);

    public void MoveToOuter(IEnumerable<IDisposable> disposables) => MoveToOther(OuterScope, disposables);

    public T MoveToOther<T>(DisposeScope? scope, T disposable) where T : IDisposable
    {
        _ = Manager;
        if (Disposables.Remove(disposable)) AddTo(scope, disposable);
        return disposable;
    }

    public void MoveToOther(DisposeScope? scope, params IDisposable[] disposables) => MoveToOther(scope, (IEnumerable<IDisposable>)disposables);

    public void MoveToOther(DisposeScope? scope, IEnumerable<IDisposable> disposables)
    {
        foreach (var disposable in disposables) MoveToOther(scope, disposable);
    }

    public T Detach<T>(T disposable) where T : IDisposable
    {
        if (!Contains(disposable)) _ = Manager;
        else MoveToOther(null, disposable);
        return disposable;
    }

    public void Detach(params IDisposable[] disposables) => Detach((IEnumerable<IDisposable>)disposables);

    public void Detach(IEnumerable<IDisposable> disposables)
    {
        foreach (var disposable in disposables) Detach(disposable);
    }

    internal void Attach(torch.Tensor tensor)
    {
        if (tensor.OwningDisposeScope is null && !tensor.IsInvalid) Manager.StatisticsInstance.DetachedFromScopeCount--;
        AddTo(this, tensor);
    }

    public void DisposeEverything() => DisposeEverythingBut(Enumerable.Empty<IDisposable>());

    public T DisposeEverythingBut<T>(T keep) where T : IDisposable
    {
        DisposeEverythingBut([keep]);
        return keep;
    }

    public void DisposeEverythingBut(params IDisposable[] keep) => DisposeEverythingBut((IEnumerable<IDisposable>)keep);

    public void DisposeEverythingBut(IEnumerable<IDisposable> inKeep)
    {
        var statistics = Manager.StatisticsInstance;
        var old = Disposables;
        Disposables = new HashSet<IDisposable>(inKeep, ReferenceEqualityComparer.Instance);
        foreach (var disposable in old.Where(it => !Disposables.Contains(it)))
        {
            var tensor = disposable as torch.Tensor;
            if (tensor is not null) tensor.OwningDisposeScope = null;
            if (tensor is not { IsInvalid: true }) statistics.DisposedInScopeCount++;
            disposable.Dispose();
        }
    }

    public void Dispose()
    {
        if (manager is null) return;
        DisposeEverything();
        manager.RemoveDisposeScope(this);
        manager = null;
    }

    /// <summary>To be called when something in this scope was disposed by hand.</summary>
    public void MarkAsDisposed(IDisposable disposable)
    {
        Manager.StatisticsInstance.DisposedInScopeCount++;
        Disposables.Remove(disposable);
        if (disposable is torch.Tensor tensor) tensor.OwningDisposeScope = null;
    }

    private void AddTo(DisposeScope? scope, IDisposable disposable)
    {
        if (scope is null) Manager.StatisticsInstance.DetachedFromScopeCount++;
        else scope.Disposables.Add(disposable);
        if (disposable is torch.Tensor tensor) tensor.OwningDisposeScope = scope;
    }
}
