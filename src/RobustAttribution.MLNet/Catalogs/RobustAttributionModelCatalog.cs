using RobustAttribution.MLNet;
using RobustAttribution.Onnx;

namespace Microsoft.ML;

/// <summary>ONNX files of trained pipelines: the verb added to <c>mlContext.Model</c>.</summary>
public static class RobustAttributionModelCatalog
{
    /// <summary>
    /// Writes the classifier of a pipeline and the maps of its Saliency transforms as one ONNX model, which runs without libtorch.
    /// </summary>
    /// <remarks>
    /// What stands before the classifier stays outside: the file begins with images [N,C,H,W] in [0, 1], whatever the column's scale, and has what
    /// <see cref="OnnxFile.SaveAsOnnx"/> says. Its metadata name the classes and, as <c>Resize</c>, how images were brought to their size.
    /// </remarks>
    /// <param name="catalog">The catalog.</param>
    /// <param name="model">
    /// A model with one RobustImageClassification, alone or in a chain, whose Saliency transforms explain the predicted class with the network's own
    /// activation, unless the options list the maps.
    /// </param>
    /// <param name="stream">Written from its position on when the whole model is known; left open.</param>
    /// <param name="options">What the file holds; null for the maps of the pipeline.</param>
    /// <exception cref="ArgumentException">
    /// The model has no classifier of this library or several, or a map cannot be computed in ONNX; the message names it.
    /// </exception>
    /// <exception cref="NotSupportedException">A part of the network cannot be written; the message names the module.</exception>
    public static void ConvertToOnnx(
        this ModelOperationsCatalog catalog, ITransformer model, Stream stream, OnnxExportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(stream);
        options ??= new();
        ITransformer[] parts = [.. Parts(model)];
        RobustAttributionModelTransformer[] classifiers = [.. parts.OfType<RobustAttributionModelTransformer>()];
        if (classifiers.Length != 1)
        {
            throw new ArgumentException(
                $"The model has {classifiers.Length} transforms of RobustImageClassification; allowed is one. It is a {model.GetType().Name} of"
                + $" {string.Join(", ", parts.Select(part => part.GetType().Name))}.",
                nameof(model));
        }

        SaliencyTransformer[] explanations = [.. parts.OfType<SaliencyTransformer>()];
        bool takesMaps = options.Maps is null && explanations.Length > 0;
        classifiers[0].SaveAsOnnx(
            stream,
            takesMaps ? options with { Maps = explanations.Select(part => part.ToOnnx()).ToDictionary(map => map.Name, map => map.Map) } : options);
    }

    private static IEnumerable<ITransformer> Parts(ITransformer model)
        => model is IEnumerable<ITransformer> chain ? chain.SelectMany(Parts) : [model];
}
