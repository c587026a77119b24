using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet;

namespace RobustAttribution.Examples;

/// <summary>Pictures for a saved model: those of a folder or, for a model of the demo, the test pictures of Fashion-MNIST.</summary>
/// <param name="View">Columns Id, Label (key) and the model's column of pictures.</param>
/// <param name="Ids">What each picture is called.</param>
/// <param name="Classes">The true class of each; empty where it is not known.</param>
/// <param name="Name">What they are.</param>
public sealed record ModelPictures(IDataView View, IReadOnlyList<string> Ids, IReadOnlyList<string> Classes, string Name)
{
    /// <summary>Opens the pictures.</summary>
    /// <param name="context">The context.</param>
    /// <param name="model">Tells what pictures it takes and its classes.</param>
    /// <param name="folder">Their folder; null for Fashion-MNIST.</param>
    /// <param name="fashion">Gives the folder of the Fashion-MNIST files; called only where they are needed.</param>
    /// <param name="count">How many at most, evenly spaced.</param>
    /// <param name="needLabels">Whether pictures without a class of the model are of no use.</param>
    /// <exception cref="IOException">There are none.</exception>
    public static ModelPictures Open(MLContext context, SavedClassifier model, string? folder, Func<string> fashion, int count, bool needLabels)
    {
        if (folder is null)
        {
            return FashionMnist(context, model, fashion, count);
        }

        IReadOnlyList<PictureFile> files = PictureFolder.List(folder);
        if (needLabels)
        {
            files = [.. files.Where(file => model.ClassNames.Contains(file.ClassName))];
            if (files.Count == 0)
            {
                throw new InvalidDataException($"The folder '{folder}' has no pictures in sub-folders named like the classes of '{model.Path}': {string.Join(", ", model.ClassNames)}.");
            }
        }

        files = PictureFolder.Sample(files, count);
        return new ModelPictures(PictureFolder.Load(context, files, model.ClassNames, model.Classifier.ImageColumnName), [.. files.Select(file => file.Id)], [.. files.Select(file => file.ClassName)], Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))));
    }

    private static ModelPictures FashionMnist(MLContext context, SavedClassifier model, Func<string> fashion, int count)
    {
        if (!model.ClassNames.SequenceEqual(FashionMnistOptions.ClassNames))
        {
            throw new InvalidDataException($"'{model.Path}' was not trained on Fashion-MNIST (its classes are {string.Join(", ", model.ClassNames)}): give a folder of pictures with --pictures.");
        }

        IDataView all = context.Data.LoadFashionMnist(fashion(), FashionMnistSplit.Test, new FashionMnistOptions { LabelsAsKey = true });
        IDataView view = context.Data.TakeRows(all, count);
        if (model.Classifier.ImageColumnName != "Image")
        {
            view = context.Transforms.CopyColumns(model.Classifier.ImageColumnName, "Image").Fit(view).Transform(view);
        }

        string[] classes = [.. view.GetColumn<uint>("Label").Select(key => FashionMnistOptions.ClassNames[(int)key - 1])];
        return new ModelPictures(view, [.. classes.Select((_, row) => row.ToString(CultureInfo.InvariantCulture))], classes, "Fashion-MNIST, test pictures");
    }
}
