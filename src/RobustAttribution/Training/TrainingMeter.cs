using RobustAttribution.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>The running sums of one epoch. They stay on the device until somebody reads them.</summary>
internal sealed class TrainingMeter : IDisposable
{
    private const string LossName = "loss";

    private string[] names = [];
    private Tensor? sums; // [2 + T], float64: correct predictions, loss, the terms; each loss times its images
    private Tensor? badSteps; // [1 + T], int64: first step whose loss or term was not finite, 0 for none

    /// <summary>Images seen in this epoch.</summary>
    public long Count { get; private set; }

    /// <summary>Names of the terms, in the order of the sums.</summary>
    public IReadOnlyList<string> TermNames => names;

    /// <summary>The sums; null before the first step of an epoch.</summary>
    public Tensor? Sums => sums;

    /// <summary>Adds one step.</summary>
    /// <param name="result">What the objective returned.</param>
    /// <param name="classes">[N]: the true classes.</param>
    /// <param name="step">From 1.</param>
    /// <param name="share">The rows of the batch that these are.</param>
    /// <param name="communicator">Whose other ranks have the rest.</param>
    public void Add(ObjectiveResult result, Tensor classes, int step, BatchShare share, ICommunicator communicator)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = no_grad();
        IEnumerable<Tensor> values = result.Terms.Select(term => term.Value).Prepend(result.Loss);
        Tensor losses = stack([.. values.Select(value => value.detach().reshape([]).to(ScalarType.Float64))]);
        Tensor correct = result.Logits.argmax(1).eq(classes).sum().to(ScalarType.Float64).reshape(1);
        Tensor addition = cat([correct, losses * share.Count]);
        if (communicator.Size > 1)
        {
            addition = addition * share.SumFactor;
            communicator.SumInPlace(addition);
        }

        Tensor found = addition.narrow(0, 1, losses.shape[0]);
        Tensor step64 = where(found.isfinite(), zeros_like(found), full_like(found, step));
        if (sums is null)
        {
            names = [.. result.Terms.Select(term => term.Name)];
            Restart(addition, step64, share.Total);
            return;
        }

        if (!names.SequenceEqual(result.Terms.Select(term => term.Name)))
        {
            throw new InvalidOperationException(
                $"The objective returned the terms [{string.Join(", ", result.Terms.Select(term => term.Name))}] after [{string.Join(", ", names)}];"
                + " they must stay the same during a training.");
        }

        sums.add_(addition);
        badSteps!.copy_(where(badSteps.eq(0), step64, badSteps));
        Count += share.Total;
    }

    /// <summary>Continues with the sums of an interrupted epoch.</summary>
    public void Resume(IReadOnlyList<string> termNames, Tensor savedSums, long images)
    {
        Reset();
        names = [.. termNames];
        using IDisposable scope = NewDisposeScope();
        Restart(savedSums, zeros(termNames.Count + 1, dtype: ScalarType.Float64, device: savedSums.device), images);
    }

    /// <summary>The means over the epoch so far. Waits for the device.</summary>
    /// <param name="epoch">From 1, for the exception.</param>
    /// <exception cref="NonFiniteLossException">A loss of a step since the epoch began was not finite.</exception>
    public (double Loss, IReadOnlyDictionary<string, double> Terms, double Accuracy) Read(int epoch)
    {
        if (sums is null || badSteps is null)
        {
            return (double.NaN, new Dictionary<string, double>(), double.NaN);
        }

        using IDisposable scope = NewDisposeScope();
        double[] values = cat([badSteps, sums]).cpu().data<double>().ToArray();
        int losses = names.Length + 1;
        double[] bad = [.. values.Take(losses).Where(value => value > 0)];
        if (bad.Length > 0)
        {
            double first = bad.Min();
            int at = Array.FindLastIndex(values, losses - 1, losses, value => value == first); // a term, if one is to blame, before the sum of all
            throw new NonFiniteLossException(epoch, (int)first, at == 0 ? LossName : names[at - 1]);
        }

        double[] means = [.. values.Skip(losses).Select(value => value / Count)];
        return (means[1], names.Zip(means.Skip(2)).ToDictionary(pair => pair.First, pair => pair.Second), means[0]);
    }

    /// <summary>Clears all sums for a new epoch.</summary>
    public void Reset()
    {
        sums?.Dispose();
        badSteps?.Dispose();
        (sums, badSteps, Count) = (null, null, 0);
    }

    public void Dispose() => Reset();

    private void Restart(Tensor firstSums, Tensor firstBad, long images)
    {
        sums = firstSums.clone().DetachFromDisposeScope();
        badSteps = firstBad.clone().DetachFromDisposeScope();
        Count = images;
    }
}
