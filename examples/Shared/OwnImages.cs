using Microsoft.ML;

namespace RobustAttribution.Examples;

/// <summary>The images of a folder, class by class in three parts: of ten images seven to train on, one to choose the best epoch by, two to test on.</summary>
public sealed class OwnImages
{
    private const int Fewest = 3;

    /// <summary>Lists and divides them, by a seed.</summary>
    /// <exception cref="InvalidDataException">There are fewer than two classes, or a class has too few images.</exception>
    public OwnImages(MLContext context, string folder, int seed)
    {
        IReadOnlyList<ImageFile> files = ImageFolder.List(folder);
        List<IGrouping<string, ImageFile>> classes = [.. files.Where(file => file.ClassName.Length > 0).GroupBy(file => file.ClassName)];
        if (classes.Count < 2)
        {
            throw new InvalidDataException($"The folder '{folder}' has {classes.Count} sub-folders with images; one for each class, so at least two, are needed.");
        }

        if (classes.FirstOrDefault(group => group.Count() < Fewest) is { } small)
        {
            throw new InvalidDataException($"The class '{small.Key}' has {small.Count()} images; at least {Fewest} are needed, and hundreds are better.");
        }

        ClassNames = [.. classes.Select(group => group.Key)];
        List<ImageFile> training = [], validation = [], test = [];
        var random = new Random(seed);
        foreach (IGrouping<string, ImageFile> group in classes)
        {
            ImageFile[] mixed = [.. group];
            random.Shuffle(mixed);
            foreach ((int index, ImageFile file) in mixed.Index())
            {
                List<ImageFile> part = (index % 10) switch
                {
                    1 or 6 => test,
                    4 => validation,
                    _ => training,
                };
                part.Add(file);
            }
        }

        (TrainingCount, ValidationCount, TestCount) = (training.Count, validation.Count, test.Count);
        Training = ImageFolder.Load(context, training, ClassNames, "Image");
        Validation = validation.Count > 0 ? ImageFolder.Load(context, validation, ClassNames, "Image") : null;
        Test = ImageFolder.Load(context, test, ClassNames, "Image");
    }

    /// <summary>The names of the sub-folders.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>To train on.</summary>
    public IDataView Training { get; }

    /// <summary>Null where every class has fewer than five images.</summary>
    public IDataView? Validation { get; }

    /// <summary>To test on.</summary>
    public IDataView Test { get; }

    /// <summary>To train on.</summary>
    public int TrainingCount { get; }

    /// <summary>To choose the best epoch by.</summary>
    public int ValidationCount { get; }

    /// <summary>To test on.</summary>
    public int TestCount { get; }
}
