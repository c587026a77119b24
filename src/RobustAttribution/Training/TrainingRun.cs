using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>One training from its first step to its last.</summary>
internal sealed class TrainingRun : IDisposable
{
    private const string NetworkPrefix = "network.", OptimizerPrefix = "optimizer.", BestPrefix = "best.";
    private const string AugmentationName = "generator.augmentation", ObjectiveName = "generator.objective", SumsName = "epoch.sums";
    private readonly TrainingOptions options;
    private readonly long seed;
    private readonly ImageNetwork network;
    private readonly IImageBatchSource training;
    private readonly IImageBatchSource? validation;
    private readonly Action<TrainingProgress> report;
    private readonly TrainingRanks ranks;
    private readonly CancellationToken cancellationToken;
    private readonly IReadOnlyList<TrainedParameter> parameters;
    private readonly IReadOnlyList<nn.Module> frozenModules;
    private readonly OptimizerState optimizer;
    private readonly Generator augmentationGenerator;
    private readonly Generator objectiveGenerator;
    private readonly Tensor? classWeights;
    private readonly WorkingPrecision? precision; // null where steps compute in the network's own type
    private readonly StepState? stepState; // null where every step runs code of the library's alone
    private readonly TrainingMeter meter = new();
    private readonly BestEpoch best;
    private readonly TrainingClock clock = new();
    private CheckpointStore? checkpoints; // null where none are written
    private readonly List<EpochProgress> history = [];
    private readonly List<string> warnings = [];
    private readonly Guessing trainingGuess;
    private Guessing? validationGuess;
    private readonly int batchSize;
    private readonly int stepsPerEpoch;
    private int epoch; // epochs done
    private int step; // steps done in the running epoch
    private bool takesSingleImages; // whether a batch of one image is known to have batch statistics
    private Tensor? latestImages; // [N,C,H,W]: those of the latest step, where its result is not yet known to be finite

    public TrainingRun(
        TrainingOptions options,
        ImageNetwork network,
        IImageBatchSource training,
        IImageBatchSource? validation,
        Action<TrainingProgress> report,
        CancellationToken cancellationToken)
    {
        (this.options, this.network, this.training, this.validation) = (options, network, training, validation);
        ranks = new TrainingRanks(options.Communicator, cancellationToken);
        (this.report, this.cancellationToken, seed) = (ranks.IsFirst ? report : _ => { }, ranks.Cancellation, options.Seed ?? 0);
        using IDisposable scope = NewDisposeScope();
        CheckSources();
        options.CheckAgainst(network);
        trainingGuess = new Guessing(network.ClassCount, options.Communicator);
        batchSize = options.BatchSizeFor(training.Count);
        stepsPerEpoch = checked((int)((training.Count + batchSize - 1) / batchSize));
        parameters = TrainedParameters.Of(network, options);
        frozenModules = TrainedParameters.FrozenModules(network, options);
        optimizer = new OptimizerState(options.Optimizer, parameters);
        best = new BestEpoch(options, validation is not null);
        augmentationGenerator = NewGenerator(RandomPurpose.Augmentation);
        objectiveGenerator = NewGenerator(RandomPurpose.Objective);
        classWeights = options.ClassWeights is null
            ? null
            : tensor(options.ClassWeights.ToArray(), dtype: network.DataType, device: network.Device).DetachFromDisposeScope();
        precision = options.Precision == Precision.Float32 ? null : new WorkingPrecision(network, ScalarType.BFloat16);
        stepState = StepState.Of(network, options.Objective, objectiveGenerator);
    }

    private TimeSpan Remaining
        => clock.Estimate(((long)(options.Epochs - epoch) * stepsPerEpoch) - step, validation is null ? 0 : options.Epochs - epoch);

    private Generator NewGenerator(int purpose) => new(unchecked((ulong)SplitMix64.Derive(seed, purpose)), CPU);

