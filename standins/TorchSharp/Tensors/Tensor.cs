using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>
    /// A handle to a libtorch tensor. Disposing releases the handle at once, the finalizer releases it later from its own thread; either
    /// way exactly once. The data lives as long as any handle or any recorded operation needs it.
    /// </summary>
    public partial class Tensor : IDisposable
    {
        private static long totalCount, peakCount;

        internal nint handle;

        internal Tensor(nint handle)
        {
            this.handle = handle;
            if (handle != 0) Count();
            OwningDisposeScope = DisposeScopeManager.ThreadSingleton.RegisterOnCurrentDisposeScope(this);
        }

        ~Tensor() => Dispose(false);

        /// <summary>How many handles are held by tensor objects of all threads.</summary>
        public static long TotalCount => Interlocked.Read(ref totalCount);

        public static long PeakCount => Interlocked.Read(ref peakCount);

        public string? name { get; set; }

        internal DisposeScope? OwningDisposeScope { get; set; }

        /// <summary>True once disposed, and for the gradient of an input that was not used.</summary>
        public bool IsInvalid => handle == 0;

        public nint Handle => handle != 0 ? handle : throw new InvalidOperationException("Tensor invalid -- empty handle.");

        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        protected virtual void Dispose(bool disposing)
        {
            if (disposing) OwningDisposeScope?.MarkAsDisposed(this);
            var released = MoveHandle();
            if (released != 0) Shim.ts_release(released);
        }

        /// <summary>Hands the reference over to the caller and leaves this tensor invalid.</summary>
        internal nint MoveHandle()
        {
            var moved = Interlocked.Exchange(ref handle, 0);
            if (moved != 0) Interlocked.Decrement(ref totalCount);
            return moved;
        }

        /// <summary>A second tensor object for the same libtorch tensor, to be disposed independently.</summary>
        public Tensor alias()
        {
            var shared = new Tensor(Shim.Check(Shim.ts_share(Handle)));
            GC.KeepAlive(this);
            return shared;
        }

        public Tensor MoveToOuterDisposeScope()
        {
            OwningDisposeScope?.MoveToOuter(this);
            return this;
        }

        public Tensor DetachFromDisposeScope()
        {
            OwningDisposeScope?.Detach(this);
            return this;
        }

        public Tensor MoveToOtherDisposeScope(Tensor other) => MoveToOtherDisposeScope(other.OwningDisposeScope);

        public Tensor MoveToOtherDisposeScope(DisposeScope? other)
        {
            if (OwningDisposeScope is null) other?.Attach(this);
            else OwningDisposeScope.MoveToOther(other, this);
            return this;
        }

        public override bool Equals(object? obj) => obj is Tensor other && Equals(other);

        /// <summary>Whether both have the same shape and elements.</summary>
        public bool Equals(Tensor target) => Operators.CallValue("equal", this, target).Integer != 0;

        public override int GetHashCode() => base.GetHashCode();

        private static void Count()
        {
            var total = Interlocked.Increment(ref totalCount);
            var peak = Interlocked.Read(ref peakCount);
            while (total > peak)
            {
                var seen = Interlocked.CompareExchange(ref peakCount, total, peak);
                if (seen == peak) break;
                peak = seen;
            }
        }
    }
}
