using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>
/// An image classifier as attributions, attacks and objectives see it: images in [0, 1] go in, logits come out.
/// The normalisation is its first layer, so budgets and step sizes are in pixel units everywhere.
/// </summary>
/// <remarks>
/// Owns its backbone, which is in evaluation mode from the start; a training changes that while it runs (<see cref="WithMode"/>).
/// Threads that share one network take turns, see <see cref="SyncRoot"/>; a change of mode or parameters applies to all of them.
/// </remarks>
public sealed class ImageNetwork : IDisposable
{
    private static readonly ConditionalWeakTable<nn.Module, object> Locks = [];

    private readonly nn.Module<Tensor, Tensor> backbone;
    private Tensor mean;
    private Tensor deviation;
    private readonly string name;
    private bool disposed;
    private readonly (string Name, nn.Module Module)[] structure;
    private readonly ActivationSite[] activations;
    private long? activationBytesPerImage;
    private bool? computesChannelsLast;
    private IReadOnlyList<NetworkObservation.Unseen>? unseen;
    private DerivativeProbe? probe;

    /// <summary>Wraps a backbone that maps normalised images [N,C,H,W] to logits [N,K].</summary>
    /// <param name="backbone">
    /// The network behind the normalisation: any module, see docs/how-to/bring-your-own-network.md. Owned by the new object, which puts it in
    /// evaluation mode.
    /// </param>
    /// <param name="input">Shape, mean and standard deviation of the images.</param>
    /// <param name="classCount">K, at least 2.</param>
    /// <exception cref="ArgumentException">The specification is inconsistent, or <paramref name="classCount"/> is below 2.</exception>
    public ImageNetwork(nn.Module<Tensor, Tensor> backbone, InputSpecification input, int classCount)
    {
        this.backbone = Require.NotNull(backbone, nameof(backbone));
        Input = Require.NotNull(input, nameof(input));
        input.Validate();
        ClassCount = Require.InRange(classCount, 2, Limits.Classes, nameof(classCount));
        SyncRoot = Locks.GetOrCreateValue(backbone);
        backbone.eval();
        name = backbone.GetName();
        structure = [.. backbone.named_modules()];
        activations = [.. Modules.Select(LayerKinds.ActivationOf).OfType<ActivationSite>()];
        foreach (Tensor tensor in backbone.parameters().Concat(backbone.buffers()))
        {
            tensor.DetachFromDisposeScope();
        }

        Tensor? parameter = backbone.parameters().FirstOrDefault();
        (mean, deviation) = NormalisationTensors(parameter?.dtype ?? ScalarType.Float32, parameter?.device ?? CPU);
    }

    /// <summary>Builds a network of a known architecture with fresh weights, on the CPU, in float32, in evaluation mode.</summary>
    /// <param name="architecture">What to build, e.g. one of <see cref="NetworkArchitecture"/>.</param>
    /// <param name="input">Shape, mean and standard deviation of the images.</param>
    /// <param name="classCount">K, at least 2.</param>
    /// <param name="activation">
    /// The activation of every exchangeable place, see <see cref="HasSwitchableActivation"/>; null leaves each module its own.
    /// </param>
    /// <param name="generator">
    /// Source of the initial weights, on the CPU: the same state gives the same weights, and no other generator moves.
    /// </param>
    /// <returns>The network; owned by the caller. Safe inside a dispose scope: its tensors belong to the network alone.</returns>
    /// <exception cref="ArgumentException">The images are too small for the architecture, or an argument is outside its range.</exception>
    public static ImageNetwork Create(
        NetworkArchitecture architecture, InputSpecification input, int classCount, Activation? activation, Generator generator)
    {
        Require.NotNull(architecture, nameof(architecture));
        Require.NotNull(input, nameof(input)).Validate();
        Require.NotNull(generator, nameof(generator));
        Require.InRange(classCount, 2, Limits.Classes, nameof(classCount));
        using IDisposable? mode = InferenceMode.Leave();
        nn.Module<Tensor, Tensor> backbone = architecture.BuildSeeded(input, classCount, generator);
        var network = new ImageNetwork(backbone, input, classCount)
        {
            Architecture = architecture, FeatureLayer = architecture.FeatureLayer, PooledHead = architecture.PooledHead,
        };
        if (activation is not null)
        {
            network.SetActivation(activation);
        }

        return network;
    }

