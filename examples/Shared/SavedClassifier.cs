using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using RobustAttribution.MLNet;
using RobustAttribution.Networks;

namespace RobustAttribution.Examples;

/// <summary>A model.zip with a classifier of this library in it: the model itself tells what images it takes and what its classes are called.</summary>
public sealed class SavedClassifier : IDisposable
{
    private SavedClassifier(string path, ITransformer model, RobustAttributionModelTransformer classifier)
    {
        Path = path;
        Model = model;
        Classifier = classifier;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Everything in the file; it takes labels as text, before a file that takes keys they are mapped.</summary>
    public ITransformer Model { get; }

    /// <summary>The classifier within.</summary>
    public RobustAttributionModelTransformer Classifier { get; }

    /// <summary>What images the network takes.</summary>
    public InputSpecification Input => Classifier.Network.Input;

    /// <summary>The classes in the order of the scores.</summary>
    public IReadOnlyList<string> ClassNames => Names(Classifier);

    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="FormatException">It is no model, or has no classifier of this library.</exception>
    public static SavedClassifier Load(MLContext context, string path)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"The model '{path}' does not exist. The demo (./build.sh demo) writes artifacts/demo/model.zip, example 5 trains one on your own images.");
        }

        ITransformer model;
        DataViewSchema? input;
        try
        {
            model = context.Model.Load(path, out input);
        }
        catch (Exception wrapped) when (Cause(wrapped) is FormatException or InvalidDataException or InvalidOperationException or ArgumentException or IOException)
        {
            Exception error = Cause(wrapped);
            throw new FormatException($"'{path}' is not a model that can be loaded: {error.Message}", error);
        }

        if (Parts(model).OfType<RobustAttributionModelTransformer>().FirstOrDefault() is not { } classifier)
        {
            throw new FormatException($"'{path}' has no classifier that RobustImageClassification trained.");
        }

        bool takesText = input?.GetColumnOrNull("Label")?.Type is TextDataViewType; // MapValueToKey is in the file
        return new SavedClassifier(path, takesText ? model : new TransformerChain<ITransformer>(Keys(context, Names(classifier)), model), classifier);
    }

    public void Dispose() => (Model as IDisposable)?.Dispose();

    private static IReadOnlyList<string> Names(RobustAttributionModelTransformer classifier)
        => classifier.ClassNames ?? [.. Enumerable.Range(1, classifier.Network.ClassCount).Select(number => $"class {number}")];

    private static ValueToKeyMappingTransformer Keys(MLContext context, IReadOnlyList<string> classes)
    {
        IDataView names = context.Data.LoadFromEnumerable(classes.Select(name => new ClassEntry { Label = name }));
        return context.Transforms.Conversion.MapValueToKey("Label", keyData: names).Fit(names);
    }

    /// <summary>What went wrong in a loader, which ML.NET calls by reflection.</summary>
    private static Exception Cause(Exception error) => error is TargetInvocationException { InnerException: { } inner } ? Cause(inner) : error;

    /// <summary>The transformers within chains.</summary>
    private static IEnumerable<ITransformer> Parts(ITransformer model) => model is IEnumerable<ITransformer> chain ? chain.SelectMany(Parts) : [model];

    private sealed class ClassEntry
    {
        public string Label { get; set; } = string.Empty;
    }
}
