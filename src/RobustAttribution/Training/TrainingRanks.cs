using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>What the ranks of a training exchange; one rank alone exchanges nothing.</summary>
internal sealed class TrainingRanks : IDisposable
{
    private readonly ICommunicator communicator;
    private readonly CancellationToken requested;
    private readonly CancellationTokenSource agreed = new();

    /// <param name="communicator">The ranks.</param>
    /// <param name="requested">Cancelled where this rank wants to stop.</param>
    public TrainingRanks(ICommunicator communicator, CancellationToken requested)
    {
        (this.communicator, this.requested) = (communicator, requested);
        Cancellation = IsAlone ? requested : agreed.Token;
    }

    /// <summary>Whether there is no other rank.</summary>
    public bool IsAlone => communicator.Size == 1;

    /// <summary>Whether this rank reports and writes.</summary>
    public bool IsFirst => communicator.Rank == 0;

    /// <summary>Cancelled once the training is to stop on all ranks: between the same two steps.</summary>
    public CancellationToken Cancellation { get; }

    /// <summary>Throws unless all ranks train the same network in the same way on the same images.</summary>
    /// <exception cref="ArgumentException">Something differs; the message names it.</exception>
    public void RequireSame(TrainingOptions options, ImageNetwork network, IImageBatchSource training, IImageBatchSource? validation)
    {
        if (IsAlone)
        {
            return;
        }

        communicator.RequireSame([.. TrainingFacts.Of(options, network, training, validation)]);
        RequireSame(training, options.BatchSizeFor(training.Count), "training");
        if (validation is not null)
        {
            RequireSame(validation, options.BatchSizeFor(training.Count), "validation");
        }
    }

    private void RequireSame(IImageBatchSource source, int batchSize, string role)
    {
        IReadOnlyList<string> hashes = [];
        try
        {
            hashes = TrainingFacts.HashesOf(source, batchSize);
        }
        catch (OperationCanceledException) when (requested.IsCancellationRequested)
        {
        }

        if (!communicator.Any(hashes.Count == 0)) // else all ranks stop before the first step
        {
            communicator.RequireSame(
                [.. hashes.Select((hash, i) => ($"the SHA-256 of the {(i == 0 ? "first" : "last")} batch of {role} images", (object?)hash))]);
        }
    }

    /// <summary>This rank's rows of each batch; all ranks stop together where one is cancelled.</summary>
    public IEnumerable<SharedBatch> Read(IImageBatchSource source, int batchSize, long shuffleSeed, int firstBatch)
    {
        using IEnumerator<SharedBatch> batches = source.ReadShares(communicator, batchSize, shuffleSeed, firstBatch).GetEnumerator();
        while (MoveNext())
        {
            yield return batches.Current;
        }

        bool MoveNext()
        {
            bool isFound = false;
            try
            {
                isFound = batches.MoveNext();
            }
            catch (OperationCanceledException) when (!IsAlone && requested.IsCancellationRequested)
            {
            }

            if (!IsAlone && communicator.Any(requested.IsCancellationRequested))
            {
                if (isFound)
                {
                    batches.Current.Batch.Dispose();
                }

                agreed.Cancel();
                Cancellation.ThrowIfCancellationRequested();
            }

            return isFound;
        }
    }

    /// <summary>Validates in shards; cancelled together as <see cref="Read"/> is.</summary>
    public EvaluationResult Validate(ImageNetwork network, IImageBatchSource validation, int batchSize, Guessing guessing)
    {
        try
        {
            return Evaluation.Measure(network, validation, batchSize, communicator, guessing, requested);
        }
        catch (OperationCanceledException) when (!IsAlone)
        {
            agreed.Cancel();
            throw;
        }
    }

    /// <summary>Whether it is so on any rank.</summary>
    public bool Any(bool here) => communicator.Any(here);

    /// <summary>
    /// What the weighted sum of a share's cross-entropies is multiplied by, so that the weighted mean of the ranks' losses has the batch's; null
    /// where the mean of the share does.
    /// </summary>
    public double? CrossEntropyScale(BatchShare share, Tensor? classWeights, Tensor classes)
    {
        if (IsAlone || classWeights is null)
        {
            return null;
        }

        using IDisposable scope = NewDisposeScope();
        double here = classWeights.index_select(0, classes).to(ScalarType.Float64).sum().ToDouble() * share.SumFactor;
        return share.SumFactor / (share.Weight * communicator.SumOf(here)[0]);
    }