    /// <summary>The architecture that <see cref="Create"/> built the network from; null for a backbone that was passed in.</summary>
    public NetworkArchitecture? Architecture { get; internal init; }

    /// <summary>The name of the module whose output holds the last feature maps [N,C,h,w], e.g. "layer4"; null where none is known.</summary>
    /// <remarks>Grad-CAM and class activation maps are computed from it.</remarks>
    public string? FeatureLayer { get; init; }

    /// <summary>The name of the linear layer that computes the logits from the channel means of <see cref="FeatureLayer"/>, e.g. "fc".</summary>
    /// <remarks>Class activation maps take their weights from it; null where none is known.</remarks>
    public string? PooledHead { get; init; }

    /// <summary>The network behind the normalisation: normalised images to logits.</summary>
    /// <exception cref="ObjectDisposedException">The network was disposed.</exception>
    public nn.Module<Tensor, Tensor> Backbone => Used(backbone);

    /// <summary>Shape, normalisation and bounds of the images.</summary>
    public InputSpecification Input { get; }

    /// <summary>K, the number of classes.</summary>
    public int ClassCount { get; }

    /// <summary>Where the parameters are, and where images must be.</summary>
    public Device Device => Used(mean).device;

    /// <summary>The type of parameters and images: float32, or float64 in tests.</summary>
    public ScalarType DataType => Used(mean).dtype;

    /// <summary>The type in which convolutions and linear layers compute, where it is not <see cref="DataType"/>; null where it is.</summary>
    internal ScalarType? WorkingType { get; set; }

    /// <summary>The activation of every exchangeable place; null where there is none or they differ.</summary>
    public Activation? Activation
    {
        get
        {
            Activation?[] found = [.. activations.Select(site => site.Activation).OfType<Activation>().Distinct()];
            return found.Length == 1 ? found[0] : null;
        }
    }

    /// <summary>Whether the network has an activation that <see cref="WithActivation"/> can exchange.</summary>
    /// <remarks>
    /// Exchangeable are ReLU, ReLU6 and LeakyReLU modules, the ReLU behind the join of TorchVision's residual blocks, and
    /// <see cref="ActivationLayer"/>.
    /// </remarks>
    public bool HasSwitchableActivation => activations.Any(site => site.Activation is not null);

    /// <summary>The sites of all activations, exchangeable or not.</summary>
    internal IReadOnlyList<ActivationSite> Activations => activations;

    /// <summary>The modules of the backbone, itself included, each once.</summary>
    internal IEnumerable<nn.Module> Modules => Backbone.modules().Prepend(Backbone).Distinct();

    /// <summary>A sentence for each module that the layer-by-layer attributions do not understand.</summary>
    internal IReadOnlyList<string> NotUnderstood => field ??= [.. LayerKinds.NotUnderstood(this)];

    /// <summary>What hooks do not see between the modules: found once, with the first image that is passed.</summary>
    /// <param name="images">[N,C,H,W] in [0, 1].</param>
    internal IReadOnlyList<NetworkObservation.Unseen> Unseen(Tensor images)
    {
        if (unseen is null && !IsBuiltIn && images.shape[0] > 0)
        {
            using DisposeScope kept = NewDisposeScope();
            using IDisposable inspection = ForInspection();
            unseen = new NetworkObservation(this, images.narrow(0, 0, 1).detach(), kept).Find();
        }

        return unseen ?? [];
    }

