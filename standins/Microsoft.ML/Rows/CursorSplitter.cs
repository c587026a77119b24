using System.Collections.Concurrent;

namespace Microsoft.ML.Data;

/// <summary>Deals the rows of one cursor to several, and puts the rows of several cursors back into order; the reading happens on other threads.</summary>
internal static class CursorSplitter
{
    private const int RowsPerBatch = 128;
    private const int BatchesAhead = 4;

    public static int ThreadCount { get; } = Math.Max(2, Environment.ProcessorCount - 1);

    /// <summary>Cursors that share the rows of <paramref name="input"/> in batches; the input itself where a column cannot cross threads.</summary>
    public static DataViewRowCursor[] Split(DataViewRowCursor input, int count)
    {
        bool[] active = input.Schema.Select(input.IsColumnActive).ToArray();
        if (count <= 1 || !input.Schema.All(column => !active[column.Index] || column.Type.IsCacheable()))
            return [input];
        var reader = new Reader(input, consumers: count, (_, completed) => completed);
        int running = count;
        return Enumerable.Range(0, count)
            .Select(_ => (DataViewRowCursor)new BatchCursor(input.Schema, active, reader.Take, () =>
            {
                if (Interlocked.Decrement(ref running) == 0)
                    reader.Dispose();
            }))
            .ToArray();
    }

    /// <summary>One cursor over the rows of all, in the order of their batches.</summary>
    public static DataViewRowCursor Consolidate(DataViewRowCursor[] inputs)
    {
        if (inputs.Length == 1)
            return inputs[0];
        var schema = inputs[0].Schema;
        bool[] active = schema.Select(inputs[0].IsColumnActive).ToArray();
        var readers = inputs.Select(input => new Reader(input, consumers: 1, (cursor, _) => cursor.Batch)).ToArray();
        var heads = new RowBatch[readers.Length];
        bool[] known = new bool[readers.Length];
        return new BatchCursor(schema, active, TakeLowest, () =>
        {
            foreach (var reader in readers)
                reader.Dispose();
        });

        RowBatch TakeLowest()
        {
            int lowest = -1;
            for (int i = 0; i < readers.Length; i++)
            {
                if (!known[i])
                    heads[i] = readers[i].Take();
                known[i] = true;
                if (heads[i] != null && (lowest < 0 || Order(heads[i]) < Order(heads[lowest])))
                    lowest = i;
            }

            if (lowest < 0)
                return null;
            known[lowest] = false;
            return heads[lowest];
        }

        static long Order(RowBatch batch) => (2 * batch.Id) + (batch.Error == null ? 0 : 1); // an error comes after rows of the same number
    }

    /// <summary>A thread that reads a cursor into batches, a few ahead of who takes them.</summary>
    private sealed class Reader : IDisposable
    {
        private readonly BlockingCollection<RowBatch> _batches = new(BatchesAhead);
        private readonly Task _work;
        private volatile bool _stopped;
        private long _lastId = -1;

        /// <param name="input">The cursor, which the reader disposes of.</param>
        /// <param name="consumers">How many will each need to be told of the end.</param>
        /// <param name="number">The number of the batch that the cursor's row belongs to, given the count of full batches before it.</param>
        public Reader(DataViewRowCursor input, int consumers, Func<DataViewRowCursor, long, long> number)
            => _work = Task.Factory.StartNew(
                () => Read(input, consumers, number), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        /// <summary>The next batch, or null after the last.</summary>
        public RowBatch Take() => _batches.TryTake(out var batch, Timeout.Infinite) ? batch : null;

        public void Dispose()
        {
            _stopped = true;
            foreach (var _ in _batches.GetConsumingEnumerable())
            {
            }

            _work.Wait();
            _batches.Dispose();
        }

        private void Read(DataViewRowCursor input, int consumers, Func<DataViewRowCursor, long, long> number)
        {
            try
            {
                using (input)
                    Read(input, number);
            }
            catch (Exception error)
            {
                _batches.Add(new RowBatch(_lastId + 1, 0, [], error)); // who takes it throws it, after the rows before it
            }

            for (int i = 0; i < consumers; i++)
                _batches.Add(null);
            _batches.CompleteAdding();
        }

        private void Read(DataViewRowCursor input, Func<DataViewRowCursor, long, long> number)
        {
            var filler = new BatchFiller(input, RowsPerBatch);
            long completed = 0;
            long current = 0;
            while (!_stopped && input.MoveNext())
            {
                long next = number(input, completed);
                if (filler.Count > 0 && next != current)
                    Add(filler, current);
                current = next;
                filler.Add();
                if (filler.IsFull)
                {
                    Add(filler, current);
                    completed++;
                }
            }

            if (filler.Count > 0)
                Add(filler, current);
        }

        private void Add(BatchFiller filler, long id)
        {
            _lastId = id;
            _batches.Add(filler.Take(id));
        }
    }
}
