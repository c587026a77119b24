using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet;
using Spectre.Console;

namespace RobustAttribution.Examples;

/// <summary>Images for a saved model: those of a folder or, for a model of the demo, the test images of Fashion-MNIST.</summary>
/// <param name="View">Columns Id, Label (text) and the model's column of images.</param>
/// <param name="Ids">What each image is called.</param>
/// <param name="Classes">The true class of each; empty where it is not known.</param>
/// <param name="Name">What they are.</param>
public sealed record ModelImages(IDataView View, IReadOnlyList<string> Ids, IReadOnlyList<string> Classes, string Name)
{
    /// <summary>Opens the images.</summary>
    /// <param name="context">The context.</param>
    /// <param name="model">Tells what images it takes and its classes.</param>
    /// <param name="folder">Their folder; null for Fashion-MNIST.</param>
    /// <param name="fashion">Gives the folder of the Fashion-MNIST files; called only where they are needed.</param>
    /// <param name="count">How many at most, evenly spaced.</param>
    /// <param name="needLabels">Whether images without a class of the model are of no use.</param>
    /// <exception cref="IOException">There are none.</exception>
    public static ModelImages Open(MLContext context, SavedClassifier model, string? folder, Func<string> fashion, int count, bool needLabels)
    {
        if (folder is null)
        {
            return FashionMnist(context, model, fashion, count);
        }

        IReadOnlyList<ImageFile> files = ImageFolder.List(folder);
        if (needLabels)
        {
            ILookup<bool, ImageFile> known = files.ToLookup(file => model.ClassNames.Contains(file.ClassName));
            files = [.. known[true]];
            if (known[false].Any() && files.Count > 0)
            {
                string folders = string.Join(", ", known[false].Select(file => file.ClassName.Length > 0 ? file.ClassName : "none").Distinct());
                Terminal.Output.WriteLine($"Left out: images that are in no sub-folder named like a class of '{model.Path}', {known[false].Count()} in sub-folders {folders}; its classes are {string.Join(", ", model.ClassNames)}.");
            }

            if (files.Count == 0)
            {
                throw new InvalidDataException($"The folder '{folder}' has no images in sub-folders named like the classes of '{model.Path}': {string.Join(", ", model.ClassNames)}.");
            }
        }

        files = ImageFolder.Sample(files, count);
        return new ModelImages(ImageFolder.Load(context, files, model.Classifier.ImageColumnName), [.. files.Select(file => file.Id)], [.. files.Select(file => file.ClassName)], Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))));
    }

    private static ModelImages FashionMnist(MLContext context, SavedClassifier model, Func<string> fashion, int count)
    {
        if (!model.ClassNames.SequenceEqual(KnownDatasets.FashionMnist.ClassNames))
        {
            throw new InvalidDataException($"'{model.Path}' was not trained on Fashion-MNIST (its classes are {string.Join(", ", model.ClassNames)}): give a folder of images with --images.");
        }

        IDataView all = context.Data.LoadFashionMnist(fashion(), DatasetSplit.Test);
        IDataView view = context.Data.TakeRows(all, count);
        if (model.Classifier.ImageColumnName != "Image")
        {
            view = context.Transforms.CopyColumns(model.Classifier.ImageColumnName, "Image").Fit(view).Transform(view);
        }

        string[] classes = [.. view.GetColumn<string>("Label")];
        return new ModelImages(view, [.. classes.Select((_, row) => row.ToString(CultureInfo.InvariantCulture))], classes, "Fashion-MNIST, test images");
    }
}
