using RobustAttribution.MLNet;
using RobustAttribution.MLNet.Datasets;
using RobustAttribution.MLNet.Interop;

namespace Microsoft.ML;

/// <summary>
/// Loaders of published datasets. Each makes a view with the columns <c>Image</c>, <c>Label</c>, <c>Id</c> and, where the set has parts,
/// <c>Split</c>.
/// </summary>
/// <remarks>
/// Images have the size that they have in the files: MLImages, or float vectors where all images of a set have one size. The trainer brings them
/// to the network's size, by the policy that its model remembers. Files of images are decoded by the rules of <see cref="ImageDecoder"/>.
/// ML.NET's <c>Cache</c> and <c>ShuffleRows</c> drop columns of MLImages; the trainer needs neither.
/// Nothing is read before the first row but what the columns' types need (lists of classes). A damaged file gives an
/// <see cref="InvalidDataException"/> that names file, byte or line, what was expected and what was found.
/// </remarks>
public static class RobustAttributionDataCatalog
{
    /// <summary>Fashion-MNIST (Xiao, Rasul, Vollgraf 2017): 28×28 grey images of ten kinds of clothes.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="folder">
    /// Folder of the four IDX files, plain or .gz; where null that of the environment variable <see cref="FashionMnistFolders.Variable"/>,
    /// else the first of <see cref="FashionMnistFolders.Debian"/> and <see cref="FashionMnistFolders.Cache"/> that has them.
    /// </param>
    /// <param name="split">Training or test images.</param>
    /// <param name="options">Form of images and labels.</param>
    /// <exception cref="FileNotFoundException">The files are not in that folder, or in none of those.</exception>
    /// <exception cref="InvalidDataException">While reading rows: a file is damaged.</exception>
    public static IDataView LoadFashionMnist(
        this DataOperationsCatalog catalog, string? folder = null, DatasetSplit split = DatasetSplit.Train, DatasetOptions? options = null)
        => IdxImages.Fashion(CatalogEnvironment.Of(catalog), options ?? new(), folder, split);

    /// <summary>CIFAR-10 in its binary version: 32×32 images in colour of ten classes; <c>Id</c> counts the images of the part from 0.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="folder">The folder of data_batch_1.bin to data_batch_5.bin and test_batch.bin, or one that holds cifar-10-batches-bin.</param>
    /// <param name="split">Training or test images.</param>
    /// <param name="options">Form of images and labels.</param>
    /// <exception cref="FileNotFoundException">A file is not there.</exception>
    /// <exception cref="InvalidDataException">The folder holds the version for Python; or, while reading rows, a file is damaged.</exception>
    public static IDataView LoadCifar10(
        this DataOperationsCatalog catalog, string folder, DatasetSplit split = DatasetSplit.Train, DatasetOptions? options = null)
        => CifarImages.Open(CatalogEnvironment.Of(catalog), options ?? new(), folder, split, hundred: false);

    /// <summary>
    /// CIFAR-100 in its binary version: 32×32 images in colour of a hundred classes, whose twenty groups are in the column <c>CoarseLabel</c>.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="folder">The folder of train.bin and test.bin, or one that holds cifar-100-binary.</param>
    /// <param name="split">Training or test images.</param>
    /// <param name="options">Form of images and labels.</param>
    /// <exception cref="FileNotFoundException">A file is not there.</exception>
    /// <exception cref="InvalidDataException">The folder holds the version for Python; or, while reading rows, a file is damaged.</exception>
    public static IDataView LoadCifar100(
        this DataOperationsCatalog catalog, string folder, DatasetSplit split = DatasetSplit.Train, DatasetOptions? options = null)
        => CifarImages.Open(CatalogEnvironment.Of(catalog), options ?? new(), folder, split, hundred: true);

    /// <summary>MNIST: 28×28 grey images of handwritten digits.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="folder">The folder of the four IDX files, plain or .gz.</param>
    /// <param name="split">Training or test images.</param>
    /// <param name="options">Form of images and labels.</param>
    /// <exception cref="FileNotFoundException">A file is not there.</exception>
    /// <exception cref="InvalidDataException">While reading rows: a file is damaged.</exception>
    public static IDataView LoadMnist(
        this DataOperationsCatalog catalog, string folder, DatasetSplit split = DatasetSplit.Train, DatasetOptions? options = null)
        => IdxImages.Mnist(CatalogEnvironment.Of(catalog), options ?? new(), folder, split);