    public TrainingResult Execute()
    {
        ranks.RequireSame(options, network, training, validation);
        OpenCheckpoints();
        using IDisposable mode = network.WithMode(training: true);
        using IDisposable frozen = Freeze();
        CheckSingleImages();
        precision?.RequireSupport(options.Objective, classWeights, seed);
        Resume();
        if (SecondDerivative.Missing(network, options.Objective, seed) is { } missing)
        {
            Warn(missing);
        }
        else if (ThirdDerivative.Missing(network, options.Objective) is { } wrong)
        {
            Warn(wrong);
        }

        TrainingEnd end;
        try
        {
            end = TrainToEnd();
        }
        catch (NonFiniteLossException error) when (IsBestKept)
        {
            end = TrainingEnd.Cancelled;
            Warn($"{error.Message} The training was cancelled: the network has the weights of epoch {best.Weights!.Epoch}, its best"
                + (checkpoints is null ? "." : ", and no checkpoint of the cancelled step was written."));
        }

        int? weightsEpoch = best.RestoreInto(network, end) ?? (step == 0 && epoch > 0 ? epoch : null);
        if (end != TrainingEnd.Cancelled && weightsEpoch is { } shown && Guess(history[shown - 1]) is { } guess)
        {
            Warn(guess);
        }

        return new TrainingResult(end, epoch, weightsEpoch, [.. history]) { Warnings = [.. warnings] };
    }

