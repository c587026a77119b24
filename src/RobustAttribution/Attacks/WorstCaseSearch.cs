using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>One <see cref="WorstCaseAttack"/> on one batch: noise, then restart by restart all walks, squares after the first; every iterate is
/// compared.</summary>
internal sealed class WorstCaseSearch : IIterates, IDisposable
{
    private readonly WorstCaseAttack attack;
    private readonly ImageNetwork network;
    private readonly Tensor images;
    private readonly Tensor classes;
    private readonly Generator generator;
    private readonly SaliencyMap saliency;
    private readonly Tensor prediction; // [N]
    private readonly JudgedIterates[] judged;
    private readonly string[] names;
    private readonly long[] tried;
    private readonly long[] lost;
    private int part; // the attack that runs
    private bool alone = true; // whether it began by itself
    private Tensor? open; // [n], int64: the images it runs on; null: all

    public WorstCaseSearch(
        WorstCaseAttack attack, ImageNetwork network, Tensor images, Tensor classes, Generator generator, IReadOnlyList<IMapSimilarity> judges)
    {
        (this.attack, this.network, this.images, this.classes, this.generator) = (attack, network, images, classes, generator);
        saliency = new SaliencyMap(attack.Attribution, attack.Reduction);
        (Tensor maps, Tensor logits) = saliency.WithLogits(network, images, classes);
        RequireFinite(maps, "image");
        prediction = logits.argmax(1);
        names = [.. Walks(0).Select(Name), nameof(SquareAttack), nameof(RandomNoise)];
        (tried, lost) = (new long[names.Length], new long[names.Length]);
        judged = [.. judges.Select(judge => new JudgedIterates(judge, images, maps, names.Length, countsImage: attack.ThreatModel.Radius == 0))];

        static string Name(MapAttack walk) => walk.GetType().Name + (walk is MapDistanceAttack distance ? $" ({distance.Distance})" : string.Empty);
    }

    private double? Enough => attack.EnoughSimilarity ?? (judged.All(by => by.Judge is TopKIntersection) ? 0 : null);

    public void Run()
    {
        bool moves = attack.ThreatModel.Radius > 0;
        if (moves)
        {
            DrawNoise();
        }

        if (moves && attack.EnoughSimilarity is not null)
        {
            Tensor start = Draw();
            foreach (int strong in new[] { 0, 1 }) // top-k and rank pairs
            {
                Walk(strong, Walks(1)[strong] with { Steps = Math.Max(attack.Steps / 5, 1) }, start);
            }
        }

        for (int restart = 0; restart < attack.Restarts; restart++)
        {
            using IDisposable scope = NewDisposeScope();
            if (moves)
            {
                Tensor drawn = Draw();
                alone = restart == 0 || restart % 2 != 0;
                Tensor start = alone ? drawn : judged[0].Best.Images.clone(); // for all attacks of this restart
                foreach ((int i, MapAttack walk) in Walks(restart).Index())
                {
                    Walk(i, walk, start);
                }

                if (restart == 0)
                {
                    SearchSquares(); // after the gradients, so that it is known which images only squares finish
                }
            }

            foreach (JudgedIterates by in judged)
            {
                by.EndRestart();
            }
        }
    }

    /// <summary>The worst iterates by one of the judges; they belong to the dispose scope around the current one.</summary>
    public AttackResult Worst(int judge) => judged[judge].Best.ToResult();

    /// <summary>Everything; its tensors belong to the dispose scope around the current one.</summary>
    public WorstCaseResult ToResult() => new(names, [.. judged.Select((by, i) => by.ToResult(Worst(i)))], tried, lost);

