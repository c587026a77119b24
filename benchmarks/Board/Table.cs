using RobustAttribution.Metrics;

namespace RobustAttribution.Benchmarks;

/// <summary>The cards of one method on one network: a card for each seed.</summary>
internal sealed record Line(string Method, string Weights, string Network, IReadOnlyList<Card> Cards)
{
    public string Title => Weights == "published" ? Method : $"{Method}, {Weights} weights";

    public int Seeds => Cards.Count;

    public SeedSpread Accuracy => SeedSpread.Of(Cards.Where(card => card.Accuracy is not null).Select(card => card.Accuracy!.Value));

    public double TrainingSeconds => Cards.Average(card => card.Training.ProcessorSeconds);

    public static IReadOnlyList<Line> Of(IEnumerable<Card> cards) =>
    [
        .. from card in cards
           group card by (card.Method, card.Weights, card.Network) into same
           orderby Order(same.Key.Method, same.Key.Weights)
           select new Line(same.Key.Method, same.Key.Weights, same.Key.Network, [.. same.OrderBy(card => card.Seed)]),
    ];

    /// <summary>By image, the mean over the seeds: of a figure that each card has for each image. Empty where no card has it.</summary>
    public double[] Images(Func<Card, double?[]?> figure)
    {
        double?[][] known = [.. Cards.Select(figure).OfType<double?[]>()];
        return known.Length == 0
            ? []
            : [.. Enumerable.Range(0, known.Min(values => values.Length)).Select(image => Mean(known.Select(values => values[image])))];
    }

    public double[] Images(string protocol, string measure, Func<ProtocolResult, IReadOnlyDictionary<string, double?[]>>? of = null)
        => Images(card => card.Protocols.TryGetValue(protocol, out ProtocolResult? result)
            && (of is null ? result.Similarities : of(result)).TryGetValue(measure, out double?[]? values) ? values : null);

    private static double Mean(IEnumerable<double?> seeds)
    {
        double[] known = [.. seeds.OfType<double>()];
        return known.Length == 0 ? double.NaN : known.Average();
    }

    private static int Order(string method, string weights)
    {
        int known = Benchmarks.Method.All.Index().FirstOrDefault(entry => entry.Item.Name == method && entry.Item.Weights == weights, (-1, null!)).Index;
        return known < 0 ? int.MaxValue : known;
    }
}

/// <summary>A column of the board.</summary>
/// <param name="Title">Its heading.</param>
/// <param name="Meaning">One sentence.</param>
/// <param name="Values">The figure of each image of a line.</param>
internal sealed record Figure(string Title, string Meaning, Func<Line, double[]> Values)
{
    public static IReadOnlyList<Figure> All { get; } =
    [
        new("worst case, top-100", "Share of the 100 most salient pixels that stay so, under the ensemble of attacks.", line => line.Images("worst-case", "Top-100 intersection")),
        new("worst case, τ", "Kendall's τ of the same attacked images.", line => line.Images("worst-case", "Kendall τ")),
        new("worst case in L2, top-100", "The ensemble within an L2 ball of 0.5.", line => line.Images("worst-case-l2", "Top-100 intersection")),
        new("top-k attack, top-100", "The same under one attack from the image itself.", line => line.Images("top-k", "Top-100 intersection")),
        new("top-k attack, τ", "Kendall's τ of the same.", line => line.Images("top-k", "Kendall τ")),
        new("AGA, Pearson", "AGA's protocol: correlation of the maps under the target-map attack.", line => line.Images("aga", "Pearson correlation")),
        new("ART, top-100", "ART's protocol, on integrated gradients.", line => line.Images("art", "Top-100 intersection")),
        new("RAR, top-100", "RAR's protocol, on integrated gradients.", line => line.Images("rar", "Top-100 intersection")),
        new("noise, top-100", "Uniform noise of the same size: no attack.", line => line.Images("noise", "Top-100 intersection")),
        new("noise 1e-7, top-100", "Below 1 where the network has kinks.", line => line.Images("kinks", "Top-100 intersection")),
        new("maps of another class, top-100", "The intersection of maps of images of different classes: what is common to all maps says nothing of an image; chance is 0.13.", line => line.Images(card => card.OtherClass.GetValueOrDefault("Top-100 intersection"))),
        new("insertion", "Area under the insertion curve over the probability of the whole image.", line => line.Images(card => card.Curves.GetValueOrDefault("insertion"))),
        new("insertion above random order", "The same, less that of an order which knows nothing: networks differ in how little of an image they answer by.", AboveRandomOrder),
        new("adversarial insertion", "The same with the attacked map.", line => line.Images(card => card.Curves.GetValueOrDefault("adversarial insertion"))),
    ];

    private static double[] AboveRandomOrder(Line line)
    {
        double[] own = line.Images(card => card.Curves.GetValueOrDefault("insertion"));
        double[] random = line.Images(card => card.Curves.GetValueOrDefault(Examination.RandomOrder));
        return [.. own.Zip(random, (area, reference) => area - reference)];
    }

    public static Lift Lift(Line line, string protocol, string measure)
        => Metrics.Lift.Of(line.Images(protocol, measure), line.Images(protocol, measure, result => result.Others));
}
