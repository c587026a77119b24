using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>
/// The structure of a network as one forward pass shows it: which module computes what from which others. For networks whose every operation is
/// a module, joins too, as the library's are; what is not seen is an error.
/// </summary>
/// <param name="Steps">The modules in the order of their calls.</param>
/// <param name="Output">The step that puts out the logits.</param>
/// <param name="Blocks">Calls of modules that hold others, and the step whose output each hands on.</param>
internal sealed record NetworkTrace(IReadOnlyList<NetworkTrace.Step> Steps, int Output, IReadOnlyList<(string Name, int Step)> Blocks)
{
    /// <summary>The place of the normalised images among <see cref="Step.Inputs"/>.</summary>
    public const int Images = -1;

    /// <summary>One call of a module that holds no others.</summary>
    /// <param name="Name">The module's name, with dots.</param>
    /// <param name="Module">A module of one input, or a <see cref="Sum"/>.</param>
    /// <param name="Inputs">For each input the step that put it out, or <see cref="Images"/>.</param>
    internal sealed record Step(string Name, nn.Module Module, IReadOnlyList<int> Inputs);

    /// <summary>
    /// The same network where no activation falls: an activation that only a max-pooling uses comes after it, for a quarter of the values of a 2×2
    /// pool, since the largest value stays the largest one.
    /// </summary>
    public NetworkTrace PoolingFirst => field ??= PoolFirst();

    /// <summary><see cref="PoolingFirst"/> where it computes the same with the activations in effect now; else this.</summary>
    public NetworkTrace Fastest
        => Steps.All(step => step.Module is not ActivationLayer { Activation.NeverFalls: false }) ? PoolingFirst : this;

    /// <summary>Records a network in evaluation mode.</summary>
    /// <param name="network">The network.</param>
    /// <param name="images">[N,C,H,W] in [0, 1].</param>
    /// <exception cref="NotSupportedException">Something between two modules is no module, or works in place; the message names them.</exception>
    public static NetworkTrace Of(ImageNetwork network, Tensor images) => Repetition.Of(() => Record(network, images), () => true);

    private NetworkTrace PoolFirst()
    {
        Step[] steps = [.. Steps];
        for (int i = 0; i + 1 < steps.Length; i++)
        {
            (Step activation, Step pool) = (steps[i], steps[i + 1]);
            if (activation.Module is ActivationLayer && pool.Module is MaxPool2d && pool.Inputs[0] == i && Output != i
                && steps.Count(step => step.Inputs.Contains(i)) == 1)
            {
                (steps[i], steps[i + 1]) = (pool with { Inputs = activation.Inputs }, activation with { Inputs = [i] });
            }
        }

        return this with { Steps = steps };
    }

    private static NetworkTrace Record(ImageNetwork network, Tensor images)
    {
        lock (network.SyncRoot)
        {
            using DisposeScope kept = NewDisposeScope();
            using IDisposable inspection = network.ForInspection();
            using IDisposable mode = no_grad();
            Tensor input = network.Entering(network.Normalize(images));
            List<Step> steps = [];
            List<(string Name, int Step)> blocks = [];

            // A tensor handed on is recognised as an object; the copy of its value says whether it was changed on the way.
            List<(Tensor Handed, Tensor Value)> outputs = [(input, input.clone())];
            var modules = network.Backbone.named_modules().DistinctBy(entry => entry.module);
            using (Undo.All(modules.Select(entry => Listen(entry.name, entry.module)).OfType<IDisposable>()))
            {
                Tensor logits = network.Backbone.call(input);
                return new NetworkTrace(steps, Source("the logits", logits), blocks);
            }

            IDisposable? Listen(string name, nn.Module module) => module switch
            {
                nn.Module<Tensor, Tensor> single when LayerKinds.IsLeaf(single) => ForwardHooks.After(single, (x, y) => Add(name, module, y, x)),
                nn.Module<Tensor, Tensor, Tensor> join when LayerKinds.IsLeaf(join)
                    => new Undo(join.register_forward_hook((_, x, z, y) => Add(name, module, y, x, z)!).remove),
                nn.Module<Tensor, Tensor> block => ForwardHooks.After(block, (_, y) => AddBlock(name, y)),
                _ => null,
            };

            Tensor? Add(string name, nn.Module module, Tensor output, params Tensor[] inputs)
            {
                steps.Add(new Step(name, module, [.. inputs.Select(x => Source($"'{name}'", x))]));
                outputs.Add((output, output.clone().KeptIn(kept)));
                return null;
            }

            Tensor? AddBlock(string name, Tensor output)
            {
                if (Find(output) is >= 0 and int found)
                {
                    blocks.Add((name, found - 1));
                }

                return null;
            }

            int Find(Tensor tensor) => outputs.FindLastIndex(output => ReferenceEquals(output.Handed, tensor));

            int Source(string user, Tensor tensor)
            {
                int found = Find(tensor);
                if (found < 0)
                {
                    throw new NotSupportedException(
                        $"What {user} sees comes from no module of the network {network.Backbone.GetName()}: an operation before it is a function."
                        + $" Make it a module; for a sum there is {nameof(Sum)}.");
                }

                string since = found == 0 ? "the network began" : $"'{steps[found - 1].Name}' put it out";
                return outputs[found].Value.eq(tensor).all().ToBoolean()
                    ? found - 1
                    : throw new NotSupportedException(
                        $"What {user} sees was changed in place after {since}. Use modules that do not work in place.");
            }
        }
    }

    /// <summary>The steps that put out what a module does, one for each of its calls.</summary>
    /// <param name="name">The module's name.</param>
    public int[] StepsOf(string name)
        => [.. Steps.Index().Where(entry => entry.Item.Name == name).Select(entry => entry.Index),
            .. Blocks.Where(block => block.Name == name).Select(block => block.Step)];

    /// <summary>What enters the network, then what each step puts out, computed as recorded.</summary>
    public IReadOnlyList<Tensor> Replay(Tensor entering)
    {
        List<Tensor> values = [entering];
        foreach (Step step in Steps)
        {
            Tensor[] inputs = [.. step.Inputs.Select(source => values[source + 1])];
            values.Add(step.Module is nn.Module<Tensor, Tensor, Tensor> join
                ? join.call(inputs[0], inputs[1])
                : ((nn.Module<Tensor, Tensor>)step.Module).call(inputs[0]));
        }

        return values;
    }
}
