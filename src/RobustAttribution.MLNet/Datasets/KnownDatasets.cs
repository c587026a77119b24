using RobustAttribution.MLNet.Datasets;

namespace RobustAttribution.MLNet;

/// <summary>The datasets of both papers and the small ones for trying things out: sizes, counts, class names, statistics, addresses.</summary>
/// <remarks>Checksums are those of the publishers' pages or of torchvision's loaders; where neither gives one it is null.</remarks>
public static class KnownDatasets
{
    private const string CommonlyUsed = "commonly used; not published with the set";
    private static readonly double[] ImageNetMean = [0.485, 0.456, 0.406];
    private static readonly double[] ImageNetDeviation = [0.229, 0.224, 0.225];

    /// <summary>CIFAR-10, binary version.</summary>
    public static DatasetInfo Cifar10 { get; } = new()
    {
        Name = "CIFAR-10",
        Source = "Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images",
        Channels = 3,
        Height = 32,
        Width = 32,
        TrainCount = 50_000,
        TestCount = 10_000,
        ClassCount = 10,
        ClassNames = CifarNames.Ten,
        Mean = [0.4914, 0.4822, 0.4465],
        StandardDeviation = [0.2023, 0.1994, 0.2010],
        StatisticsSource = "training scripts of Joo et al. 2023",
        Files = [File("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530")],
    };

    /// <summary>CIFAR-100, binary version.</summary>
    public static DatasetInfo Cifar100 { get; } = new()
    {
        Name = "CIFAR-100",
        Source = "Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images",
        Channels = 3,
        Height = 32,
        Width = 32,
        TrainCount = 50_000,
        TestCount = 10_000,
        ClassCount = 100,
        ClassNames = CifarNames.Fine,
        Mean = [0.5071, 0.4867, 0.4408],
        StandardDeviation = [0.2675, 0.2565, 0.2761],
        StatisticsSource = CommonlyUsed,
        Files = [File("https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz", "03b5dce01913d631647c71ecec9e9cb8")],
    };

