using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Fixtures;

/// <summary>A network as a user may bring it: it computes what another one computes, and tells nobody how.</summary>
internal sealed class OpaqueModule : nn.Module<Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor> inner;

    public OpaqueModule(nn.Module<Tensor, Tensor> inner)
        : base(nameof(OpaqueModule))
    {
        this.inner = inner;
        register_module("inner", inner);
    }

    public override Tensor forward(Tensor input) => inner.call(input);
}
