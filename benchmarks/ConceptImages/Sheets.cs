using System.Globalization;
using Microsoft.ML.Data;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.MLNet;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.ConceptImages;

/// <summary>A trained network and what to call it.</summary>
internal sealed record Trained(string Name, ImageNetwork Network);

/// <summary>The pages of docs/concepts.md.</summary>
/// <param name="images">[N,1,28,28] in [0, 1].</param>
/// <param name="classes">[N]: their true classes.</param>
/// <param name="networks">The networks to compare.</param>
internal sealed class Sheets(Tensor images, Tensor classes, IReadOnlyList<Trained> networks)
{
    /// <summary>Test images to choose from.</summary>
    public const int Candidates = 40;

    private const int Shown = 2;
    private const int Side = 28;
    private const double Radius = 8.0 / 255;
    private static readonly MapReduction Magnitude = new();
    private static readonly string Clip = string.Create(CultureInfo.InvariantCulture, $"{SaliencyImage.DefaultClipPercentile}th percentile");
    private readonly int[] chosen =
    [
        .. Enumerable.Range(0, Candidates)
            .Where(row => networks.All(trained => IsUsable(trained, images.narrow(0, row, 1), classes[row].ToInt64())))
            .Take(Shown),
    ];

    /// <summary>A perturbation that changes the map and not the prediction.</summary>
    public void Fragile(string path)
    {
        var sheet = new ContactSheet("One image, one prediction, two explanations")
        {
            Subtitles =
            [
                "The first two Fashion-MNIST test images that both networks get right and that the attack succeeds on for both.",
                $"Map: |gradient of the predicted class|; the two maps of a row share one scale, clipped at the {Clip} of the first.",
                "Top-k attack, 50 steps; no pixel moves by more than 8/255 (perturbation drawn 8 times stronger, grey is 0).",
            ],
            ColorBar = new ColorBar(ColorMap.Inferno, "0", $"≥ {Clip}"),
            Columns = ["image", "its map", "perturbation × 8", "attacked image", "its map"],
        };
        foreach (int row in chosen)
        {
            foreach (Trained trained in networks)
            {
                using IDisposable scope = NewDisposeScope();
                Tensor image = images.narrow(0, row, 1);
                Tensor predicted = Predict(trained, image);
                AttackResult attacked = Attack(trained, new TopKAttack(), image, predicted);
                Tensor map = Map(trained, new InputGradient(), image, predicted);
                Tensor after = Map(trained, new InputGradient(), attacked.Images, predicted);
                float[] perturbation = (attacked.Images - image).data<float>().ToArray();
                string[] numbers =
                [
                    $"top-100 {Number(new TopKIntersection().Compare(map, after))}",
                    $"Kendall τ {Number(new KendallTau().Compare(map, after))}",
                ];
                sheet.Add(trained.Name, [
                    Image(image, Prediction(trained, image)),
                    Cell(map, map),
                    ContactSheetCell.Perturbation(perturbation, 1, Side, Side, 8),
                    Image(attacked.Images, Prediction(trained, attacked.Images)),
                    Cell(after, map, numbers),
                ]);
            }
        }

        Save(sheet, path);
    }

    /// <summary>What the attributions make of one image.</summary>
    public void Attributions(string path)
    {
        (string, IAttributionMethod)[] methods =
        [
            ("gradient", new InputGradient()), ("gradient × input", new GradientTimesInput()), ("integrated", new IntegratedGradients()),
            ("SmoothGrad", new SmoothGrad()), ("guided backprop.", new GuidedBackpropagation()), ("LRP ε-γ-box", new LayerwiseRelevance()),
            ("Grad-CAM", new GradCam()),
        ];
        var sheet = new ContactSheet("One image, seven explanations")
        {
            Subtitles = [$"Fashion-MNIST test image {chosen[0]}. Magnitudes; each map has a scale of its own, clipped at its {Clip}."],
            Columns = ["image", .. methods.Select(method => method.Item1)],
            ColorBar = new ColorBar(ColorMap.Inferno, "0", $"≥ {Clip}"),
        };
        foreach (Trained trained in networks)
        {
            using IDisposable scope = NewDisposeScope();
            Tensor image = images.narrow(0, chosen[0], 1);
            Tensor predicted = Predict(trained, image);
            IEnumerable<Tensor> maps = methods.Select(method => Map(trained, method.Item2, image, predicted));
            sheet.Add(trained.Name, [Image(image, Prediction(trained, image)), .. maps.Select(map => Cell(map, map))]);
        }

        Save(sheet, path);
    }

