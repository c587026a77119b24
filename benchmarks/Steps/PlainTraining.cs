using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks.Steps;

/// <summary>
/// One training step as the papers' formulas read, in plain TorchSharp: every pass and every graph that a script with autograd takes, and
/// nothing shared between them but the forward pass of the cross-entropy.
/// </summary>
internal sealed class PlainTraining : ITrainingStep
{
    private const double Epsilon = 8.0 / 255;
    private readonly ActivationSwitch activation;
    private readonly nn.Module<Tensor, Tensor> network;
    private readonly optim.Optimizer optimizer;
    private readonly Func<Tensor, Tensor, Tensor> loss;
    private readonly bool clips;
    private readonly Device device;
    private readonly Tensor images;
    private readonly Tensor classes;

    public PlainTraining(Setup setup)
    {
        activation = new ActivationSwitch(setup.Objective.Beta);
        network = setup.Network.Plain(activation);
        using (Networks.ImageNetwork source = setup.NewNetwork())
        {
            network.load_state_dict(source.Backbone.state_dict());
        }

        device = setup.Device;
        network.to(device);
        network.train();
        optimizer = setup.Objective.UsesSgd
            ? optim.SGD(network.parameters(), ObjectiveCase.LearningRate, 0.9, 0, 0, true)
            : optim.AdamW(network.parameters(), ObjectiveCase.LearningRate);
        clips = setup.Objective.Clips;
        (images, classes) = setup.NewBatch();
        loss = setup.Objective.Name switch
        {
            "ce" => (x, y) => CrossEntropy(Logits(x), y),
            "pgd" => ProjectedGradientDescent,
            "hessian" => HessianNorm,
            "aga" or "aga-attached" => LocalGradientAlignment,
            "art" => SpatialAlignment,
            _ => throw new ArgumentException($"No plain loop of {setup.Objective.Name} is written."),
        };
    }

    public double Loss { get; private set; }

    public Cost Run() => Clock.Of(Train, device);

    public void Dispose()
    {
        optimizer.Dispose();
        network.Dispose();
        images.Dispose();
        classes.Dispose();
    }

    private void Train()
    {
        using IDisposable scope = NewDisposeScope();
        optimizer.zero_grad();
        Tensor value = loss(images, classes);
        value.backward();
        if (clips)
        {
            nn.utils.clip_grad_norm_(network.parameters(), 0.5);
        }

        optimizer.step();
        Loss = value.item<float>(); // scripts print it
    }

    /// <summary>Joo et al. 2023: CE + w_l2·‖g(x) − g(x+z)‖² + w_cos·(1 − cos(g(x), g(x+z)))/2.</summary>
    private Tensor LocalGradientAlignment(Tensor pixels, Tensor y)
    {
        Tensor x = Normalized(pixels).requires_grad_(true);
        Tensor logits = network.call(x);
        Tensor g = Gradient(logits.gather(1, y.unsqueeze(1)), x);
        Tensor z = ((rand_like(x) * 2) - 1) * (4.0 / 255 / 0.5);
        Tensor moved = (x + z).detach().requires_grad_(true);
        Tensor gMoved = Gradient(network.call(moved).gather(1, y.unsqueeze(1)), moved);
        Tensor l2 = (g - gMoved).flatten(1).square().sum(1).mean();
        Tensor cosine = Cosine(g.flatten(1), gMoved.flatten(1)).mean();
        return CrossEntropy(logits, y) + (l2 * 0.01) + ((1 - cosine) / 2);
    }

    /// <summary>Joo et al. 2023, baseline: CE + w·‖Hv‖², H the Hessian of the true logit.</summary>
    private Tensor HessianNorm(Tensor pixels, Tensor y)
    {
        Tensor x = Normalized(pixels).requires_grad_(true);
        Tensor logits = network.call(x);
        Tensor g = Gradient(logits.gather(1, y.unsqueeze(1)), x);
        Tensor hv = Gradient(g * randn_like(x), x);
        return CrossEntropy(logits, y) + (hv.flatten(1).square().sum(1).mean() * 1e-3);
    }

