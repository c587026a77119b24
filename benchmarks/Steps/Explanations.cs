using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks.Steps;

/// <summary>How much each method has to do.</summary>
internal readonly record struct Effort(int Points, int AttackSteps, int TargetSteps, int Repeats);

/// <summary>The library's attributions and attacks on a batch against <see cref="PlainExplanations"/>, which take one image at a time.</summary>
internal static class Explanations
{
    public static IReadOnlyList<string> Columns { get; } =
    [
        "network", "method", "threads", "images", "library, ms per image", "plain, ms per image", "plain / library",
        "plain / library, processor time", "relative difference",
    ];

    public static IEnumerable<object[]> Measure(NetworkCase network, int images, Effort effort, int threads, Device device)
    {
        (int points, int attackSteps, int targetSteps, int repeats) = effort;
        foreach (string method in new[] { "top-k attack", "target-map attack", "integrated gradients", "SmoothGrad", "LRP ε-plus", "Grad-CAM" })
        {
            if (method == "LRP ε-plus" && network.Name == "resnet18")
            {
                continue; // the plain loop knows chains of layers only
            }

            bool attack = method.EndsWith("attack", StringComparison.Ordinal);
            // Attacks go through second derivatives: the network of AGA; the others explain the network of cross-entropy.
            var setup = new Setup(network, ObjectiveCase.Of(attack ? "aga" : "ce"), images, device, Precision.Float32);
            using ImageNetwork own = setup.NewNetwork();
            using var plain = (Sequential)network.Plain(new ActivationSwitch(setup.Objective.Beta));
            plain.load_state_dict(own.Backbone.state_dict());
            own.MoveTo(device);
            plain.to(device);
            plain.eval();
            (Tensor x, Tensor y) = setup.NewBatch();
            using (x)
            using (y)
            {
                var loops = new PlainExplanations(plain);
                Func<Tensor> library = method switch
                {
                    "top-k attack" => () => Gain(new TopKAttack { Steps = attackSteps }, own, x, y),
                    "target-map attack" => () => Gain(new TargetMapAttack { Steps = targetSteps }, own, x, y),
                    "integrated gradients" => () => Attribute(new IntegratedGradients { Steps = points }, own, x, y),
                    "SmoothGrad" => () => Attribute(new SmoothGrad { Samples = points }, own, x, y),
                    "LRP ε-plus" => () => Attribute(new LayerwiseRelevance(), own, x, y),
                    _ => () => Attribute(new GradCam(), own, x, y),
                };
                Func<Tensor, Tensor, Tensor> single = method switch
                {
                    "top-k attack" => (image, label) => loops.TopK(image, label, attackSteps),
                    "target-map attack" => (image, label) => loops.TargetMap(image, label, targetSteps),
                    "integrated gradients" => (image, label) => loops.IntegratedGradients(image, label, points),
                    "SmoothGrad" => (image, label) => loops.SmoothGrad(image, label, points),
                    "LRP ε-plus" => loops.Relevance,
                    _ => (image, label) => loops.GradCam(image, label, own.FeatureLayer!),
                };
                List<Cost> ours = [], theirs = [];
                double difference = double.NaN;
                for (int round = 0; round <= repeats; round++) // the first one warms up
                {
                    using IDisposable scope = NewDisposeScope();
                    Tensor? found = null, expected = null;
                    Cost first = Clock.Of(() => found = library(), device);
                    Cost second = Clock.Of(() => expected = PlainExplanations.EachImage(x, y, single), device);
                    if (round == 0)
                    {
                        difference = ((found! - expected!.to(found!.device)).abs().sum() / expected.abs().sum()).item<float>();
                        continue;
                    }

                    ours.Add(first);
                    theirs.Add(second);
                }

                yield return [
                    network.Name, method, threads, images, Cost.Median(ours).Wall / images, Cost.Median(theirs).Wall / images,
                    Cost.Median(theirs.Zip(ours, (a, b) => a.Wall / b.Wall)),
                    Cost.Median(theirs.Zip(ours, (a, b) => a.Processor / b.Processor)), difference,
                ];
            }
        }
    }

    private static Tensor Attribute(IAttributionMethod method, ImageNetwork network, Tensor images, Tensor classes)
    {
        using IDisposable inspection = network.ForInspection();
        return method.Attribute(network, images, classes);
    }

    /// <summary>The attack's objective with the sign of a loss, [N].</summary>
    private static Tensor Gain(AttributionAttack attack, ImageNetwork network, Tensor images, Tensor classes)
    {
        using var generator = new Generator(3, network.Device);
        using AttackResult result = attack.Perturb(network, images, classes, generator);
        return (-result.Gain).to(ScalarType.Float32);
    }
}
