using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Tests.Fixtures;

/// <summary>A sequence of torch.nn's modules around an activation.</summary>
public sealed record PlainSequence : NetworkArchitecture
{
    /// <summary>
    /// "relu" works in place, "tanh" has nothing to exchange, "function" is a ReLU that is no module, "normalized" has batch normalisation before the
    /// ReLU, "random" draws numbers even in evaluation mode, "hardsigmoid" has no second derivative in libtorch, "in place" changes what a ReLU put out.
    /// </summary>
    public string Kind { get; init; } = "relu";

    public override nn.Module<Tensor, Tensor> Build(InputSpecification input, int classCount, Generator generator)
    {
        nn.Module<Tensor, Tensor> activation = Kind switch
        {
            "relu" => nn.ReLU(inplace: true),
            "tanh" => nn.Tanh(),
            "function" => new Function(x => nn.functional.relu(x)),
            "hardsigmoid" => nn.Hardsigmoid(),
            "in place" => new Function(x => nn.functional.relu(x).mul_(3)),
            "random" => new Function(x => nn.functional.dropout(x, 0.1, training: true)),
            _ => nn.Sequential(nn.BatchNorm2d(4), nn.ReLU()),
        };
        return nn.Sequential(
            ("conv", nn.Conv2d(input.Channels, 4, 3, padding: 1)),
            ("act", activation),
            ("flatten", nn.Flatten()),
            ("fc", nn.Linear(4 * input.Height * input.Width, classCount)));
    }

    private sealed class Function(Func<Tensor, Tensor> function) : nn.Module<Tensor, Tensor>(nameof(Function))
    {
        public override Tensor forward(Tensor input) => function(input);
    }
}