    /// <summary>
    /// What is in the way of a derivative, see <see cref="DerivativeProbe"/>; null for nothing, as in networks of the library's in their own type.
    /// </summary>
    /// <param name="input">[N,C,H,W], what the backbone takes.</param>
    /// <param name="derivative">What will be computed.</param>
    /// <param name="layer">The layer at whose output; null for the images.</param>
    internal DerivativeProbe.Obstacle? ObstacleTo(Tensor input, Derivative derivative, nn.Module<Tensor, Tensor>? layer = null)
    {
        lock (SyncRoot)
        {
            return IsBuiltIn && WorkingType is null ? null : (probe ??= new DerivativeProbe(this)).Find(input, derivative, layer);
        }
    }

    /// <summary>Throws where autograd.grad would end the process.</summary>
    /// <exception cref="NotSupportedException">The network cannot be differentiated; the message says why and what to do.</exception>
    internal void RequireDerivative(Tensor input, Derivative derivative, nn.Module<Tensor, Tensor>? layer = null)
    {
        if (ObstacleTo(input, derivative, layer) is { EndsProcess: true } obstacle)
        {
            throw new NotSupportedException(obstacle.Text);
        }
    }

    /// <summary>The structure of a network of the library's whose modules have no hooks now; else null.</summary>
    internal NetworkTrace? Trace
        => IsBuiltIn && !Modules.Any(ForwardHooks.HasAny)
            ? field ??= NetworkTrace.Of(this, zeros([1, Input.Channels, Input.Height, Input.Width], DataType, Device))
            : null;

    /// <summary>The modules that hold a module as their child.</summary>
    internal ILookup<nn.Module, nn.Module> Parents
        => field ??= Modules.SelectMany(parent => parent.children(), (parent, child) => (parent, child))
            .ToLookup(entry => entry.child, entry => entry.parent);

    /// <summary>Whether a module may change its input in place: never in a network of the library's.</summary>
    internal bool MayWorkInPlace => !IsBuiltIn;

    /// <summary>Whether the network is one of the library's architectures: all of it in modules, nothing in place.</summary>
    internal bool IsBuiltIn => Architecture is { IsBuiltIn: true };

    /// <summary>
    /// The lock held while logits or an attribution are computed, an attack runs, or the activation is exchanged, so that threads which share the
    /// network take turns. Hold it around several calls that no other thread may interrupt. Networks around one backbone have the same.
    /// </summary>
    public object SyncRoot { get; }

    /// <summary>The normalised images (x − mean)/std.</summary>
    /// <param name="images">[N,C,H,W] in [0, 1].</param>
    /// <returns>[N,C,H,W].</returns>
    public Tensor Normalize(Tensor images)
    {
        using IDisposable scope = Scope.Holding(this, images);
        return ((images - Used(mean)) / deviation).MoveToOuterDisposeScope();
    }

    /// <summary>The logits of images in pixel scale.</summary>
    /// <param name="images">[N,C,H,W] in [0, 1].</param>
    /// <returns>[N,K].</returns>
    public Tensor Logits(Tensor images)
    {
        lock (SyncRoot)
        {
            return Repeatable(() => LogitsOfNormalized(Normalize(images)));
        }
    }

    /// <summary>The logits of normalised images, for losses whose papers differentiate with respect to these.</summary>
    /// <param name="normalized">[N,C,H,W], see <see cref="Normalize"/>.</param>
    /// <returns>[N,K].</returns>
    public Tensor LogitsOfNormalized(Tensor normalized)
    {
        lock (SyncRoot)
        {
            Tensor entering = Entering(normalized), values = Backbone.call(entering), logits = Leaving(values);
            GC.KeepAlive(normalized); // may be temporary values outside all dispose scopes
            GC.KeepAlive(entering);
            GC.KeepAlive(values);
            GC.KeepAlive(this);
            return logits;
        }
    }

    /// <summary>
    /// What the backbone is given for normalised images: in the library's networks in the <see cref="WorkingType"/> and, but for float64,
    /// <see cref="ChannelsLast"/> where all of their layers can.
    /// </summary>
    internal Tensor Entering(Tensor normalized, bool channelsLast = true)
    {
        if (!IsBuiltIn || normalized.dtype == ScalarType.Float64)
        {
            return normalized;
        }

        Tensor entering = WorkingType is { } type ? normalized.to(type) : normalized;
        return channelsLast && (computesChannelsLast ??= Modules.All(ChannelsLast.IsSafe)) ? ChannelsLast.Of(entering) : entering;
    }

