using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks.Steps;

/// <summary>Attributions and attacks as research code writes them: one image at a time, one point of a path and one step after the other.</summary>
internal sealed class PlainExplanations(Sequential network)
{
    private const double Budget = 8.0 / 255;

    /// <summary>Every image by itself, the results side by side.</summary>
    public static Tensor EachImage(Tensor images, Tensor classes, Func<Tensor, Tensor, Tensor> explain)
    {
        using IDisposable scope = NewDisposeScope();
        var found = new List<Tensor>();
        for (int i = 0; i < images.shape[0]; i++)
        {
            using IDisposable one = NewDisposeScope();
            found.Add(explain(images.narrow(0, i, 1), classes.narrow(0, i, 1)).detach().MoveToOuterDisposeScope());
        }

        return cat(found, 0).MoveToOuterDisposeScope();
    }

    /// <summary>Sundararajan et al. 2017, eq. 1, from black, with the trapezoid rule: one forward and backward pass for each point.</summary>
    public Tensor IntegratedGradients(Tensor image, Tensor y, int steps)
    {
        Tensor sum = zeros_like(image);
        for (int i = 0; i <= steps; i++)
        {
            double weight = i == 0 || i == steps ? 0.5 : 1;
            sum = sum + (Gradient(image * ((double)i / steps), y) * (weight / steps));
        }

        return image * sum;
    }

    /// <summary>Smilkov et al. 2017: one forward and backward pass for each noisy copy.</summary>
    public Tensor SmoothGrad(Tensor image, Tensor y, int samples)
    {
        using var generator = new Generator(0, CPU);
        Tensor sum = zeros_like(image);
        for (int i = 0; i < samples; i++)
        {
            Tensor noise = randn([1, 3, 32, 32], ScalarType.Float32, CPU, generator: generator).to(image.device);
            sum = sum + Gradient(image + (noise * 0.15), y);
        }

        return sum / samples;
    }

    /// <summary>Selvaraju et al. 2017, eq. 1 and 2, at the last feature maps.</summary>
    public Tensor GradCam(Tensor image, Tensor y, string featureLayer)
    {
        Tensor? features = null;
        Tensor x = Normalized(image);
        foreach ((string name, nn.Module layer) in network.named_children())
        {
            x = ((nn.Module<Tensor, Tensor>)layer).call(x);
            if (name == featureLayer)
            {
                features = x = x.detach().requires_grad_(true);
            }
        }

        Tensor gradient = autograd.grad([x.gather(1, y.unsqueeze(1)).sum()], [features!])[0];
        Tensor map = nn.functional.relu((gradient.mean([2, 3], true) * features!).sum(1, true));
        return nn.functional.interpolate(map, [32, 32], mode: InterpolationMode.Bilinear, align_corners: false);
    }

    /// <summary>Bach et al. 2015, Montavon et al. 2019: z⁺ at convolutions, ε = 1e-6 at linear layers (chains of ReLU layers).</summary>
    public Tensor Relevance(Tensor image, Tensor y)
    {
        nn.Module<Tensor, Tensor>[] layers = [.. network.children().Cast<nn.Module<Tensor, Tensor>>()];
        List<Tensor> inputs = [Normalized(image)];
        foreach (nn.Module<Tensor, Tensor> layer in layers)
        {
            inputs.Add(layer.call(inputs[^1]).detach());
        }

        Tensor relevance = inputs[^1] * nn.functional.one_hot(y, inputs[^1].shape[1]);
        for (int i = layers.Length - 1; i >= 0; i--)
        {
            Tensor a = inputs[i].detach().requires_grad_(true);
            relevance = layers[i] switch
            {
                PlainActivation => relevance,
                Conv2d convolution => Distribute(a, PositivePart(convolution, a), relevance, 1e-9),
                nn.Module<Tensor, Tensor> other => Distribute(a, other.call(a), relevance, other is Linear ? 1e-6 : 1e-9),
            };
        }

        return relevance;
    }