    /// <summary>What the attacks make of one map.</summary>
    public void Attacks(string path)
    {
        var ball = new LinfBall(Radius);
        (string, IAttributionAttack)[] attacks =
        [
            ("random noise", new RandomNoise { ThreatModel = ball }), ("top-k", new TopKAttack { ThreatModel = ball }),
            ("centre of mass", new CenterOfMassAttack { ThreatModel = ball }), ("target map: frame", new TargetMapAttack { ThreatModel = ball }),
        ];
        var sheet = new ContactSheet("One map under four attacks")
        {
            Subtitles =
            [
                $"Fashion-MNIST test image {chosen[0]}, ε = 8/255, defaults otherwise. Below: Pearson correlation with the first map.",
                $"The maps of a row share one scale, clipped at the {Clip} of the first.",
            ],
            Columns = ["image", "its map", .. attacks.Select(attack => attack.Item1)],
            ColorBar = new ColorBar(ColorMap.Inferno, "0", $"≥ {Clip}"),
        };
        foreach (Trained trained in networks)
        {
            using IDisposable scope = NewDisposeScope();
            Tensor image = images.narrow(0, chosen[0], 1);
            Tensor predicted = Predict(trained, image);
            Tensor map = Map(trained, new InputGradient(), image, predicted);
            List<ContactSheetCell> cells = [Image(image, Prediction(trained, image)), Cell(map, map)];
            foreach ((_, IAttributionAttack attack) in attacks)
            {
                AttackResult attacked = Attack(trained, attack, image, predicted);
                Tensor after = Map(trained, new InputGradient(), attacked.Images, predicted);
                string caption = Found(attacked, image) ? $"Pearson {Number(new PearsonCorrelation().Compare(map, after))}" : "none found";
                cells.Add(Cell(after, map, caption));
            }

            sheet.Add(trained.Name, cells);
        }

        Save(sheet, path);
    }

    private static AttackResult Attack(Trained trained, IAttributionAttack attack, Tensor image, Tensor predicted)
    {
        using var generator = new Generator(1, CPU);
        return attack.Perturb(trained.Network, image, predicted, generator);
    }

    /// <summary>Whether there is a copy that keeps the prediction and is a better one, for the attacker, than the image itself.</summary>
    private static bool Found(AttackResult attacked, Tensor image)
        => attacked.Valid.all().ToBoolean() && attacked.Images.ne(image).any().ToBoolean();

    private static bool IsUsable(Trained trained, Tensor image, long trueClass)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor predicted = Predict(trained, image);
        return predicted.ToInt64() == trueClass && Found(Attack(trained, new TopKAttack(), image, predicted), image);
    }

    private static void Save(ContactSheet sheet, string path)
    {
        using MLImage page = sheet.Render();
        page.Save(path);
    }

    private static Tensor Predict(Trained trained, Tensor image) => trained.Network.Logits(image).argmax(1).detach();

    private static Tensor Map(Trained trained, IAttributionMethod method, Tensor image, Tensor predicted)
        => Magnitude.Reduce(method.Attribute(trained.Network, image, predicted)).detach();

    private static string Prediction(Trained trained, Tensor image)
    {
        Tensor probabilities = nn.functional.softmax(trained.Network.Logits(image), 1).detach();
        string name = KnownDatasets.FashionMnist.ClassNames[(int)probabilities.argmax(1).ToInt64()];
        return $"{name} {probabilities.max().ToDouble().ToString("0 %", CultureInfo.InvariantCulture)}";
    }

    private static ContactSheetCell Image(Tensor image, params string[] captions)
        => ContactSheetCell.Image(image.data<float>().ToArray(), 1, Side, Side, captions);

    private static ContactSheetCell Cell(Tensor map, Tensor first, params string[] captions)
    {
        double scale = SaliencyImage.ClipValue(first.data<float>().ToArray());
        return ContactSheetCell.Map(map.data<float>().ToArray(), Side, Side, scale, ColorMap.Inferno, captions);
    }

    private static string Number(Tensor value) => value.ToDouble().ToString("0.00", CultureInfo.InvariantCulture);
}
