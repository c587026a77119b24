using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks.Steps;

/// <summary>What every activation of a plain network computes now: softplus of β, or ReLU where it is null.</summary>
internal sealed class ActivationSwitch(double? beta)
{
    public double? Beta { get; set; } = beta;
}

/// <summary>An activation as research code writes it.</summary>
internal sealed class PlainActivation : nn.Module<Tensor, Tensor>
{
    private readonly ActivationSwitch activation;

    public PlainActivation(ActivationSwitch activation)
        : base(nameof(PlainActivation))
    {
        this.activation = activation;
        RegisterComponents();
    }

    public double? Beta => activation.Beta;

    public override Tensor forward(Tensor input)
        => activation.Beta is double beta ? nn.functional.softplus(input, beta, 20) : nn.functional.relu(input);
}

/// <summary>The networks once more, from plain torch.nn modules. Parameters have the library's names, so weights can be copied.</summary>
internal static class PlainNetworks
{
    /// <summary>Convolutions 3-w₁-w₁-pool-w₂-w₂-pool, a hidden layer, 10 classes; images of 3×32×32.</summary>
    public static Sequential Chain(int first, int second, int hidden, ActivationSwitch activation)
        => nn.Sequential(
            ("conv1", nn.Conv2d(3, first, 3, padding: 1)),
            ("relu1", new PlainActivation(activation)),
            ("conv2", nn.Conv2d(first, first, 3, padding: 1)),
            ("relu2", new PlainActivation(activation)),
            ("pool1", nn.MaxPool2d(2)),
            ("conv3", nn.Conv2d(first, second, 3, padding: 1)),
            ("relu3", new PlainActivation(activation)),
            ("conv4", nn.Conv2d(second, second, 3, padding: 1)),
            ("relu4", new PlainActivation(activation)),
            ("pool2", nn.MaxPool2d(2)),
            ("flatten", nn.Flatten()),
            ("fc1", nn.Linear(second * 64, hidden)),
            ("relu5", new PlainActivation(activation)),
            ("fc2", nn.Linear(hidden, 10)));

    /// <summary>ResNet-18 with a 3×3 stem (He et al. 2016).</summary>
    public static Sequential ResNet18(ActivationSwitch activation)
        => nn.Sequential(
            ("conv1", nn.Conv2d(3, 64, 3, padding: 1, bias: false)),
            ("bn1", nn.BatchNorm2d(64)),
            ("relu", new PlainActivation(activation)),
            ("layer1", nn.Sequential(new PlainBlock(64, 64, 1, activation), new PlainBlock(64, 64, 1, activation))),
            ("layer2", nn.Sequential(new PlainBlock(64, 128, 2, activation), new PlainBlock(128, 128, 1, activation))),
            ("layer3", nn.Sequential(new PlainBlock(128, 256, 2, activation), new PlainBlock(256, 256, 1, activation))),
            ("layer4", nn.Sequential(new PlainBlock(256, 512, 2, activation), new PlainBlock(512, 512, 1, activation))),
            ("avgpool", nn.AdaptiveAvgPool2d(1)),
            ("flatten", nn.Flatten()),
            ("fc", nn.Linear(512, 10)));
}

/// <summary>Two 3×3 convolutions beside a shortcut.</summary>
internal sealed class PlainBlock : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d conv1;
    private readonly BatchNorm2d bn1;
    private readonly PlainActivation relu1;
    private readonly Conv2d conv2;
    private readonly BatchNorm2d bn2;
    private readonly Sequential? downsample;
    private readonly PlainActivation relu2;

    public PlainBlock(int input, int width, int stride, ActivationSwitch activation)
        : base(nameof(PlainBlock))
    {
        conv1 = nn.Conv2d(input, width, 3, stride, 1, bias: false);
        bn1 = nn.BatchNorm2d(width);
        relu1 = new PlainActivation(activation);
        conv2 = nn.Conv2d(width, width, 3, 1, 1, bias: false);
        bn2 = nn.BatchNorm2d(width);
        downsample = input == width ? null : nn.Sequential(nn.Conv2d(input, width, 1, stride, bias: false), nn.BatchNorm2d(width));
        relu2 = new PlainActivation(activation);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        Tensor branch = bn2.call(conv2.call(relu1.call(bn1.call(conv1.call(input)))));
        return relu2.call(branch + (downsample is null ? input : downsample.call(input)));
    }
}
