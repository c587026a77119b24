using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Metrics;

/// <summary>A batch of images with what the network predicts and explains; each part is computed when it is first needed.</summary>
/// <param name="saliency">The map.</param>
/// <param name="network">The network, under inspection; must outlive this, as must the tensors.</param>
/// <param name="images">[N,C,H,W] in [0, 1].</param>
/// <param name="classes">[N], int64: the classes explained; null for the predicted ones.</param>
/// <param name="places">The images' rows in their source, for errors; null for their places in the batch.</param>
/// <param name="areAttacked">Whether they are attacked copies, for errors.</param>
/// <remarks>Owns what it computes.</remarks>
internal sealed class ExplainedImages(
    SaliencyMap saliency, ImageNetwork network, Tensor images, Tensor? classes, IReadOnlyList<long>? places = null, bool areAttacked = false)
    : IDisposable
{
    private Tensor? logits;
    private Tensor? predicted;
    private Tensor? map;
    private UInt128[]? keys;
    private float[][]? mapValues;

    public Tensor Images => images;

    /// <summary>[N], int64: the classes explained and attacked.</summary>
    public Tensor Classes => classes ?? Predicted;

    /// <summary>[N], int64.</summary>
    public Tensor Predicted => predicted ??= Logits.argmax(1).DetachFromDisposeScope();

    /// <summary>A hash of each image.</summary>
    public IReadOnlyList<UInt128> Keys => keys ??= ImageKeys.Of(images);

    /// <summary>[N,K].</summary>
    public Tensor Logits
    {
        get
        {
            if (logits is null)
            {
                using IDisposable scope = NewDisposeScope();
                using IDisposable mode = no_grad();
                logits = network.Logits(images).DetachFromDisposeScope();
            }

            return logits;
        }
    }

    /// <summary>[N,H,W], finite. Where it comes first, its forward pass gives the logits, too.</summary>
    /// <exception cref="InvalidOperationException">A map is not finite; the message names the method and the image.</exception>
    public Tensor Map
    {
        get
        {
            if (map is null)
            {
                Compute();
                RequireFinite(map!);
            }

            return map!;
        }
    }

    /// <summary>The map of each image, H·W numbers.</summary>
    public IReadOnlyList<float[]> MapValues
        => mapValues ??= [.. Enumerable.Range(0, (int)images.shape[0]).Select(image => RobustnessMeasurement.Values(Map, image))];

    /// <summary>These images under an attack on <see cref="Classes"/>.</summary>
    /// <param name="attack">The attack.</param>
    /// <param name="generator">Source of its draws; must outlive the result.</param>
    public AttackedImages Under(IAttributionAttack attack, Generator generator) 
        => Under(() => DrawnByImage.In(attack).Perturb(network, images, Classes, generator));

    /// <summary>These images after an attack, whose result then belongs to what is returned.</summary>
    public AttackedImages Under(Func<AttackResult> attack)
        => new(
            network,
            this,
            attack,
            attacked => new(saliency, network, attacked, Classes, places, areAttacked: true));

    public void Dispose()
    {
        map?.Dispose();
        predicted?.Dispose();
        logits?.Dispose();
    }

    private void Compute()
    {
        if (logits is null)
        {
            (map, logits) = saliency.WithLogits(network, images, classes);
            logits.DetachFromDisposeScope();
        }
        else
        {
            map = saliency.Of(network, images, Classes);
        }

        map.DetachFromDisposeScope();
    }

    private void RequireFinite(Tensor maps)
    {
        if (FiniteMaps.FirstOther(maps) is not int index)
        {
            return;
        }

        string place = (areAttacked ? "the attacked copy of " : string.Empty)
            + (places is null ? $"image {index} of the batch" : $"row {places[index]}");
        throw new InvalidOperationException(
            $"{saliency.Method.GetType().Name} computed a map with NaN or infinity for {place};"
            + $" maps must be finite. The logits of the network {network.Backbone.GetName()} or a division within the method may have left the range"
            + " of the network's numbers.");
    }
}

/// <summary>A batch of images before and after one attack; each part is computed when it is first needed. Owns what it computes.</summary>
internal sealed class AttackedImages(
    ImageNetwork network, ExplainedImages before, Func<AttackResult> attack, Func<Tensor, ExplainedImages> explain) : IDisposable
{
    private AttackResult? result;
    private ExplainedImages? after;

    /// <summary>The images before the attack.</summary>
    public ExplainedImages Before => before;

    /// <summary>The images after it, explained for the same classes.</summary>
    public ExplainedImages After => after ??= explain(Result.Images);

    /// <summary>[N], bool.</summary>
    public Tensor Valid => Result.Valid;

    /// <summary>[N], bool: whether no step improved the valid attacked image: it is the image itself, or where a walk began.</summary>
    public Tensor Unchanged
    {
        get
        {
            using IDisposable scope = NewDisposeScope();
            Tensor same = Result.Images.eq(before.Images).flatten(1).all(1);
            return (Result.Improved is { } improved ? same | improved.logical_not() : same).logical_and(Result.Valid).MoveToOuterDisposeScope();
        }
    }

    private AttackResult Result
    {
        get
        {
            if (result is null)
            {
                result = attack();
                result.Images.DetachFromDisposeScope();
                result.Valid.DetachFromDisposeScope();
                result.Gain.DetachFromDisposeScope();
                result.Improved?.DetachFromDisposeScope();
            }

            return result;
        }
    }

    /// <summary>The similarity of the maps before and after, one number for each image; NaN where the attack found no valid image.</summary>
    public double[] Compare(IMapSimilarity similarity)
    {
        using IDisposable scope = NewDisposeScope();
        return Compare(similarity, before.Map, After.Map);
    }

    /// <summary>By measure: the similarity of a control's maps, for each image; NaN where the attack found no valid image.</summary>
    public double[][] Compare(SaliencyMap control, IReadOnlyList<IMapSimilarity> similarities)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor clean = control.Of(network, before.Images, before.Classes), moved = control.Of(network, Result.Images, before.Classes);
        return [.. similarities.Select(similarity => Compare(similarity, clean, moved))];
    }

    private double[] Compare(IMapSimilarity similarity, Tensor first, Tensor second)
    {
        double[] values = similarity.Compare(first, second).data<double>().ToArray();
        bool[] valid = Result.Valid.cpu().data<bool>().ToArray();
        return [.. values.Zip(valid, (value, counts) => counts ? value : double.NaN)];
    }

    public void Dispose()
    {
        after?.Dispose();
        result?.Dispose();
    }
}
