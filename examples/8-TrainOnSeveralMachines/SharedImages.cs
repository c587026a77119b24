using Microsoft.ML;
using RobustAttribution.MLNet;
using RobustAttribution.Networks;

namespace RobustAttribution.Examples.TrainOnSeveralMachines;

/// <summary>What every rank reads: the same rows in the same order.</summary>
internal sealed record SharedImages(IDataView Training, IDataView? Validation, IDataView Test, InputSpecification Input, string Name)
{
    private const int ValidationCount = 1000;

    /// <summary>The images of a folder with one sub-folder for each class.</summary>
    public static SharedImages Folder(MLContext context, string folder, int size, int seed)
    {
        var images = new OwnImages(context, folder, seed);
        string name = $"{images.TrainingCount} images of {images.ClassNames.Count} classes";
        return new(images.Training, images.Validation, images.Test, new InputSpecification(3, size, size), name);
    }

    /// <summary>The first images of Fashion-MNIST; its last training images choose the best epoch.</summary>
    public static SharedImages FashionMnist(MLContext context, string folder, int count)
    {
        var shape = new DatasetOptions { LabelsAsKey = true };
        IDataView all = context.Data.LoadFashionMnist(folder, DatasetSplit.Train, shape);
        IDataView validation = context.Data.SkipRows(all, Math.Max(0, (all.GetRowCount() ?? 0) - ValidationCount));
        IDataView test = context.Data.LoadFashionMnist(folder, DatasetSplit.Test, shape);
        return new(context.Data.TakeRows(all, count), validation, test, new InputSpecification(1, 28, 28), $"{count} images of Fashion-MNIST");
    }
}