    /// <summary>The gradients of the batch from those of the shares; the running statistics of the network become their means too.</summary>
    /// <param name="gradients">Invalid where a parameter has none, which is so on every rank.</param>
    /// <param name="buffers">Those of the network.</param>
    /// <param name="share">The rows that the gradients are of.</param>
    /// <returns>Tensors of the current dispose scope.</returns>
    public IList<Tensor> Average(IList<Tensor> gradients, IEnumerable<Tensor> buffers, BatchShare share)
    {
        if (IsAlone)
        {
            return gradients;
        }

        using IDisposable mode = no_grad();
        Tensor[] statistics = [.. buffers.Where(buffer => buffer.is_floating_point())];
        Tensor[] averaged = [.. gradients, .. statistics];
        foreach (IGrouping<ScalarType, int> bucket in
            Enumerable.Range(0, averaged.Length).Where(i => !averaged[i].IsInvalid).GroupBy(i => averaged[i].dtype))
        {
            Tensor flat = cat([.. bucket.Select(i => averaged[i].reshape(-1))]) * share.Weight;
            communicator.SumInPlace(flat);
            long place = 0;
            foreach (int i in bucket)
            {
                long count = averaged[i].numel();
                averaged[i] = flat.narrow(0, place, count).reshape(averaged[i].shape);
                place += count;
            }
        }

        for (int i = 0; i < statistics.Length; i++)
        {
            statistics[i].copy_(averaged[gradients.Count + i]);
        }

        return averaged[..gradients.Count];
    }

    /// <summary>Adds a step to the epoch's sums, which are those of all ranks.</summary>
    public void Add(TrainingMeter meter, Objectives.ObjectiveResult result, Tensor classes, int step, BatchShare share)
        => meter.Add(result, classes, step, share, communicator);

    /// <summary>Gives every rank the generators' states of rank 0: a component may have drawn from them for its own rows alone.</summary>
    public void Share(params Generator[] generators)
    {
        if (IsAlone)
        {
            return;
        }

        using IDisposable scope = NewDisposeScope();
        Tensor[] states = [.. generators.Select(generator => generator.get_state())];
        Tensor together = cat(states);
        communicator.Broadcast(together);
        long place = 0;
        foreach ((Generator generator, Tensor state) in generators.Zip(states))
        {
            generator.set_state(together.narrow(0, place, state.numel()).clone());
            place += state.numel();
        }
    }

    /// <summary>Gives every rank the weights of rank 0.</summary>
    public void Share(IEnumerable<(string Name, Tensor Value)> weights)
    {
        foreach ((_, Tensor value) in weights)
        {
            communicator.Broadcast(value);
        }
    }

    /// <summary>Gives every rank the checkpoint that rank 0 has read.</summary>
    /// <param name="found">Of rank 0; its tensors stay the caller's. Null for none, and on the other ranks.</param>
    /// <returns>Position, and tensors of the current dispose scope; null for none.</returns>
    public (TrainingPosition Position, IReadOnlyDictionary<string, Tensor> Tensors)? Share(
        (TrainingPosition Position, IReadOnlyDictionary<string, Tensor> Tensors)? found)
    {
        if (IsAlone)
        {
            return found;
        }

        string text = found is var (position, given)
            ? JsonSerializer.Serialize(
                new Contents(position.ToJson(), [.. given.Select(pair => new Entry(pair.Key, pair.Value.dtype, pair.Value.shape))]))
            : string.Empty;
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Array.Resize(ref bytes, checked((int)communicator.Shared(bytes.Length)));
        communicator.Broadcast(bytes);
        if (bytes.Length == 0)
        {
            return null;
        }

        Contents contents = JsonSerializer.Deserialize<Contents>(bytes)!;
        var tensors = contents.Tensors.ToDictionary(
            entry => entry.Name, entry => found?.Tensors[entry.Name] ?? empty(entry.Shape, dtype: entry.Type, device: CPU));
        foreach (Entry entry in contents.Tensors)
        {
            communicator.Broadcast(tensors[entry.Name]);
        }

        return (TrainingPosition.FromJson(contents.Position), tensors);
    }

    /// <summary>Throws unless all ranks have the same weights, bit for bit.</summary>
    /// <exception cref="InvalidOperationException">They have not: the processors compute differently, or a component is not repeatable.</exception>
    public void RequireEqual(IEnumerable<(string Name, Tensor Value)> weights, int epoch, int step)
    {
        if (IsAlone)
        {
            return;
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string name, Tensor value) in weights)
        {
            TensorHash.Append(hash, name);
            TensorHash.Append(hash, value);
        }

        IReadOnlyList<byte[]> all = communicator.Gather(hash.GetHashAndReset());
        int[] others = [.. Enumerable.Range(1, all.Count - 1).Where(rank => !all[rank].SequenceEqual(all[0]))];
        if (others.Length > 0)
        {
            throw new InvalidOperationException(
                $"After epoch {epoch}, step {step} the weights of rank {others[0]} are not those of rank 0 ({others.Length} of {all.Count} ranks"
                + " differ). Ranks compute the same bits on processors of one kind with one number of threads; a network or optimizer of your own"
                + " must not depend on anything else than its input.");
        }
    }

    public void Dispose() => agreed.Dispose();

    private sealed record Contents(string Position, IReadOnlyList<Entry> Tensors);

    private sealed record Entry(string Name, ScalarType Type, long[] Shape);
}
