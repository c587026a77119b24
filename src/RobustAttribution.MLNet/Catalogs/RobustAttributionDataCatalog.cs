using RobustAttribution.MLNet;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Datasets;
using RobustAttribution.MLNet.Interop;

namespace Microsoft.ML;

/// <summary>Loaders of published datasets. Each makes a view with the columns <c>Image</c>, <c>Label</c>, <c>Id</c> and, where the set has parts, <c>Split</c>.</summary>
/// <remarks>
/// Nothing is read before the first row but what the columns' types need (lists of classes). A damaged file gives an <see cref="InvalidDataException"/> that names
/// file, byte or line, what was expected and what was found.
/// </remarks>
public static class RobustAttributionDataCatalog
{
    /// <summary>Fashion-MNIST (Xiao, Rasul, Vollgraf 2017): 28×28 grey images of ten kinds of clothes, with the columns <c>Image</c>, <c>Label</c> and <c>Id</c>.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="folder">
    /// Folder of the four IDX files, plain or .gz; where null that of the environment variable <see cref="FashionMnistOptions.FolderVariable"/>,
    /// else the first of <see cref="FashionMnistOptions.DebianFolder"/> and <see cref="FashionMnistOptions.CacheFolder"/> that has them.
    /// </param>
    /// <param name="split">Training or test images.</param>
    /// <param name="options">Form of images and labels.</param>
    /// <returns>The view; the files are read with its first row.</returns>
    /// <exception cref="FileNotFoundException">The files are not in that folder, or in none of those.</exception>
    /// <exception cref="InvalidDataException">While reading rows: a file is damaged; the message names file, position, what was expected and what was found.</exception>
    public static IDataView LoadFashionMnist(
        this DataOperationsCatalog catalog, string? folder = null, FashionMnistSplit split = FashionMnistSplit.Train, FashionMnistOptions? options = null)
        => new DatasetView(
            CatalogEnvironment.Of(catalog),
            IdxImages.Fashion(folder, split),
            new DatasetOptions { ImagesAsMLImage = options?.ImagesAsMLImage ?? false, LabelsAsKey = options?.LabelsAsKey ?? false });

    /// <summary>CIFAR-10 in its binary version: 32×32 images in colour of ten classes; <c>Id</c> counts the images of the part from 0.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="folder">The folder of data_batch_1.bin to data_batch_5.bin and test_batch.bin, or one that holds cifar-10-batches-bin.</param>
    /// <param name="split">Training or test images.</param>
    /// <param name="options">Form of images and labels.</param>
    /// <exception cref="FileNotFoundException">A file is not there.</exception>
    /// <exception cref="InvalidDataException">The folder holds the version for Python; or, while reading rows, a file is damaged.</exception>
    public static IDataView LoadCifar10(this DataOperationsCatalog catalog, string folder, DatasetSplit split = DatasetSplit.Train, DatasetOptions? options = null)
        => View(catalog, options, chosen => new CifarImages(folder, split, hundred: false, chosen.LabelsAsKey));

    /// <summary>CIFAR-100 in its binary version: 32×32 images in colour of a hundred classes, whose twenty groups are in the column <c>CoarseLabel</c>.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="folder">The folder of train.bin and test.bin, or one that holds cifar-100-binary.</param>
    /// <param name="split">Training or test images.</param>
    /// <param name="options">Form of images and labels.</param>
    /// <exception cref="FileNotFoundException">A file is not there.</exception>
    /// <exception cref="InvalidDataException">The folder holds the version for Python; or, while reading rows, a file is damaged.</exception>
    public static IDataView LoadCifar100(this DataOperationsCatalog catalog, string folder, DatasetSplit split = DatasetSplit.Train, DatasetOptions? options = null)
        => View(catalog, options, chosen => new CifarImages(folder, split, hundred: true, chosen.LabelsAsKey));

    /// <summary>MNIST: 28×28 grey images of handwritten digits.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="folder">The folder of the four IDX files, plain or .gz.</param>
    /// <param name="split">Training or test images.</param>
    /// <param name="options">Form of images and labels.</param>
    /// <exception cref="FileNotFoundException">A file is not there.</exception>
    /// <exception cref="InvalidDataException">While reading rows: a file is damaged.</exception>
    public static IDataView LoadMnist(this DataOperationsCatalog catalog, string folder, DatasetSplit split = DatasetSplit.Train, DatasetOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(folder);
        string name = Splits.TrainOrTest(split, "MNIST");
        return View(catalog, options, _ => new IdxImages(
            "MNIST", folder, split == DatasetSplit.Train ? "train" : "t10k", KnownDatasets.Mnist.ClassNames, name, "Give the folder of the four files as argument."));
    }