    /// <summary>Madry et al. 2018: CE at the images after 7 steps of 2/255.</summary>
    private Tensor ProjectedGradientDescent(Tensor pixels, Tensor y)
    {
        network.eval();
        Tensor attacked = RandomStart(pixels);
        for (int step = 0; step < 7; step++)
        {
            Tensor at = attacked.detach().requires_grad_(true);
            Tensor gradient = autograd.grad([CrossEntropy(Logits(at), y)], [at])[0];
            attacked = Project(at.detach() + (gradient.sign() * (2.0 / 255)), pixels);
        }

        network.train();
        return CrossEntropy(Logits(attacked), y);
    }

    /// <summary>Singh et al. 2020: 3 inner steps on the soft-margin triplet loss, then CE(x̃) + 0.5·triplet over {x, x̃}.</summary>
    private Tensor SpatialAlignment(Tensor pixels, Tensor y)
    {
        network.eval();
        Tensor attacked = RandomStart(pixels);
        Tensor start = Normalized(attacked).requires_grad_(true);
        Tensor saliency = autograd.grad([network.call(start).gather(1, y.unsqueeze(1)).sum()], [start])[0];
        Tensor top = saliency.flatten(1).abs().topk(1000, 1).indexes;
        for (int step = 0; step < 3; step++)
        {
            Tensor at = attacked.detach().requires_grad_(true);
            (Tensor x, Tensor own, Tensor rival) = Gradients(at, y);
            Tensor anchor = x.flatten(1).gather(1, top);
            Tensor far = 1 - Cosine(anchor, rival.flatten(1).gather(1, top));
            Tensor near = 1 - Cosine(anchor, own.flatten(1).gather(1, top));
            Tensor gradient = autograd.grad([SoftMargin(far - near).sum()], [at])[0];
            attacked = Project(at.detach() + (gradient.sign() * (5.0 / 255)), pixels);
        }

        network.train();
        (Tensor cleanX, Tensor cleanOwn, Tensor cleanRival) = Gradients(pixels.detach().requires_grad_(true), y);
        (Tensor movedX, Tensor movedOwn, Tensor movedRival) = Gradients(attacked.detach().requires_grad_(true), y);
        Tensor triplet = cat([Triplet(cleanX.detach()), Triplet(movedX.detach())], 0).mean();
        return CrossEntropy(Logits(attacked), y) + (triplet * 0.5);

        Tensor Triplet(Tensor anchor)
        {
            Tensor own = maximum(1 - Cosine(anchor.flatten(1), cleanOwn.flatten(1)), 1 - Cosine(anchor.flatten(1), movedOwn.flatten(1)));
            Tensor rival = minimum(1 - Cosine(anchor.flatten(1), cleanRival.flatten(1)), 1 - Cosine(anchor.flatten(1), movedRival.flatten(1)));
            return SoftMargin(rival - own);
        }
    }

    /// <summary>The normalised images, and the gradients of the true and of the strongest wrong class there, through softplus β = 50.</summary>
    private (Tensor X, Tensor Own, Tensor Rival) Gradients(Tensor pixels, Tensor y)
    {
        double? former = activation.Beta;
        activation.Beta = 50;
        Tensor x = Normalized(pixels);
        Tensor logits = network.call(x);
        activation.Beta = former;
        Tensor wrong = logits.detach().scatter(1, y.unsqueeze(1), full_like(y.unsqueeze(1), float.NegativeInfinity, logits.dtype)).argmax(1);
        return (x, Gradient(logits.gather(1, y.unsqueeze(1)), x), Gradient(logits.gather(1, wrong.unsqueeze(1)), x));
    }

    private Tensor Logits(Tensor pixels) => network.call(Normalized(pixels));

    private static Tensor Normalized(Tensor pixels) => (pixels - 0.5) / 0.5;

    private static Tensor CrossEntropy(Tensor logits, Tensor y) => nn.functional.cross_entropy(logits, y);

    private static Tensor Gradient(Tensor values, Tensor at) => autograd.grad([values.sum()], [at], null, true, true)[0];

    private static Tensor Cosine(Tensor a, Tensor b) => nn.functional.cosine_similarity(a, b, 1);

    private static Tensor SoftMargin(Tensor margin) => nn.functional.softplus(-margin, 1, 20);

    private static Tensor RandomStart(Tensor pixels) => (pixels + (((rand_like(pixels) * 2) - 1) * Epsilon)).clamp(0, 1);

    private static Tensor Project(Tensor moved, Tensor pixels) => maximum(minimum(moved, pixels + Epsilon), pixels - Epsilon).clamp(0, 1);
}