    /// <inheritdoc/>
    public void Add(Iterate iterate)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor map = attack.Reduction.Reduce(iterate.View.Attribution.detach());
        _ = Judge(iterate.Images, map, iterate.View.Logits, iterate.Step, found: iterate.Step > 0, iterate.Counts && (alone || iterate.Step > 0));
    }

    /// <inheritdoc/>
    public void AddDirection(Tensor gradient)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor all = OfAll(gradient, 0);
        foreach (JudgedIterates by in judged)
        {
            by.Best.AddDirection(all);
        }
    }

    public void Dispose()
    {
        open?.Dispose();
        foreach (JudgedIterates by in judged)
        {
            by.Dispose();
        }
    }

    private IReadOnlyList<MapAttack> Walks(int restart) => attack.Walks(restart, images.shape[2] * images.shape[3]);

    private Tensor Draw() => attack.ThreatModel.RandomStart(images, network.Input, generator);

    private void DrawNoise()
    {
        if (!Begin(names.Length - 1))
        {
            return;
        }

        for (int draw = 0; draw < attack.NoiseDraws; draw++)
        {
            using IDisposable scope = NewDisposeScope();
            _ = Judge(OfOpen(Draw()), draw, found: false);
        }
    }

    private void SearchSquares()
    {
        var squares = new SquareAttack { ThreatModel = attack.ThreatModel, Queries = attack.Queries };
        if (Begin(names.Length - 2))
        {
            squares.Search(network.Input, images, open, generator, (candidates, query) => Judge(candidates, query, found: query > 0));
        }
    }

    private void Walk(int index, MapAttack walk, Tensor start)
    {
        using IDisposable scope = NewDisposeScope();
        if (Begin(index))
        {
            using AttackRun run = new(walk, network, OfOpen(images), OfOpen(classes), generator);
            _ = walk.RandomStart ? run.Walk(OfOpen(start).clone(), fromImage: false, this) : run.Walk(0, this);
        }
    }

    // Returns whether there is an image to attack.
    private bool Begin(int attackIndex)
    {
        part = attackIndex;
        open?.Dispose();
        long[] places = Enough is { } enough ? judged[0].NotYet(enough) : [.. Enumerable.Range(0, (int)images.shape[0]).Select(i => (long)i)];
        open = places.Length == images.shape[0] ? null : tensor(places, device: images.device).DetachFromDisposeScope();
        foreach (JudgedIterates by in judged)
        {
            by.Begin(part, places, alone || part >= names.Length - 2);
        }

        return places.Length > 0;
    }

    private Tensor Judge(Tensor candidates, int step, bool found)
    {
        (Tensor map, Tensor logits) = saliency.WithLogits(network, candidates, OfOpen(classes));
        return Judge(candidates, map, logits, step, found, counts: true);
    }

    // The first judge's gains [n]; −∞ where the prediction changed.
    private Tensor Judge(Tensor candidates, Tensor map, Tensor logits, int step, bool found, bool counts)
    {
        RequireFinite(map, "an attacked copy of image");
        Tensor kept = logits.argmax(1).eq(OfOpen(prediction)), moved = candidates.ne(OfOpen(images)).flatten(1).any(1);
        tried[part] += moved.sum().cpu().ToInt64();
        lost[part] += (moved & kept.logical_not()).sum().cpu().ToInt64();
        Tensor all = OfAll(candidates, 0);
        Tensor[] gains = [.. judged.Select(by =>
        {
            Tensor gain = by.GainOf(OfOpen(by.Reference), map);
            gain = where(kept.cpu(), gain, full_like(gain, double.NaN));
            by.Add(all, OfAll(gain.to(images.device), double.NaN), gain, step, found, counts);
            return gain;
        })];
        return gains[0].nan_to_num(double.NegativeInfinity, double.PositiveInfinity, double.NegativeInfinity);
    }

    private void RequireFinite(Tensor maps, string what)
    {
        if (FiniteMaps.FirstOther(maps) is int index)
        {
            long place = open is null ? index : open[index].cpu().ToInt64();
            throw new InvalidOperationException(
                $"{attack.Attribution.GetType().Name} computed a map with NaN or infinity for {what} {place} of the batch; maps must be finite.");
        }
    }

    private Tensor OfOpen(Tensor all) => open is null ? all : all.index_select(0, open);

    private Tensor OfAll(Tensor ofOpen, double others)
        => open is null
            ? ofOpen
            : full([images.shape[0], .. ofOpen.shape.Skip(1)], others, ofOpen.dtype, ofOpen.device).index_copy_(0, open, ofOpen);
}