    /// <summary>SVHN's cropped digits: 32×32 images in colour from MATLAB files; the files' label 10 is the digit 0.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="folder">The folder of train_32x32.mat, test_32x32.mat and extra_32x32.mat, of which only the part's is needed.</param>
    /// <param name="split">Training, test or extra images.</param>
    /// <param name="options">Form of images and labels.</param>
    /// <exception cref="FileNotFoundException">The file is not there.</exception>
    /// <exception cref="InvalidDataException">While reading rows: the file is damaged.</exception>
    public static IDataView LoadSvhn(this DataOperationsCatalog catalog, string folder, DatasetSplit split = DatasetSplit.Train, DatasetOptions? options = null)
        => View(catalog, options, _ => new SvhnImages(folder, split));

    /// <summary>GTSRB: traffic signs of 43 classes in PPM images of 15 to 250 pixels; as vectors of 3×32×32 unless other sizes are asked for. <c>Id</c> is the path in the folder, <c>Box</c> the sign in the pixels of <c>Image</c>.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="folder">The folder of the class folders (training) or of the test images and GT-final_test.csv, or the one into which the published archives were extracted.</param>
    /// <param name="split">Training or test images.</param>
    /// <param name="cropToRegion">Show the sign's region only; there is no column <c>Box</c> then.</param>
    /// <param name="options">Form of images and labels.</param>
    /// <exception cref="FileNotFoundException">The table of the test images is not there; or, while reading rows, a class's table or an image is missing.</exception>
    /// <exception cref="DirectoryNotFoundException">The folder or its class folders are not there.</exception>
    /// <exception cref="InvalidDataException">While reading rows: a file is damaged.</exception>
    public static IDataView LoadGtsrb(
        this DataOperationsCatalog catalog, string folder, DatasetSplit split = DatasetSplit.Train, bool cropToRegion = false, DatasetOptions? options = null)
        => View(catalog, options, _ => new GtsrbImages(folder, split, cropToRegion));

    /// <summary>Images (JPEG, PNG, BMP, PPM) in one folder for each class, as ImageNet's; as vectors of 3×224×224 unless other sizes are asked for. <c>Id</c> is the path in the folder.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="folder">The folder of class folders.</param>
    /// <param name="classList">
    /// A text file that chooses the classes and gives their order: in each line the name of a folder and, after white space, what the class is called if not that; null takes all folders, by name.
    /// </param>
    /// <param name="options">Form of images and labels.</param>
    /// <exception cref="DirectoryNotFoundException">The folder or a class's folder is not there.</exception>
    /// <exception cref="InvalidDataException">The list is damaged; or, while reading rows, a class has no images or an image cannot be decoded.</exception>
    public static IDataView LoadImageFolders(this DataOperationsCatalog catalog, string folder, string? classList = null, DatasetOptions? options = null)
        => View(catalog, options, _ => new FolderImages(folder, classList));

    /// <summary>
    /// CUB-200-2011: birds of 200 species; as vectors of 3×224×224 unless other sizes are asked for. <c>Id</c> is the number in images.txt, <c>Path</c> the path in the folder images,
    /// <c>Box</c> the bird in the pixels of <c>Image</c>: left, top, right, bottom.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="folder">The folder of images.txt and the others, or one that holds CUB_200_2011.</param>
    /// <param name="split">Training or test images; null takes both, told apart by the column <c>Split</c>.</param>
    /// <param name="options">Form of images and labels.</param>
    /// <exception cref="FileNotFoundException">A text file is not there; or, while reading rows, an image is missing.</exception>
    /// <exception cref="InvalidDataException">classes.txt is damaged; or, while reading rows, another file.</exception>
    public static IDataView LoadCub200(this DataOperationsCatalog catalog, string folder, DatasetSplit? split = null, DatasetOptions? options = null)
        => View(catalog, options, _ => CubImages.Open(folder, split));

    private static DatasetView View(DataOperationsCatalog catalog, DatasetOptions? options, Func<DatasetOptions, ImageDataset> open)
    {
        DatasetOptions chosen = options ?? new();
        return new DatasetView(CatalogEnvironment.Of(catalog), open(chosen), chosen);
    }
}
