using Microsoft.ML;

namespace RobustAttribution.Examples.TrainOnYourOwnPictures;

/// <summary>The pictures of a folder, class by class in three parts: of ten pictures seven to train on, one to choose the best epoch by, two for the report.</summary>
internal sealed class OwnPictures
{
    private const int Fewest = 3;

    /// <exception cref="InvalidDataException">There are fewer than two classes, or a class has too few pictures.</exception>
    public OwnPictures(MLContext context, string folder, int seed)
    {
        IReadOnlyList<PictureFile> files = PictureFolder.List(folder);
        List<IGrouping<string, PictureFile>> classes = [.. files.Where(file => file.ClassName.Length > 0).GroupBy(file => file.ClassName)];
        if (classes.Count < 2)
        {
            throw new InvalidDataException($"The folder '{folder}' has {classes.Count} sub-folders with pictures; one for each class, so at least two, are needed.");
        }

        if (classes.FirstOrDefault(group => group.Count() < Fewest) is { } small)
        {
            throw new InvalidDataException($"The class '{small.Key}' has {small.Count()} pictures; at least {Fewest} are needed, and hundreds are better.");
        }

        ClassNames = [.. classes.Select(group => group.Key)];
        List<PictureFile> training = [], validation = [], test = [];
        var random = new Random(seed);
        foreach (IGrouping<string, PictureFile> group in classes)
        {
            PictureFile[] mixed = [.. group];
            random.Shuffle(mixed);
            foreach ((int index, PictureFile file) in mixed.Index())
            {
                List<PictureFile> part = (index % 10) switch
                {
                    1 or 6 => test,
                    4 => validation,
                    _ => training,
                };
                part.Add(file);
            }
        }

        (TrainingCount, ValidationCount, TestCount) = (training.Count, validation.Count, test.Count);
        Training = PictureFolder.Load(context, training, ClassNames, "Image");
        Validation = validation.Count > 0 ? PictureFolder.Load(context, validation, ClassNames, "Image") : null;
        Test = PictureFolder.Load(context, test, ClassNames, "Image");
    }

    public IReadOnlyList<string> ClassNames { get; }

    public IDataView Training { get; }

    /// <summary>Null where every class has fewer than five pictures.</summary>
    public IDataView? Validation { get; }

    public IDataView Test { get; }

    public int TrainingCount { get; }

    public int ValidationCount { get; }

    public int TestCount { get; }
}