    /// <summary>Ghorbani et al. 2019, algorithm 1, as Singh et al. 2020 evaluate: the share of the map on its k = 100 most salient pixels.</summary>
    /// <returns>[1]: the share that is left.</returns>
    public Tensor TopK(Tensor image, Tensor y, int steps)
    {
        (Tensor map, Tensor logits) = Map(image.detach().requires_grad_(true), y, byMaximum: false);
        Tensor top = map.flatten(1).topk(100, 1).indexes, prediction = logits.argmax(1);
        float best = 1;
        Tensor current = image;
        for (int step = 0; step <= steps; step++)
        {
            Tensor at = current.detach().requires_grad_(true);
            (map, logits) = Map(at, y, byMaximum: false);
            Tensor share = map.flatten(1).gather(1, top).sum();
            best = logits.argmax(1).eq(prediction).item<bool>() ? Math.Min(best, share.item<float>()) : best;
            if (step < steps)
            {
                Tensor gradient = autograd.grad([share], [at])[0];
                Tensor moved = at.detach() - (gradient.sign() * (1.0 / 255));
                current = maximum(minimum(moved, image + Budget), image - Budget).clamp(0, 1);
            }
        }

        return tensor(new[] { best });
    }

    /// <summary>Dombrowski et al. 2019, as Joo et al. 2023 evaluate: torch.optim.Adam on the image, towards a frame.</summary>
    /// <returns>[1]: the smallest loss found.</returns>
    public Tensor TargetMap(Tensor image, Tensor y, int steps)
    {
        const double Radius = 4.0 / 255;
        Tensor target = ones([1, 32, 32], device: image.device);
        target.narrow(1, 5, 22).narrow(2, 5, 22).zero_();
        target = target / target.amax([1, 2], true);
        Tensor clean = network.call(Normalized(image)).detach(), prediction = clean.argmax(1);
        using var current = new Parameter(image.detach().clone(), requires_grad: true);
        optim.Optimizer optimizer = optim.Adam([current], 4 * Radius / steps);
        float best = float.PositiveInfinity;
        for (int step = 0; step <= steps; step++)
        {
            optimizer.zero_grad();
            (Tensor map, Tensor logits) = Map(current, y, byMaximum: true);
            Tensor loss = ((map - target).square().sum() * 0.5) + ((logits - clean).square().sum() * 0.5);
            best = logits.argmax(1).eq(prediction).item<bool>() ? Math.Min(best, loss.item<float>()) : best;
            if (step < steps)
            {
                loss.backward();
                optimizer.step();
                using IDisposable mode = no_grad();
                current.copy_(maximum(minimum(current, image + Radius), image - Radius).clamp(0, 1));
            }
        }

        return tensor(new[] { best });
    }

    /// <summary>|g_y| summed over the channels and divided by its sum or its maximum, [1,H,W], with its graph; and the logits.</summary>
    private (Tensor Map, Tensor Logits) Map(Tensor image, Tensor y, bool byMaximum)
    {
        Tensor logits = network.call(Normalized(image));
        Tensor gradient = autograd.grad([logits.gather(1, y.unsqueeze(1)).sum()], [image], null, true, true)[0];
        Tensor map = gradient.abs().sum(1);
        return (map / (byMaximum ? map.amax([1, 2], true) : map.sum([1, 2], true)), logits);
    }

    private Tensor Gradient(Tensor image, Tensor y)
    {
        Tensor at = image.detach().requires_grad_(true);
        return autograd.grad([network.call(Normalized(at)).gather(1, y.unsqueeze(1)).sum()], [at])[0];
    }

    private static Tensor PositivePart(Conv2d layer, Tensor a)
    {
        Tensor weight = layer.weight!;
        return nn.functional.conv2d(a.clamp_min(0), weight.clamp_min(0), layer.bias!.clamp_min(0), [1, 1], [1, 1])
            + nn.functional.conv2d(a.clamp_max(0), weight.clamp_max(0), null, [1, 1], [1, 1]);
    }

    /// <summary>R_i = a_i · ∂/∂a_i Σ_j z_j · (R_j / z_j), the factor in brackets a constant.</summary>
    private static Tensor Distribute(Tensor a, Tensor z, Tensor relevance, double stabilizer)
    {
        Tensor share = (relevance / where(z.ge(0), z + stabilizer, z - stabilizer)).detach();
        return a.detach() * autograd.grad([(z * share).sum()], [a])[0];
    }

    private static Tensor Normalized(Tensor pixels) => (pixels - 0.5) / 0.5;
}