    /// <summary>What is wrong and what to do where an epoch's accuracy is that of guessing; else null.</summary>
    private string? Guess(EpochProgress result)
        => (result.Validation is { } validated && validationGuess is { IsConclusive: true }
            ? validationGuess.Finding("validation", validated.Accuracy)
            : trainingGuess.Finding("training", result.Accuracy)) is { } finding
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"The accuracy is that of guessing after {(long)epoch * stepsPerEpoch} steps: {finding} Train for more epochs"
                + $" ({nameof(TrainingOptions.Epochs)} is {options.Epochs}) or in smaller batches ({nameof(TrainingOptions.BatchSize)} is"
                + $" {batchSize}, which is {stepsPerEpoch} steps an epoch), from weights that are scaled to the images"
                + $" ({nameof(ImageNetwork.InitializeFrom)}, in ML.NET DataDependentInitialization), or with another"
                + $" {nameof(TrainingOptions.LearningRate)} ({options.LearningRate}).")
            : null;

    private bool IsBestKept
        => cancellationToken.IsCancellationRequested && options.OnCancellation == CancellationBehavior.KeepBest && best.Weights is not null;

    private TrainingEnd TrainToEnd()
    {
        try
        {
            while (epoch < options.Epochs && !best.IsPatienceSpent)
            {
                RunEpoch();
                FinishEpoch();
            }

            return epoch < options.Epochs ? TrainingEnd.EarlyStopped : TrainingEnd.AllEpochsDone;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            SaveCheckpoint(); // between two steps, so nothing is lost
            if (options.OnCancellation == CancellationBehavior.Throw)
            {
                throw;
            }

            RequireFinite(); // before the best weights replace these
            return TrainingEnd.Cancelled;
        }
    }

    private void Warn(string text)
    {
        warnings.Add(text);
        report(new TrainingWarning(Math.Min(epoch + 1, options.Epochs), options.Epochs, text));
    }

    public void Dispose()
    {
        optimizer.Dispose();
        stepState?.Dispose();
        precision?.Dispose();
        meter.Dispose();
        trainingGuess.Dispose();
        validationGuess?.Dispose();
        latestImages?.Dispose();
        best.Dispose();
        augmentationGenerator.Dispose();
        objectiveGenerator.Dispose();
        classWeights?.Dispose();
        checkpoints?.Dispose();
        ranks.Dispose();
    }

    private void OpenCheckpoints()
    {
        if (options.Checkpoints is { } folder && ranks.IsFirst)
        {
            using IDisposable scope = NewDisposeScope();
            checkpoints = new CheckpointStore(folder, TrainingFingerprint.Of(options, network, training, validation));
        }
    }

    private void RunEpoch()
    {
        foreach ((ImageBatch batch, BatchShare share) in
            ranks.Read(training, batchSize, SplitMix64.Derive(seed, RandomPurpose.Order, epoch), step))
        {
            using (batch)
            {
                cancellationToken.ThrowIfCancellationRequested();
                double rate = RateOf(step);
                TrainWithin(batch, share, rate);
                trainingGuess.Add(batch.Classes);
                step++;
                clock.AddStep(share.Total);
                if (clock.IsReportDue(options.ProgressInterval))
                {
                    (double loss, IReadOnlyDictionary<string, double> terms, double accuracy) = meter.Read(epoch + 1);
                    report(new BatchProgress(
                        epoch + 1, options.Epochs, step, stepsPerEpoch, loss, terms, accuracy, rate, clock.ImagesPerSecond, Remaining));
                }

                if (options.Checkpoints?.EveryMinutes is double minutes && ranks.Any(ranks.IsFirst && clock.IsCheckpointDue(minutes)))
                {
                    SaveCheckpoint();
                }
            }
        }

        if (step != stepsPerEpoch)
        {
            throw new InvalidOperationException(
                $"The training source says that it has {training.Count} images, which is {stepsPerEpoch} batches of"
                + $" {batchSize}, but gave {step}.");
        }
    }

    private void TrainWithin(ImageBatch batch, BatchShare share, double rate)
    {
        try
        {
            Train(batch, share, rate);
        }
        catch (ExternalException error) when (error.Message.Contains("without overflow", StringComparison.Ordinal)) // libtorch, of a Scalar
        {
            throw NonFiniteLossException.OfOverflow(epoch + 1, step + 1, network.DataType.ToString(), rate, error);
        }
    }

    private void Train(ImageBatch batch, BatchShare share, double rate)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = enable_grad();
        using IDisposable? draws = CpuDraws.ForShare(share, augmentationGenerator, objectiveGenerator);
        (Tensor images, Tensor classes) = BatchPreparation.ToNetwork(batch, network, options.Augmentation, augmentationGenerator);
        if (images.shape[0] == 1)
        {
            RequireStatistics($"The training source gave a batch of one image in epoch {epoch + 1}, step {step + 1}.");
        }

        double? crossEntropyScale = ranks.CrossEntropyScale(share, classWeights, classes);
        (ObjectiveResult found, IList<Tensor> gradients) = Differentiate();
        using ObjectiveResult result = found;
        optimizer.Update(ranks.Average(gradients, network.Backbone.buffers(), share), rate, options.GradientClipNorm);
        ranks.Add(meter, result, classes, step + 1, share);
        ranks.Share(augmentationGenerator, objectiveGenerator);
        latestImages?.Dispose();
        latestImages = images.detach().DetachFromDisposeScope();

        (ObjectiveResult Result, IList<Tensor> Gradients) Differentiate()
        {
            using IDisposable? working = precision?.Enter();
            ObjectiveResult result = stepState is null ? Evaluate() : stepState.Repeatable(Evaluate);
            IList<Tensor> gradients = autograd.grad([result.Loss], [.. parameters.Select(parameter => parameter.Value)], null, false, false, true);
            return (result, precision is null ? gradients : precision.Widened(gradients));
        }

        ObjectiveResult Evaluate()
        {
            network.RequireDerivative(images, Derivative.OfParameters);
            return options.Objective is TrainingObjective objective
                ? objective.EvaluateChecked(network, images, classes, objectiveGenerator, classWeights, crossEntropyScale)
                : options.Objective.Evaluate(network, images, classes, objectiveGenerator, classWeights);
        }
    }

    /// <summary>Reads the epoch's sums, validates, writes a checkpoint and reports.</summary>
    private void FinishEpoch()
    {
        double rate = RateOf(stepsPerEpoch - 1);
        (double loss, IReadOnlyDictionary<string, double> terms, double accuracy) = meter.Read(epoch + 1);
        RequireFinite();
        ValidationProgress? validated = null;
        if (validation is not null)
        {
            long start = Stopwatch.GetTimestamp();
            validationGuess?.Dispose();
            validationGuess = new Guessing(network.ClassCount, options.Communicator);
            EvaluationResult result = ranks.Validate(network, validation, batchSize, validationGuess);
            clock.AddValidation(Stopwatch.GetElapsedTime(start));
            if (!double.IsFinite(result.Loss))
            {
                throw NonFiniteLossException.OfValidation(epoch + 1, step, result.Loss, rate);
            }

            validated = new ValidationProgress(epoch + 1, options.Epochs, result.Loss, result.Accuracy, best.IsBetter(result.Loss, result.Accuracy));
        }

        ranks.RequireEqual(WeightSnapshot.Of(network), epoch + 1, step);
        best.Add(network, epoch + 1, validated);
        epoch++;
        step = 0;
        meter.Reset();
        history.Add(new EpochProgress(epoch, options.Epochs, loss, terms, accuracy, rate, clock.ImagesPerSecond, Remaining, validated));
        bool last = epoch == options.Epochs || best.IsPatienceSpent;
        if (last || (options.Checkpoints?.EveryEpochs is int epochs && epoch % epochs == 0))
        {
            SaveCheckpoint();
        }

        if (validated is not null)
        {
            report(validated);
        }

        report(history[^1]);
    }

    /// <summary>Throws unless parameters and buffers are finite, and the logits of the latest images too.</summary>
    private void RequireFinite()
    {
        if (latestImages is null)
        {
            return; // nothing was trained since this was checked
        }

        (int last, int steps) = step > 0 ? (epoch + 1, step) : (epoch, stepsPerEpoch);
        double rate = options.LearningRate * options.Schedule.Factor(last - 1 + ((steps - 1.0) / stepsPerEpoch), options.Epochs);
        if (FiniteValues.FirstOther(WeightSnapshot.Of(network)) is { } name)
        {
            throw NonFiniteLossException.OfState(last, steps, name, rate);
        }

        using IDisposable scope = NewDisposeScope();
        using IDisposable gradients = no_grad();
        using IDisposable mode = network.WithMode(training: false);
        if (ranks.Any(!network.Logits(latestImages).isfinite().all().ToBoolean()))
        {
            (string largest, double value) = FiniteValues.Largest(WeightSnapshot.Of(network));
            throw NonFiniteLossException.OfLogits(last, steps, largest, value, rate);
        }

        latestImages.Dispose();
        latestImages = null;
    }

    private void SaveCheckpoint()
    {
        if (options.Checkpoints is null)
        {
            return;
        }

        meter.Read(epoch + 1); // throws if the weights are not worth keeping
        RequireFinite();
        if (checkpoints is null)
        {
            return; // rank 0 writes
        }

        using IDisposable scope = NewDisposeScope();
        var position = new TrainingPosition(
            epoch, step, meter.Count, meter.TermNames, best.Value, best.Weights?.Epoch ?? 0, best.EpochsWithoutImprovement,
            optimizer.Steps, history);
        (string Name, Tensor Value)[] tensors =
        [
            .. State(), .. Named(BestPrefix, best.Weights?.Tensors ?? []),
            (AugmentationName, augmentationGenerator.get_state()),
            (ObjectiveName, objectiveGenerator.get_state()),
            (SumsName, meter.Sums ?? zeros(0, device: CPU)),
        ];
        checkpoints.Save(((long)epoch * stepsPerEpoch) + step, position, [.. tensors.Select(pair => KeyValuePair.Create(pair.Name, pair.Value))]);
    }

    private void Resume()
    {
        (string Path, TrainingPosition Position, SafetensorsContent Content)? read = checkpoints?.Load(); // on the first rank
        using SafetensorsContent? content = read?.Content;
        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = no_grad();
        ranks.Share(WeightSnapshot.Of(network));
        if (ranks.Share(read is null ? null : (read.Value.Position, content!.Tensors)) is not var (position, tensors))
        {
            return;
        }

        foreach ((string name, Tensor value) in State())
        {
            value.copy_(tensors[name]);
        }

        optimizer.SetSteps(position.OptimizerSteps);
        augmentationGenerator.set_state(tensors[AugmentationName]);
        objectiveGenerator.set_state(tensors[ObjectiveName]);
        best.Resume(
            position.BestValue,
            position.EpochsWithoutImprovement,
            position.BestEpoch == 0
                ? null
                : new WeightSnapshot(
                    WeightSnapshot.Of(network).Select(pair => (pair.Name, tensors[BestPrefix + pair.Name])), position.BestEpoch));
        if (position.Images > 0)
        {
            meter.Resume(position.TermNames, tensors[SumsName].to(network.Device), position.Images);
        }

        history.AddRange(position.History);
        (epoch, step) = (position.Epoch, position.Step);
        if (read is not null)
        {
            report(epoch < options.Epochs && !best.IsPatienceSpent
                ? new TrainingResumed(epoch + 1, options.Epochs, step, stepsPerEpoch, read.Value.Path)
                : new TrainingResumed(epoch, options.Epochs, stepsPerEpoch, stepsPerEpoch, read.Value.Path) { IsFinished = true });
        }
    }

    /// <summary>The tensors that training changes in place, by their names in a checkpoint.</summary>
    private IEnumerable<(string Name, Tensor Value)> State()
        => Named(NetworkPrefix, WeightSnapshot.Of(network)).Concat(Named(OptimizerPrefix, optimizer.Tensors));

    private static IEnumerable<(string Name, Tensor Value)> Named(string prefix, IEnumerable<(string Name, Tensor Value)> tensors)
        => tensors.Select(pair => (prefix + pair.Name, pair.Value));

    /// <summary>The learning rate of a step of the running epoch, from 0.</summary>
    private double RateOf(int index) => options.LearningRate * options.Schedule.Factor(epoch + ((double)index / stepsPerEpoch), options.Epochs);

    /// <summary>Puts the frozen modules in evaluation mode and takes what is not trained out of the graph, until the result is disposed.</summary>
    private Undo Freeze()
    {
        (nn.Module Module, bool Training)[] former = [.. frozenModules.Select(module => (module, module.training))];
        HashSet<string> trained = [.. parameters.Select(parameter => parameter.Name)];
        Tensor[] constants =
            [.. TrainedParameters.All(network).Where(pair => pair.Value.requires_grad && !trained.Contains(pair.Name)).Select(pair => pair.Value)];
        Array.ForEach(former, entry => entry.Module.eval());
        Array.ForEach(constants, constant => constant.requires_grad = false);
        return new Undo(() =>
        {
            Array.ForEach(constants, constant => constant.requires_grad = true);
            Array.ForEach(former, entry => entry.Module.train(entry.Training)); // parents come before their children
        });
    }

    private void CheckSingleImages()
    {
        int size = options.Communicator.Size;
        long last = training.Count % batchSize;
        if (batchSize == 1)
        {
            RequireStatistics($"{nameof(TrainingOptions.BatchSize)} is 1.");
        }
        else if (Array.Exists([batchSize, last], rows => rows > 1 && BatchShare.Smallest(rows, size) == 1))
        {
            RequireStatistics(
                $"The {training.Count} training images in batches of {batchSize} ({nameof(TrainingOptions.BatchSize)}), the last one of"
                + $" {(last == 0 ? batchSize : last)}, leave one of {size} ranks with one image of a batch.");
        }
        else if (last == 1)
        {
            RequireStatistics(
                $"The {training.Count} training images in batches of {batchSize} ({nameof(TrainingOptions.BatchSize)}) end with one of"
                + " one image.");
        }
    }

    /// <summary>Throws where a batch of one image has no batch statistics.</summary>
    /// <param name="why">Why there is such a batch, a sentence.</param>
    private void RequireStatistics(string why)
    {
        if (!takesSingleImages && ChannelStatistics.Undefined(network) is { } name)
        {
            throw new ArgumentException(
                $"{why} Batch normalisation '{name}' gets one value per channel from it, which has no variance. Choose another"
                + $" {nameof(TrainingOptions.BatchSize)}, so that no batch has one image alone, leave out an image, or freeze the module"
                + $" ({nameof(TrainingOptions.FrozenModules)}).");
        }

        takesSingleImages = true;
    }

    private void CheckSources()
    {
        if (training.Count < 1)
        {
            throw new ArgumentException("The training source has no image; there is nothing to learn from.", nameof(training));
        }

        if (options.EarlyStopping is not null && validation is null)
        {
            throw new ArgumentException(
                $"{nameof(TrainingOptions.EarlyStopping)} is set, but there is no validation set to decide by.", nameof(validation));
        }
    }
}
