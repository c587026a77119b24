using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.References;

/// <summary>f(u) = W₂ a(W₁ u + b₁) + b₂ at the normalised image u, with its first and second derivatives by hand.</summary>
internal sealed class MlpReference
{
    private readonly double[,] w1, w2;
    private readonly double[] b1, b2, mean, deviation;
    private readonly double? beta;

    /// <param name="network">Made by <see cref="Network"/>.</param>
    /// <param name="beta">Softplus' β; null for ReLU.</param>
    public MlpReference(ImageNetwork network, double? beta)
    {
        Tensor[] parameters = [.. network.Backbone.parameters()];
        (w1, b1, w2, b2) = (Values.Matrix(parameters[0]), Values.Of(parameters[1]), Values.Matrix(parameters[2]), Values.Of(parameters[3]));
        this.beta = beta;
        int pixels = network.Input.Height * network.Input.Width;
        mean = [.. Enumerable.Range(0, network.Input.ValueCount).Select(i => network.Input.Mean[i / pixels % network.Input.Mean.Count])];
        IReadOnlyList<double> deviations = network.Input.StandardDeviation;
        deviation = [.. Enumerable.Range(0, network.Input.ValueCount).Select(i => deviations[i / pixels % deviations.Count])];
    }

    public int Inputs => w1.GetLength(1);

    public int Classes => w2.GetLength(0);

    /// <summary>The network that the reference describes, in float64.</summary>
    public static ImageNetwork Network(
        ulong seed, Activation activation, int channels = 2, int size = 4, int hidden = 6, int classes = 3, int? width = null)
    {
        using var generator = new Generator(seed, CPU);
        InputSpecification input = TinyNetworks.Input(channels, size) with { Width = width ?? size };
        int inputs = input.ValueCount;
        var backbone = nn.Sequential(
            nn.Flatten(),
            SeededLayers.Linear(inputs, hidden, generator),
            new ActivationLayer(activation),
            SeededLayers.Linear(hidden, classes, generator));
        var network = new ImageNetwork(backbone, input, classes);
        network.MoveTo(CPU, ScalarType.Float64);
        return network;
    }

    public double[] Normalize(double[] x) => [.. x.Select((value, i) => (value - mean[i]) / deviation[i])];

    public double[] Logits(double[] u)
    {
        var logits = (double[])b2.Clone();
        for (int k = 0; k < Classes; k++)
        for (int h = 0; h < b1.Length; h++)
        {
            logits[k] += w2[k, h] * A(Hidden(u, h));
        }

        return logits;
    }

    /// <summary>g_k at the normalised image.</summary>
    public double[] Gradient(double[] u, int k)
    {
        var gradient = new double[Inputs];
        for (int h = 0; h < b1.Length; h++)
        for (int i = 0; i < Inputs; i++)
        {
            gradient[i] += w2[k, h] * FirstDerivative(Hidden(u, h)) * w1[h, i];
        }

        return gradient;
    }

    /// <summary>g_k in pixel scale, at an image in pixel scale.</summary>
    public double[] PixelGradient(double[] x, int k) => [.. Gradient(Normalize(x), k).Select((value, i) => value / deviation[i])];

    /// <summary>H_k v at the normalised image.</summary>
    public double[] HessianTimes(double[] u, int k, double[] v)
    {
        var product = new double[Inputs];
        for (int h = 0; h < b1.Length; h++)
        {
            double along = 0;
            for (int i = 0; i < Inputs; i++)
            {
                along += w1[h, i] * v[i];
            }

            for (int i = 0; i < Inputs; i++)
            {
                product[i] += w2[k, h] * SecondDerivative(Hidden(u, h)) * w1[h, i] * along;
            }
        }

        return product;
    }

    private double Hidden(double[] u, int h)
    {
        double sum = b1[h];
        for (int i = 0; i < u.Length; i++)
        {
            sum += w1[h, i] * u[i];
        }

        return sum;
    }

    private double A(double x) => beta is { } b ? Math.Log(1 + Math.Exp(b * x)) / b : Math.Max(x, 0);

    private double FirstDerivative(double x) => beta is { } b ? 1 / (1 + Math.Exp(-b * x)) : x > 0 ? 1 : 0;

    private double SecondDerivative(double x) => beta is { } b ? b * FirstDerivative(x) * (1 - FirstDerivative(x)) : 0;
}