    /// <summary>MNIST.</summary>
    public static DatasetInfo Mnist { get; } = new()
    {
        Name = "MNIST",
        Source = "LeCun, Bottou, Bengio, Haffner 1998, Gradient-based learning applied to document recognition",
        Channels = 1,
        Height = 28,
        Width = 28,
        TrainCount = 60_000,
        TestCount = 10_000,
        ClassCount = 10,
        ClassNames = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        Mean = [0.1307],
        StandardDeviation = [0.3081],
        StatisticsSource = CommonlyUsed,
        Files =
        [
            File("https://ossci-datasets.s3.amazonaws.com/mnist/train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
            File("https://ossci-datasets.s3.amazonaws.com/mnist/train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
            File("https://ossci-datasets.s3.amazonaws.com/mnist/t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
            File("https://ossci-datasets.s3.amazonaws.com/mnist/t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
        ],
    };

    /// <summary>Fashion-MNIST.</summary>
    public static DatasetInfo FashionMnist { get; } = new()
    {
        Name = "Fashion-MNIST",
        Source = "Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747",
        Channels = 1,
        Height = 28,
        Width = 28,
        TrainCount = 60_000,
        TestCount = 10_000,
        ClassCount = 10,
        ClassNames = FashionMnistOptions.ClassNames,
        Mean = [0.2860],
        StandardDeviation = [0.3530],
        StatisticsSource = CommonlyUsed,
        Files =
        [
            File("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
            File("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
            File("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
            File("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
        ],
    };

    /// <summary>Street View House Numbers, cropped digits.</summary>
    public static DatasetInfo Svhn { get; } = new()
    {
        Name = "SVHN",
        Source = "Netzer, Wang, Coates, Bissacco, Wu, Ng 2011, Reading Digits in Natural Images with Unsupervised Feature Learning",
        Channels = 3,
        Height = 32,
        Width = 32,
        TrainCount = 73_257,
        TestCount = 26_032,
        ExtraCount = 531_131,
        ClassCount = 10,
        ClassNames = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        Mean = [0.4377, 0.4438, 0.4728],
        StandardDeviation = [0.1980, 0.2010, 0.1970],
        StatisticsSource = CommonlyUsed,
        Files =
        [
            File("http://ufldl.stanford.edu/housenumbers/train_32x32.mat", "e26dedcc434d2e4c54c9b2d4a06d8373"),
            File("http://ufldl.stanford.edu/housenumbers/test_32x32.mat", "eb5a983be6a315427106f1b164d9cef3"),
            File("http://ufldl.stanford.edu/housenumbers/extra_32x32.mat", "a93ce644f1a588dc4d68dda5feec44a7"),
        ],
    };

    /// <summary>German Traffic Sign Recognition Benchmark.</summary>
    public static DatasetInfo Gtsrb { get; } = new()
    {
        Name = "GTSRB",
        Source = "Stallkamp, Schlipsing, Salmen, Igel 2012, Man vs. computer: benchmarking machine learning algorithms for traffic sign recognition",
        Channels = 3,
        TrainCount = 39_209,
        TestCount = 12_630,
        ClassCount = 43,
        ClassNames =
        [
            "speed limit 20", "speed limit 30", "speed limit 50", "speed limit 60", "speed limit 70", "speed limit 80", "end of speed limit 80", "speed limit 100", "speed limit 120",
            "no passing", "no passing for trucks", "right of way at next crossing", "priority road", "yield", "stop", "no vehicles", "no trucks", "no entry", "general caution",
            "dangerous curve left", "dangerous curve right", "double curve", "bumpy road", "slippery road", "road narrows right", "road work", "traffic signals", "pedestrians",
            "children crossing", "bicycles crossing", "ice or snow", "wild animals", "end of all limits", "turn right ahead", "turn left ahead", "ahead only", "straight or right",
            "straight or left", "keep right", "keep left", "roundabout", "end of no passing", "end of no passing for trucks",
        ],
        Mean = [0.3337, 0.3064, 0.3171],
        StandardDeviation = [0.2672, 0.2564, 0.2629],
        StatisticsSource = CommonlyUsed,
        Files =
        [
            File("https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/GTSRB-Training_fixed.zip", "513f3c79a4c5141765e10e952eaa2478"),
            File("https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/GTSRB_Final_Test_Images.zip", "c7e4e6327067d32654124b0fe9e82185"),
            File("https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/GTSRB_Final_Test_GT.zip", "fe31e9c9270bbcd7b84b7f21a9d9d9e5"),
        ],
    };

    /// <summary>ImageNet-100: a hundred classes of ImageNet, as AGA uses it. Given out to registered users only.</summary>
    public static DatasetInfo ImageNet100 { get; } = new()
    {
        Name = "ImageNet-100",
        Source = "a hundred classes of Russakovsky et al. 2015, ImageNet Large Scale Visual Recognition Challenge",
        Channels = 3,
        TrainCount = 130_000,
        TestCount = 5_000,
        ClassCount = 100,
        Mean = ImageNetMean,
        StandardDeviation = ImageNetDeviation,
        StatisticsSource = "training scripts of Joo et al. 2023",
    };

    /// <summary>Caltech-UCSD Birds-200-2011.</summary>
    public static DatasetInfo Cub200 { get; } = new()
    {
        Name = "CUB-200-2011",
        Source = "Wah, Branson, Welinder, Perona, Belongie 2011, The Caltech-UCSD Birds-200-2011 Dataset",
        Channels = 3,
        TrainCount = 5_994,
        TestCount = 5_794,
        ClassCount = 200,
        Mean = ImageNetMean,
        StandardDeviation = ImageNetDeviation,
        StatisticsSource = "those of ImageNet, on which the networks used with this set are pretrained",
        Files = [File("https://data.caltech.edu/records/65de6-vp158/files/CUB_200_2011.tgz", "97eceeb196236b17998738112f37df78")],
    };

    /// <summary>All of them.</summary>
    public static IReadOnlyList<DatasetInfo> All { get; } = [Cifar10, Cifar100, Mnist, FashionMnist, Svhn, Gtsrb, ImageNet100, Cub200];

    private static DatasetFile File(string address, string md5) => new(new Uri(address), md5);
}