    /// <summary>The logits for what the backbone puts out: of the network's type.</summary>
    internal Tensor Leaving(Tensor output) => IsBuiltIn && WorkingType is not null ? output.to(DataType) : output;

    /// <summary>Converts an ε in pixel units to the bound of each channel at the normalised input: ε/std, [1,C,1,1] or [1,1,1,1].</summary>
    public Tensor NormalizedRadius(double epsilon) => epsilon / Used(deviation);

    /// <summary>Applies another activation at every exchangeable place until the result is disposed, which restores the former ones.</summary>
    /// <remarks>
    /// <see cref="SyncRoot"/> is held meanwhile, so dispose of the result on the same thread. Of several the newest is in effect.
    /// </remarks>
    /// <exception cref="InvalidOperationException">
    /// The network has no activation that can be exchanged, or its modules are no longer those it was made of.
    /// </exception>
    public IDisposable WithActivation(Activation activation)
    {
        Require.NotNull(activation, nameof(activation));
        RequireSameModules();
        if (!HasSwitchableActivation)
        {
            throw new InvalidOperationException(
                $"The network {Backbone.GetName()} has no activation that can be exchanged for {activation}; exchangeable are ReLU, ReLU6 and "
                + $"LeakyReLU modules, TorchVision's residual blocks, and {nameof(ActivationLayer)}. "
                + "Where an option asks for it (Activation, Surrogate, AttributionActivation), null leaves the network its own.");
        }

        Monitor.Enter(SyncRoot);
        Undo undo = Undo.All(activations.Select(site => site.Exchange(activation)).ToArray());
        return new Undo(() =>
        {
            undo.Dispose();
            Monitor.Exit(SyncRoot);
        });
    }

    /// <summary>Applies another activation at every exchangeable place from now on.</summary>
    /// <exception cref="InvalidOperationException">
    /// A <see cref="WithActivation"/> is in effect, or the network's modules are no longer those it was made of.
    /// </exception>
    public void SetActivation(Activation activation)
    {
        Require.NotNull(activation, nameof(activation));
        RequireSameModules();
        lock (SyncRoot)
        {
            if (activations.Any(site => site.IsExchanged))
            {
                throw new InvalidOperationException(
                    $"{nameof(SetActivation)}({activation}) while a {nameof(WithActivation)} is in effect; dispose of its result first.");
            }

            Array.ForEach(activations, site => site.Set(activation));
        }
    }

    /// <summary>Puts every module in training or evaluation mode until the result is disposed, which restores each module's former mode.</summary>
    public IDisposable WithMode(bool training)
    {
        List<nn.Module> changed = [.. Modules.Where(module => module.training != training)];
        if (changed.Count == 0)
        {
            return new Undo(null);
        }

        Dictionary<nn.Module, bool> former = Modules.ToDictionary(module => module, module => module.training);
        Backbone.train(training);
        return new Undo(() =>
        {
            // train() descends, so whoever holds others comes before them, also where a module stands in several places.
            foreach (nn.Module module in Modules.OrderByDescending(module => module.modules().Distinct().Count()))
            {
                if (module.training != former[module])
                {
                    module.train(former[module]);
                }
            }
        });
    }

    /// <summary>Sets requires_grad of the parameters to false until the result is disposed.</summary>
    /// <remarks>Gradients at the input then build no graph for the parameters.</remarks>
    public IDisposable WithFrozenParameters()
    {
        List<Tensor> frozen = [.. Backbone.parameters().Where(parameter => parameter.requires_grad)];
        frozen.ForEach(parameter => parameter.requires_grad = false);
        return new Undo(() => frozen.ForEach(parameter => parameter.requires_grad = true));
    }

    /// <summary>Evaluation mode and frozen parameters together, as attributions and attacks use a network.</summary>
    public IDisposable ForInspection()
    {
        IDisposable mode = WithMode(training: false);
        IDisposable parameters = WithFrozenParameters();
        return new Undo(() =>
        {
            parameters.Dispose();
            mode.Dispose();
        });
    }

