using RobustAttribution.Similarities;

namespace RobustAttribution.Attacks;

/// <summary>What <see cref="WorstCaseAttack.Search"/> found and came past. Owns its tensors.</summary>
public sealed class WorstCaseResult : IDisposable
{
    internal WorstCaseResult(
        IReadOnlyList<string> attacks, IReadOnlyList<WorstCaseByJudge> judged, IReadOnlyList<long> tried, IReadOnlyList<long> lostToPrediction)
        => (Attacks, Judged, Tried, LostToPrediction) = (attacks, judged, tried, lostToPrediction);

    /// <summary>The names of the ensemble's attacks [A], in the order of all other lists; the last two search without gradients.</summary>
    public IReadOnlyList<string> Attacks { get; }

    /// <summary>By <see cref="WorstCaseAttack.Judge"/>, then by the other similarities.</summary>
    public IReadOnlyList<WorstCaseByJudge> Judged { get; }

    /// <summary>[A]: how many iterates did not count because they changed the prediction.</summary>
    public IReadOnlyList<long> LostToPrediction { get; }

    /// <summary>[A]: how many iterates were other than the image itself.</summary>
    internal IReadOnlyList<long> Tried { get; }

    /// <summary>Frees the tensors. Harmless when repeated.</summary>
    public void Dispose()
    {
        foreach (WorstCaseByJudge one in Judged)
        {
            one.Worst.Dispose();
        }
    }
}

/// <summary>The worst of each image by one similarity. Numbers are the similarity itself, not the gain.</summary>
public sealed class WorstCaseByJudge
{
    internal WorstCaseByJudge(IMapSimilarity judge, AttackResult worst) => (Judge, Worst) = (judge, worst);

    /// <summary>The similarity.</summary>
    public IMapSimilarity Judge { get; }

    /// <summary>The worst iterates; their gain is the similarity, with its sign turned where higher means more similar.</summary>
    public AttackResult Worst { get; }

    /// <summary>[N]: the similarity reached; NaN where the image could not be attacked.</summary>
    public required IReadOnlyList<double> Similarity { get; init; }

    /// <summary>
    /// [A][N]: what an attack reaches without starts at the others' ends; NaN where it did not run because the image was finished.
    /// </summary>
    public required IReadOnlyList<IReadOnlyList<double>> ByAttack { get; init; }

    /// <summary>[R][N]: the worst so far after each restart, noise and squares included from the first.</summary>
    public required IReadOnlyList<IReadOnlyList<double>> ByRestart { get; init; }

    /// <summary>
    /// [A][steps + 1], for squares [A][queries], for noise [A][draws]: the mean over the images attacked of the worst so far of all of an attack's
    /// walks that begin by themselves, along their steps.
    /// </summary>
    public required IReadOnlyList<IReadOnlyList<double>> Curves { get; init; }

    /// <summary>[N]: the place of the attack that found the worst iterate, the first of equals; −1 where the image itself is the worst.</summary>
    public required IReadOnlyList<int> Winner { get; init; }
}
