using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>A stream of random numbers of its own (CPU only here).</summary>
    public class Generator : IDisposable
    {
        private nint handle;

        public Generator(ulong seed = 0, Device? device = null)
        {
            this.device = InitializeDevice(device);
            handle = Shim.Check(Shim.ts_generator_new(seed));
        }

        private Generator(nint handle) => this.handle = handle;

        ~Generator() => Dispose(false);

        /// <summary>The generator that is used where none is given.</summary>
        public static Generator Default => new(Shim.Check(Shim.ts_generator_default()));

        public Device device { get; } = CPU;

        public nint Handle => handle != 0 ? handle : throw new ObjectDisposedException(nameof(Generator));

        public Tensor get_state() => new(Shim.Check(Shim.ts_generator_state(Handle)));

        public void set_state(Tensor value)
        {
            Shim.Check(Shim.ts_generator_set_state(Handle, value.Handle));
            GC.KeepAlive(value);
        }

        public Generator manual_seed(long seed)
        {
            Shim.Check(Shim.ts_generator_set_seed(Handle, (ulong)seed));
            return this;
        }

        /// <summary>Seeds the generator from the clock and gives the seed.</summary>
        public long seed()
        {
            var seed = DateTime.UtcNow.Ticks;
            manual_seed(seed);
            return seed;
        }

        public long initial_seed() => (long)Shim.ts_generator_seed(Handle, 0);

        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        protected virtual void Dispose(bool disposing)
        {
            var released = Interlocked.Exchange(ref handle, 0);
            if (released != 0) Shim.ts_generator_delete(released);
        }
    }
}