    /// <summary>Moves parameters, buffers and normalisation to a device and type.</summary>
    /// <remarks>Create optimizers afterwards: parameters are new objects where the type or device changed.</remarks>
    /// <param name="device">The device to move to.</param>
    /// <param name="type">float32 or float64; null keeps the type.</param>
    public void MoveTo(Device device, ScalarType? type = null)
    {
        using IDisposable? mode = InferenceMode.Leave();
        ScalarType target = type ?? DataType;
        Backbone.to(device);
        if (target != DataType)
        {
            Backbone.to(target);
        }

        mean.Dispose();
        deviation.Dispose();
        (mean, deviation) = NormalisationTensors(target, device);
        activationBytesPerImage = null;
        probe?.Forget();
    }

    /// <summary>Writes parameters and buffers in safetensors, under PyTorch's names, in the network's type.</summary>
    /// <param name="stream">Written from its position on; left open.</param>
    /// <exception cref="InvalidOperationException">A value is not finite; the message names the tensor, and nothing was written.</exception>
    public void SaveWeights(Stream stream) => NetworkWeights.Save(Backbone, stream);

    /// <summary>Loads parameters and buffers, all or nothing.</summary>
    /// <param name="stream">
    /// Safetensors, as <see cref="SaveWeights"/> or PyTorch wrote them, or what TorchSharp's <c>Module.save</c> wrote (.dat), in a stream that can
    /// seek. Read to its end; left open.
    /// </param>
    /// <remarks>
    /// Floating-point types are converted to the network's, other types must be the network's; <c>num_batches_tracked</c> may have any type or be
    /// missing.
    /// </remarks>
    /// <exception cref="FormatException">
    /// The stream is damaged, its names or shapes are not those of the network, or a value is not finite; the message names the tensor, and the
    /// network is unchanged.
    /// </exception>
    public void LoadWeights(Stream stream) => NetworkWeights.Load(Backbone, StoredWeights.Open(stream));

    /// <summary>Loads the parameters and buffers whose names and shapes match, e.g. for a network with a new head.</summary>
    /// <param name="stream">As for <see cref="LoadWeights"/>.</param>
    /// <returns>The names that were loaded and those that were not.</returns>
    /// <exception cref="FormatException">
    /// The stream is damaged, nothing in it matches, or a value that does is not finite; the network is unchanged.
    /// </exception>
    public LoadedWeights LoadMatchingWeights(Stream stream) => NetworkWeights.LoadMatching(Backbone, StoredWeights.Open(stream));

    /// <summary>
    /// Scales fresh weights to the images: each convolution and linear layer but the last is changed so that every channel of its output has mean 0
    /// and a given standard deviation over the images (Krähenbühl, Doersch, Donahue, Darrell: "Data-dependent Initializations of Convolutional
    /// Neural Networks", ICLR 2016, algorithm 1).
    /// </summary>
    /// <remarks>
    /// For networks without normalisation layers on few images, where training otherwise stands still at first. A layer without bias keeps its mean;
    /// a channel that is the same everywhere keeps its weights.
    /// </remarks>
    /// <param name="images">[N,C,H,W] in [0, 1], N at least 1: a hundred training images of all classes.</param>
    /// <param name="deviation">
    /// γ, above 0; the paper takes 1. 0.5 by default: with 1 a network learns sooner, and its maps hold less, see docs/decisions/seeds.md.
    /// </param>
    /// <exception cref="ArgumentException"><paramref name="images"/> are not images of this network, or none.</exception>
    public void InitializeFrom(Tensor images, double deviation = 0.5)
    {
        Require.Positive(deviation, nameof(deviation));
        CheckImages(images);
        using IDisposable? mode = InferenceMode.Leave();
        lock (SyncRoot)
        {
            DataDependentInitialization.Apply(this, images.shape[0] > 0 ? images : throw NoImage(), deviation);
        }
    }