    /// <summary>SVHN's cropped digits: 32×32 images in colour from MATLAB files; the files' label 10 is the digit 0.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="folder">The folder of train_32x32.mat, test_32x32.mat and extra_32x32.mat, of which only the part's is needed.</param>
    /// <param name="split">Training, test or extra images.</param>
    /// <param name="options">Form of images and labels.</param>
    /// <exception cref="FileNotFoundException">The file is not there.</exception>
    /// <exception cref="InvalidDataException">While reading rows: the file is damaged.</exception>
    public static IDataView LoadSvhn(
        this DataOperationsCatalog catalog, string folder, DatasetSplit split = DatasetSplit.Train, DatasetOptions? options = null)
        => SvhnImages.Open(CatalogEnvironment.Of(catalog), options ?? new(), folder, split);

    /// <summary>
    /// GTSRB: traffic signs of 43 classes in images of 15 to 250 pixels. <c>Id</c> is the path in the folder, <c>Box</c> the sign in the pixels
    /// of <c>Image</c>.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="folder">
    /// The folder of the class folders (training) or of the test images and GT-final_test.csv, or the one into which the published archives were
    /// extracted.
    /// </param>
    /// <param name="split">Training or test images.</param>
    /// <param name="cropToRegion">Show the sign's region only; there is no column <c>Box</c> then.</param>
    /// <param name="options">Form of images and labels.</param>
    /// <exception cref="FileNotFoundException">
    /// The table of the test images is not there; or, while reading rows, a class's table or an image is missing.
    /// </exception>
    /// <exception cref="DirectoryNotFoundException">The folder or its class folders are not there.</exception>
    /// <exception cref="InvalidDataException">While reading rows: a file is damaged.</exception>
    public static IDataView LoadGtsrb(
        this DataOperationsCatalog catalog, string folder, DatasetSplit split = DatasetSplit.Train, bool cropToRegion = false,
        DatasetOptions? options = null)
        => GtsrbImages.Open(CatalogEnvironment.Of(catalog), options ?? new(), folder, split, cropToRegion);

    /// <summary>
    /// Images of any size in one folder for each class, as ImageNet's, also in folders within it. <c>Id</c> is the path in the folder.
    /// </summary>
    /// <remarks>
    /// Taken are .jpg, .jpeg, .jpe, .jfif, .png, .bmp, .gif, .webp and .ppm. Hidden files and folders (whose names start with a dot, among them
    /// ._NAME), __MACOSX, other files, and links to folders read before or to nothing are left out: the log has their number and the first ones, and
    /// <see cref="DatasetOptions.LeftOut"/> all of them.
    /// </remarks>
    /// <param name="catalog">The catalog.</param>
    /// <param name="folder">The folder of class folders.</param>
    /// <param name="classList">
    /// A text file that chooses the classes and gives their order; null takes all folders, by name. A line is the name of a folder, with what the
    /// class is called, if not that, after a tab; where there is no tab and the line as a whole names no folder, after the first white space.
    /// </param>
    /// <param name="options">Form of images and labels.</param>
    /// <exception cref="DirectoryNotFoundException">The folder or a class's folder is not there.</exception>
    /// <exception cref="InvalidDataException">
    /// The list is damaged; or, while reading rows, a class has no images or an image cannot be decoded.
    /// </exception>
    public static IDataView LoadImageFolders(
        this DataOperationsCatalog catalog, string folder, string? classList = null, DatasetOptions? options = null)
        => FolderImages.Open(CatalogEnvironment.Of(catalog), options ?? new(), folder, classList);

    /// <summary>
    /// CUB-200-2011: birds of 200 species in images of any size, as stored (an EXIF orientation is not applied, since boxes are of the stored
    /// pixels). <c>Id</c> is the number in images.txt, <c>Path</c> the path in the folder images, <c>Box</c> the bird in the pixels of
    /// <c>Image</c>: left, top, right, bottom.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="folder">The folder of images.txt and the others, or one that holds CUB_200_2011.</param>
    /// <param name="split">Training or test images; null takes both, told apart by the column <c>Split</c>.</param>
    /// <param name="options">Form of images and labels.</param>
    /// <exception cref="FileNotFoundException">A text file is not there; or, while reading rows, an image is missing.</exception>
    /// <exception cref="InvalidDataException">classes.txt is damaged; or, while reading rows, another file.</exception>
    public static IDataView LoadCub200(this DataOperationsCatalog catalog, string folder, DatasetSplit? split = null, DatasetOptions? options = null)
        => CubImages.Open(CatalogEnvironment.Of(catalog), options ?? new(), folder, split);
}
