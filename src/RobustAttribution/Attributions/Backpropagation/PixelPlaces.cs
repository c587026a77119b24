using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>Which layers see the normalised images themselves, in any arrangement, padded with zeros or not.</summary>
internal static class PixelPlaces
{
    /// <summary>Sets <see cref="LayerCall.Places"/> of the linear layers, from a forward pass of an image whose pixels are their numbers.</summary>
    /// <param name="network">The network, in evaluation mode.</param>
    /// <param name="calls">The calls of a forward pass, in their order.</param>
    /// <param name="kept">What is kept lives as long.</param>
    /// <returns>Whether the calls came in the same order.</returns>
    public static bool Mark(ImageNetwork network, IEnumerable<LayerCall> calls, DisposeScope kept)
    {
        using IDisposable mode = no_grad();
        InputSpecification input = network.Input;
        Tensor numbers = arange(1, input.ValueCount + 1, 1, ScalarType.Int64, network.Device);

        // Of both signs: no activation lets all of them pass.
        Tensor marks = where(numbers.remainder(2).eq(0), numbers, -numbers).to(network.DataType);
        Tensor all = marks.sort().Values;
        LayerCall[] linear = [.. calls.Where(call => call.Layer is nn.Module)];
        int next = 0;
        bool same = true;
        using (Undo.All(network.Modules.Where(LayerKinds.IsLinear).Cast<nn.Module<Tensor, Tensor>>().Select(See)))
        {
            network.LogitsOfNormalized(marks.reshape(1, input.Channels, input.Height, input.Width));
        }

        return same && next == linear.Length;

        Undo See(nn.Module<Tensor, Tensor> layer) => ForwardHooks.After(layer, (x, _) =>
        {
            same = same && next < linear.Length && ReferenceEquals(linear[next].Layer, layer);
            if (same)
            {
                linear[next++].Places = Places(x.flatten());
            }

            return null;
        });

        Tensor? Places(Tensor values)
        {
            Tensor pixels = values.masked_select(values.ne(0));
            bool isImage = pixels.numel() == all.numel() && pixels.numel() <= 1 << 24 // what float32 counts to
                && pixels.sort().Values.eq(all).all().ToBoolean();
            return isImage ? values.abs().to(ScalarType.Int64).KeptIn(kept) : null;
        }
    }
}