    /// <summary>A network with the same card and weights, on the CPU, in float32, in evaluation mode; owned by the caller.</summary>
    /// <param name="activation">Its activation; null keeps this network's.</param>
    /// <exception cref="NotSupportedException">No card describes this network.</exception>
    internal ImageNetwork Copy(Activation? activation = null)
    {
        NetworkCard card = NetworkCard.Of(this);
        using var weights = new MemoryStream();
        SaveWeights(weights);
        weights.Position = 0;
        return (activation is null ? card : card with { Activation = activation }).Build(weights);
    }

    /// <summary>Throws unless <paramref name="images"/> and <paramref name="classes"/> are a batch for this network.</summary>
    /// <exception cref="ArgumentException">A shape, type, device or value is wrong; the message names it.</exception>
    public void CheckBatch(Tensor images, Tensor classes)
    {
        CheckShapes(images, classes);
        CheckValues(images, classes);
    }

    /// <summary>What <see cref="CheckBatch"/> checks without a value, so that nothing waits for a GPU.</summary>
    internal void CheckShapes(Tensor images, Tensor classes)
    {
        CheckShape(images);
        Require.NotNull(classes, nameof(classes));
        if (classes.dtype != ScalarType.Int64 || classes.dim() != 1 || classes.shape[0] != images.shape[0])
        {
            throw new ArgumentException(
                $"classes is {classes.dtype} [{string.Join(',', classes.shape)}]; allowed is Int64 [{images.shape[0]}], one class for each image.",
                nameof(classes));
        }

        RequireDevice(classes, nameof(classes));
    }

    /// <summary>The rest of <see cref="CheckBatch"/>, on whatever device the tensors are.</summary>
    /// <param name="images">[N,C,H,W] in [0, 1], before an augmentation of any height and width; bytes are not checked.</param>
    /// <param name="classes">[N], int64.</param>
    internal void CheckValues(Tensor images, Tensor classes)
    {
        using IDisposable scope = Scope.Holding(images, classes);
        Tensor areClasses = classes.ge(0).logical_and(classes.lt(ClassCount)).all();
        Tensor? isInRange = images.dtype == ScalarType.Byte ? null : PixelRange.Contains(images, Input);
        if ((isInRange is null ? areClasses : areClasses.logical_and(isInRange)).ToBoolean()) // one wait for a GPU
        {
            return;
        }

        throw isInRange is not null && !isInRange.ToBoolean()
            ? PixelRange.Error(images, Input)
            : new ArgumentException(
                $"classes goes from {classes.min().ToInt64()} to {classes.max().ToInt64()}; allowed is 0 to {ClassCount - 1}.", nameof(classes));
    }

    /// <summary>Throws unless <paramref name="images"/> are images for this network: [N,C,H,W] of its type, in pixel scale.</summary>
    /// <exception cref="ArgumentException">
    /// The shape or type is wrong, or a value is NaN or outside of the bounds of <see cref="Input"/>; the message names it.
    /// </exception>
    public void CheckImages(Tensor images)
    {
        CheckShape(images);
        using IDisposable scope = Scope.Holding(images);
        if (PixelRange.Contains(images, Input) is { } isInRange && !isInRange.ToBoolean())
        {
            throw PixelRange.Error(images, Input);
        }
    }

    private void CheckShape(Tensor images)
    {
        Require.NotNull(images, nameof(images));
        if (images.dim() != 4 || images.shape[1] != Input.Channels || images.shape[2] != Input.Height || images.shape[3] != Input.Width)
        {
            throw new ArgumentException(
                $"images has shape [{string.Join(',', images.shape)}]; allowed is [N,{Input.Channels},{Input.Height},{Input.Width}].",
                nameof(images));
        }

        if (images.dtype != DataType)
        {
            throw new ArgumentException($"images is of type {images.dtype}; the network computes in {DataType}.", nameof(images));
        }

        RequireDevice(images, nameof(images));
    }

