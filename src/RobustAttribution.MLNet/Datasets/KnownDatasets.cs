using RobustAttribution.MLNet.Datasets;

namespace RobustAttribution.MLNet;

/// <summary>The datasets of both papers and the small ones for trying things out: sizes, counts, class names, statistics, addresses.</summary>
/// <remarks>Checksums are those of the publishers' pages or of torchvision's loaders.</remarks>
public static class KnownDatasets
{
    private const string Krizhevsky = "Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images";
    private const string CommonlyUsed = "commonly used; not published with the set";
    private const string AgaScripts = "training scripts of Joo et al. 2023";
    private const string Toronto = "https://www.cs.toronto.edu/~kriz/";
    private const string MnistMirror = "https://ossci-datasets.s3.amazonaws.com/mnist/";
    private const string Zalando = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/";
    private const string Stanford = "http://ufldl.stanford.edu/housenumbers/";
    private const string Erda = "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/";
    private static readonly string[] Digits = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    private static readonly double[] ImageNetMean = [0.485, 0.456, 0.406];
    private static readonly double[] ImageNetDeviation = [0.229, 0.224, 0.225];

    private static readonly string[] Clothes =
        ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

    private static readonly string[] Signs =
    [
        "speed limit 20", "speed limit 30", "speed limit 50", "speed limit 60", "speed limit 70", "speed limit 80", "end of speed limit 80",
        "speed limit 100",
        "speed limit 120", "no passing", "no passing for trucks", "right of way at next crossing", "priority road", "yield", "stop", "no vehicles",
        "no trucks",
        "no entry", "general caution", "dangerous curve left", "dangerous curve right", "double curve", "bumpy road", "slippery road",
        "road narrows right",
        "road work", "traffic signals", "pedestrians", "children crossing", "bicycles crossing", "ice or snow", "wild animals", "end of all limits",
        "turn right ahead", "turn left ahead", "ahead only", "straight or right", "straight or left", "keep right", "keep left", "roundabout",
        "end of no passing", "end of no passing for trucks",
    ];

    /// <summary>CIFAR-10, binary version.</summary>
    public static DatasetInfo Cifar10 { get; } = Of("CIFAR-10", Krizhevsky, 3, 32, 50_000, 10_000, CifarNames.Ten) with
    {
        Mean = [0.4914, 0.4822, 0.4465], StandardDeviation = [0.2023, 0.1994, 0.2010], StatisticsSource = AgaScripts,
        Files = Files(Toronto, ("cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530")),
    };

    /// <summary>CIFAR-100, binary version.</summary>
    public static DatasetInfo Cifar100 { get; } = Of("CIFAR-100", Krizhevsky, 3, 32, 50_000, 10_000, CifarNames.Fine) with
    {
        Mean = [0.5071, 0.4867, 0.4408], StandardDeviation = [0.2675, 0.2565, 0.2761],
        Files = Files(Toronto, ("cifar-100-binary.tar.gz", "03b5dce01913d631647c71ecec9e9cb8")),
    };

    /// <summary>MNIST.</summary>
    public static DatasetInfo Mnist { get; } = Of(
        "MNIST", "LeCun, Bottou, Bengio, Haffner 1998, Gradient-based learning applied to document recognition", 1, 28, 60_000, 10_000, Digits) with
    {
        Mean = [0.1307], StandardDeviation = [0.3081],
        Files = Files(
            MnistMirror,
            ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"), ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
            ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"), ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c")),
    };

    /// <summary>Fashion-MNIST.</summary>
    public static DatasetInfo FashionMnist { get; } = Of(
        "Fashion-MNIST", "Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747", 1, 28, 60_000, 10_000, Clothes) with
    {
        Mean = [0.2860], StandardDeviation = [0.3530],
        Files = Files(
            Zalando,
            ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"), ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
            ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"), ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310")),
    };

    /// <summary>Street View House Numbers, cropped digits.</summary>
    public static DatasetInfo Svhn { get; } = Of(
        "SVHN", "Netzer, Wang, Coates, Bissacco, Wu, Ng 2011, Reading Digits in Natural Images with Unsupervised Feature Learning", 3, 32, 73_257,
        26_032, Digits) with
    {
        ExtraCount = 531_131, Mean = [0.4377, 0.4438, 0.4728], StandardDeviation = [0.1980, 0.2010, 0.1970],
        Files = Files(
            Stanford,
            ("train_32x32.mat", "e26dedcc434d2e4c54c9b2d4a06d8373"), ("test_32x32.mat", "eb5a983be6a315427106f1b164d9cef3"),
            ("extra_32x32.mat", "a93ce644f1a588dc4d68dda5feec44a7")),
    };

    /// <summary>German Traffic Sign Recognition Benchmark.</summary>
    public static DatasetInfo Gtsrb { get; } = Of(
        "GTSRB", "Stallkamp, Schlipsing, Salmen, Igel 2012, Man vs. computer: benchmarking machine learning algorithms for traffic sign recognition",
        3, null, 39_209, 12_630, Signs) with
    {
        Mean = [0.3337, 0.3064, 0.3171], StandardDeviation = [0.2672, 0.2564, 0.2629],
        Files = Files(
            Erda,
            ("GTSRB-Training_fixed.zip", "513f3c79a4c5141765e10e952eaa2478"), ("GTSRB_Final_Test_Images.zip", "c7e4e6327067d32654124b0fe9e82185"),
            ("GTSRB_Final_Test_GT.zip", "fe31e9c9270bbcd7b84b7f21a9d9d9e5")),
    };

    /// <summary>ImageNet-100: a hundred classes of ImageNet, as AGA uses it. Given out to registered users only.</summary>
    public static DatasetInfo ImageNet100 { get; } = Of(
        "ImageNet-100", "a hundred classes of Russakovsky et al. 2015, ImageNet Large Scale Visual Recognition Challenge", 3, null, 130_000, 5_000,
        []) with
    {
        ClassCount = 100, Mean = ImageNetMean, StandardDeviation = ImageNetDeviation, StatisticsSource = AgaScripts,
    };

    /// <summary>Caltech-UCSD Birds-200-2011.</summary>
    public static DatasetInfo Cub200 { get; } = Of(
        "CUB-200-2011", "Wah, Branson, Welinder, Perona, Belongie 2011, The Caltech-UCSD Birds-200-2011 Dataset", 3, null, 5_994, 5_794, []) with
    {
        ClassCount = 200, Mean = ImageNetMean, StandardDeviation = ImageNetDeviation,
        StatisticsSource = "those of ImageNet, on which the networks used with this set are pretrained",
        Files = Files("https://data.caltech.edu/records/65de6-vp158/files/", ("CUB_200_2011.tgz", "97eceeb196236b17998738112f37df78")),
    };

    /// <summary>All of them.</summary>
    public static IReadOnlyList<DatasetInfo> All { get; } = [Cifar10, Cifar100, Mnist, FashionMnist, Svhn, Gtsrb, ImageNet100, Cub200];

    private static DatasetInfo Of(string name, string source, int channels, int? side, int train, int test, IReadOnlyList<string> classNames)
        => new()
    {
        Name = name, Source = source, Channels = channels, Height = side, Width = side, TrainCount = train, TestCount = test,
        ClassCount = classNames.Count, ClassNames = classNames, Mean = [], StandardDeviation = [], StatisticsSource = CommonlyUsed,
    };

    private static DatasetFile[] Files(string place, params (string Name, string Md5)[] files)
        => Array.ConvertAll(files, file => new DatasetFile(new Uri(place + file.Name), file.Md5));
}