    private void RequireDevice(Tensor tensor, string name)
    {
        if (tensor.device_type != mean.device_type || tensor.device_index != mean.device_index)
        {
            throw new ArgumentException($"{name} is on {tensor.device}; the network computes on {Device}.", name);
        }
    }

    /// <summary>
    /// Finds what the layer-by-layer attributions would refuse of a network: modules they do not understand, functional activations, products of
    /// tensors, weights used by functions; and changes in place.
    /// </summary>
    /// <remarks>Compares the forward pass with hooks to the plain one, and the gradient to finite differences.</remarks>
    /// <param name="images">[N,C,H,W] in [0, 1], a few typical ones.</param>
    public NetworkCheck Check(Tensor images)
    {
        CheckImages(images);
        using IDisposable scope = Scope.Holding(this, images);
        return images.shape[0] > 0 ? NetworkCheck.Of(this, images.detach().clone()) : throw NoImage();
    }

    private static ArgumentException NoImage() => new("images has no image; allowed is [N,C,H,W] with N of at least 1.", "images");

    /// <summary>Frees the backbone and the normalisation tensors. Harmless when repeated.</summary>
    public void Dispose()
    {
        disposed = true;
        backbone.Dispose();
        mean.Dispose();
        deviation.Dispose();
    }

    /// <summary>Bytes of all layers' outputs for one image, at least 1; measured by one forward pass of a single image at the first call.</summary>
    internal long ActivationBytesPerImage => activationBytesPerImage ??= Repetition.Of(MeasureActivations, () => true);

    /// <summary>The result of a computation that changes nothing while the network is in evaluation mode; see <see cref="Repetition"/>.</summary>
    /// <param name="compute">The computation; <see cref="SyncRoot"/> is held.</param>
    /// <param name="generator">What it draws from; null where it draws nothing.</param>
    internal T Repeatable<T>(Func<T> compute, Generator? generator = null)
    {
        using Tensor? state = generator?.get_state();
        return Repetition.Of(compute, () =>
        {
            bool pure = Modules.All(module => !module.training);
            if (pure && state is not null)
            {
                generator!.set_state(state);
            }

            return pure;
        });
    }

    /// <summary>Throws unless the backbone has the modules, under the names, that it had when it was wrapped.</summary>
    internal void RequireSameModules()
    {
        (string Name, nn.Module Module)[] now = [.. Backbone.named_modules()];
        if (now.Except(structure).Concat(structure.Except(now)).FirstOrDefault() is ({ } name, _))
        {
            throw new InvalidOperationException(
                $"Module '{name}' of the network {Backbone.GetName()} was added, exchanged or removed after the network was wrapped. "
                + $"Wrap the finished module: new {nameof(ImageNetwork)}(backbone, input, classCount).");
        }
    }

    private T Used<T>(T part)
        => disposed
            ? throw new ObjectDisposedException(
                nameof(ImageNetwork),
                $"The network {name} was disposed. In ML.NET its model owns it, and a PredictionEngine disposes of its model unless"
                + " PredictionEngineOptions.OwnsTransformer is false.")
            : part;

    private long MeasureActivations()
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable gradients = no_grad();
        using IDisposable mode = WithMode(training: false);
        long values = Input.ValueCount;
        using Undo hooks = Undo.All(Modules.OfType<nn.Module<Tensor, Tensor>>().Where(LayerKinds.IsLeaf)
            .Select(layer => ForwardHooks.After(layer, (_, output) =>
            {
                values += output.numel();
                return null;
            })));
        LogitsOfNormalized(zeros([1, Input.Channels, Input.Height, Input.Width], DataType, Device));
        return values * mean.element_size();
    }

    private (Tensor Mean, Tensor Deviation) NormalisationTensors(ScalarType type, Device device)
    {
        return (Channelwise(Input.Mean), Channelwise(Input.StandardDeviation));

        Tensor Channelwise(IReadOnlyList<double> values)
        {
            using IDisposable scope = Scope.Holding();
            return tensor(values.ToArray(), dtype: type, device: device).reshape(1, values.Count, 1, 1).DetachFromDisposeScope();
        }
    }
}
