using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet;
using RobustAttribution.Networks;

namespace RobustAttribution.Examples.Tests;

/// <summary>All examples on tiny data, as a user runs them.</summary>
[TestClass]
public sealed class ExampleTests
{
    private static readonly string Folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
    private static readonly string Images = Path.Combine(Folder, "images");
    private static readonly string Fashion = Path.Combine(Folder, "fashion");
    private static readonly string Own = Path.Combine(Folder, "own");
    private static readonly string OwnModel = Path.Combine(Own, "model.zip");
    private static readonly Lazy<Result> Demo = new(() => Example.Run(
        "TrainRobustClassifier", "--data", Fashion, "--images", "64", "--test-images", "8", "--epochs", "1", "--output", DemoFolder));

    private static readonly Lazy<Result> OwnTraining = new(() => Example.Run(
        "TrainOnYourOwnImages", Images, "--epochs", "1", "--size", "16", "--report-images", "3", "--output", Own));

    private static string DemoFolder => Path.Combine(Folder, "demo");

    [ClassInitialize]
    public static void Write(TestContext context)
    {
        _ = context;
        TinyData.WriteImages(Images, 10);
        TinyData.WriteFashion(Fashion, 1100, 20);
    }

    [ClassCleanup]
    public static void Remove() => Directory.Delete(Folder, recursive: true);

    [TestMethod]
    public void Example1TrainsThreeNetworksAndWritesModelNumbersAndSheet()
    {
        Result result = Demo.Value.Fine();
        StringAssert.Contains(result.Output, "equal bit for bit");
        StringAssert.Contains(result.Output, "90 %"); // the attack's progress, as plain lines
        using JsonDocument metrics = JsonDocument.Parse(File.ReadAllText(Path.Combine(DemoFolder, "metrics.json")));
        Assert.AreEqual(3, metrics.RootElement.GetProperty("models").GetArrayLength()); // ordinary, without kinks, robust
        AssertImage(Path.Combine(DemoFolder, "contact-sheet.png"), 600);
        Assert.DoesNotContain("\u001b", result.Output); // no colours in a pipe
    }

    [TestMethod]
    public void Example5TrainsOnAFolderAndWritesModelAndReport()
    {
        Result result = OwnTraining.Value.Fine();
        StringAssert.Contains(result.Output, "lying, upright");
        StringAssert.Contains(result.Output, "14 images to train on, 2 to choose the best epoch by, 4 for the report");
        StringAssert.Contains(result.Output, "left"); // the time
        Assert.IsTrue(File.Exists(OwnModel));
        string report = File.ReadAllText(Path.Combine(Own, "report.html"));
        StringAssert.Contains(report, "3 of 4 rows");
        Assert.DoesNotContain(Folder, report); // the page may be shown to others
    }

    [TestMethod]
    public void Example5TakesImagesAsGrey()
    {
        string output = Path.Combine(Folder, "grey");
        Example.Run("TrainOnYourOwnImages", Images, "--grey", "--epochs", "1", "--size", "16", "--report-images", "2", "--output", output).Fine();
        Assert.IsTrue(File.ReadAllText(Path.Combine(output, "report.html")).Contains("1 &#215; 16 &#215; 16", StringComparison.Ordinal), "channels × height × width in the card");
    }

    [TestMethod]
    public void Example2ExplainsImagesOfAFolderWithAModelOfMLImages()
    {
        _ = OwnTraining.Value.Fine();
        string output = Path.Combine(Folder, "saliency");
        Result result = Example.Run("ShowSaliency", "--model", OwnModel, "--images", Images, "--count", "3", "--method", "integrated-gradients", "--output", output).Fine();
        Assert.HasCount(3, Directory.GetFiles(output, "*.png"));
        AssertImage(Path.Combine(output, "lying-00.png"), 900);
        StringAssert.Contains(result.Output, "upright/");
    }

    [TestMethod]
    public void Example2ExplainsFashionMnistAndAFlatFolderWithTheDemosModel()
    {
        _ = Demo.Value.Fine();
        string model = Path.Combine(DemoFolder, "model.zip");
        string output = Path.Combine(Folder, "saliency-demo");
        Example.Run("ShowSaliency", "--model", model, "--data", Fashion, "--count", "2", "--output", output).Fine();
        Assert.HasCount(2, Directory.GetFiles(output));

        string flat = Path.Combine(Folder, "flat");
        Example.Run("ShowSaliency", "--model", model, "--images", Path.Combine(Images, "lying"), "--count", "2", "--output", flat).Fine(); // 16×16 in colour, brought to 28×28 in grey
        Assert.HasCount(2, Directory.GetFiles(flat));
    }

    [TestMethod]
    public void Example3ShowsBeforeAndAfter()
    {
        _ = OwnTraining.Value.Fine();
        string path = Path.Combine(Folder, "attack", "sheet.png");
        Result result = Example.Run("AttackAnExplanation", "--model", OwnModel, "--images", Images, "--count", "2", "--steps", "5", "--output", path).Fine();
        AssertImage(path, 700);
        StringAssert.Contains(result.Output, "top-100 intersection");
        _ = Demo.Value.Fine();
        string fashion = Path.Combine(Folder, "attack", "fashion.png");
        Example.Run("AttackAnExplanation", "--model", Path.Combine(DemoFolder, "model.zip"), "--data", Fashion, "--count", "2", "--steps", "3", "--attack", "target-map", "--epsilon", "16", "--output", fashion).Fine();
        AssertImage(fashion, 700);
    }

    [TestMethod]
    public void Example4ComparesTwoModels()
    {
        _ = OwnTraining.Value.Fine();
        string copy = Path.Combine(Folder, "copy", "model.zip");
        Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
        File.Copy(OwnModel, copy);
        string page = Path.Combine(Folder, "compared.html");
        Result result = Example.Run("MeasureRobustness", OwnModel, copy, "--images", Images, "--count", "4", "--output", page).Fine();
        StringAssert.Contains(result.Output, "copy"); // named after the folder
        string html = File.ReadAllText(page);
        StringAssert.Contains(html, "Top-100 intersection");
        Assert.IsTrue(Regex.Count(html, "<img ") > 10);
    }

    [TestMethod]
    public void Examples2To4TakeAModelThatMapsTextLabelsItself()
    {
        _ = OwnTraining.Value.Fine();
        string model = Path.Combine(Folder, "readme.zip"), page = Path.Combine(Folder, "readme.html");
        var context = new MLContext(seed: 1);
        IDataView images = context.Data.LoadImageFolders(Images); // as the README trains
        var pipeline = context.Transforms.Conversion.MapValueToKey("Label").Append(context.Transforms.RobustImageClassification(new()
        {
            Input = new InputSpecification(3, 16, 16),
            Epochs = 1,
        }));
        using (var trained = pipeline.Fit(images))
        {
            context.Model.Save(trained, images.Schema, model);
        }

        Example.Run("ShowSaliency", "--model", model, "--images", Images, "--count", "1", "--output", Path.Combine(Folder, "readme")).Fine();
        Example.Run("AttackAnExplanation", "--model", model, "--images", Images, "--count", "1", "--steps", "1", "--output", page + ".png").Fine();
        Example.Run("MeasureRobustness", model, OwnModel, "--images", Images, "--count", "4", "--output", page).Fine(); // beside one of keys
        StringAssert.Contains(File.ReadAllText(page), "Top-100 intersection");
    }

    [TestMethod]
    public void Example7SaysWhatTheModelSaysWithoutTorch()
    {
        _ = OwnTraining.Value.Fine();
        string images = Path.Combine(Folder, "sizes"), model = Path.Combine(Own, "model.onnx");
        Directory.CreateDirectory(images);
        TinyData.WriteImage(Path.Combine(images, "wide.png"), 41, 30, lying: true, new Random(1));
        TinyData.WriteImage(Path.Combine(images, "high.png"), 9, 25, lying: false, new Random(2));
        TinyData.WriteImage(Path.Combine(images, "same.png"), 16, 16, lying: false, new Random(3));
        string expected = Example.Run("ShowSaliency", "--model", OwnModel, "--images", images, "--count", "3", "--output", Path.Combine(images, "sheets")).Fine().Output;
        string[] runtime = Explain("runtime"), pipeline = Explain("pipeline", "--ml-net");
        CollectionAssert.AreEqual(runtime, pipeline);
        foreach (string line in runtime)
        {
            Match found = Regex.Match(line, @"^(.*\.png): (\w+), ([0-9.]+) %$");
            Match ours = Regex.Match(expected, $@"{Regex.Escape(found.Groups[1].Value)}\W+{found.Groups[2].Value}\W+([0-9.]+) %");
            Assert.IsTrue(ours.Success, $"{line}{expected}");
            Assert.AreEqual(Number(ours.Groups[1]), Number(found.Groups[3]), 0.06, "the same percentage to a decimal place");
        }

        using MLImage drawn = MLImage.CreateFromFile(Path.Combine(images, "runtime", "wide.png"));
        Assert.AreEqual((41, 30), (drawn.Width, drawn.Height));
        CollectionAssert.AreEqual(runtime, Explain("class", "--class", "upright"));
        CollectionAssert.AreEqual(Overlay("runtime"), Overlay("pipeline"));
        CollectionAssert.AreEqual(runtime, Explain("other", "--class", "lying"));
        CollectionAssert.AreNotEqual(Overlay("other"), Overlay("class"));

        string[] Explain(string output, params string[] options)
        {
            Result result = Example.Run("ExplainWithoutTorch", ["--model", model, "--images", images, "--output", Path.Combine(images, output), .. options]);
            string warning = options.Contains("--ml-net") ? "TargetClass appears in graph inputs" : string.Empty; // ML.NET lets ONNX Runtime warn
            string[] errors = [.. result.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries).Where(line => warning.Length == 0 || !line.Contains(warning, StringComparison.Ordinal))];
            Assert.IsEmpty(errors, result.Errors);
            string[] lines = result.Output.Trim().Split(Environment.NewLine);
            Assert.AreEqual($"{model}: 3×16×16, classes lying, upright", lines[0]);
            Assert.HasCount(4, lines);
            return [.. lines[1..].Select(line => Path.GetFileName(line[..line.IndexOf(", written", StringComparison.Ordinal)]))];
        }

        byte[] Overlay(string output) => File.ReadAllBytes(Path.Combine(images, output, "wide.png"));

        static double Number(Group text) => double.Parse(text.Value, CultureInfo.InvariantCulture);
    }

    [TestMethod]
    public void Example8TrainsOnTwoRanksAndGoesOnAloneToTheSameFigures()
    {
        string output = Path.Combine(Folder, "several"), model = Path.Combine(output, "model.zip"), figures = Path.Combine(output, "robustness.json");
        string[] arguments =
            ["--images", Images, "--size", "16", "--epochs", "2", "--batch", "7", "--test-images", "4", "--attack-batch", "1", "--output", output];
        Result two = Example.RunRanks(2, "TrainOnSeveralMachines", arguments);
        Assert.AreEqual(0, two.ExitCode, $"{two.Output}{two.Errors}");
        StringAssert.Contains(two.Output, "2 ranks: 2 on ");
        StringAssert.Contains(two.Output, "shard 0/2");
        Assert.HasCount(1, Regex.Matches(two.Output, "epoch 2/2"), "the first rank reports alone");
        string together = File.ReadAllText(figures);
        using (JsonDocument read = JsonDocument.Parse(together))
        {
            Assert.AreEqual(4, read.RootElement.GetProperty("rows").GetInt32());
        }

        File.Delete(figures);
        File.Delete(model);

        // The finished training is read from its checkpoint: the same weights, and one process alone measures the same figures.
        Result alone = Example.Run("TrainOnSeveralMachines", arguments).Fine();
        StringAssert.Contains(alone.Output, "1 rank: 1 on ");
        StringAssert.Contains(alone.Output, "is finished, and is read from ");
        Assert.AreEqual(together, File.ReadAllText(figures));
        Example.Run("ShowSaliency", "--model", model, "--images", Images, "--count", "1", "--output", Path.Combine(output, "maps")).Fine();
    }

    [TestMethod]
    public void Example8TrainsAloneOnFashionMnist()
    {
        string output = Path.Combine(Folder, "several-alone");
        Result result = Example.Run(
            "TrainOnSeveralMachines", "--data", Fashion, "--train-images", "64", "--test-images", "4", "--epochs", "1", "--output", output).Fine();
        StringAssert.Contains(result.Output, "1 rank: 1 on ");
        StringAssert.Contains(result.Output, "4 rows attacked");
        Assert.IsTrue(File.Exists(Path.Combine(output, "model.zip")));
    }

    [TestMethod]
    public void Example7HasNothingOfTorch()
    {
        string folder = Example.FolderOf("ExplainWithoutTorch");
        string dependencies = File.ReadAllText(Path.Combine(folder, "ExplainWithoutTorch.deps.json"));
        StringAssert.Contains(dependencies, "Microsoft.ML.OnnxRuntime");
        Assert.DoesNotContain("TorchSharp", dependencies);
        Assert.DoesNotContain("RobustAttribution", dependencies);
        string[] files = [.. Directory.EnumerateFiles(folder, "*torch*", SearchOption.AllDirectories).Select(file => Path.GetFileName(file)!).Where(file => !file.StartsWith("ExplainWithoutTorch", StringComparison.Ordinal))];
        Assert.IsEmpty(files, string.Join(", ", files));
    }

    [TestMethod]
    public async Task Example6ServesTheModelsOfExamples1And5()
    {
        _ = OwnTraining.Value.Fine();
        _ = Demo.Value.Fine();
        string[] own = ["lying", "upright"];
        foreach ((string model, int classes) in new[] { (OwnModel, 2), (Path.Combine(DemoFolder, "model.zip"), 10) })
        {
            using var service = new Serving.Service($"Model={model}");
            byte[] image = await File.ReadAllBytesAsync(Path.Combine(Images, "lying", "00.png"));
            Serving.Answer answer = JsonSerializer.Deserialize<Serving.Answer>(await service.AskAsync(image), JsonSerializerOptions.Web)!;
            Assert.HasCount(classes, answer.Classes);
            Assert.AreEqual(classes == 2, own.Contains(answer.Label));
            Assert.AreEqual((16, 16), (answer.Width, answer.Height));
            Assert.DoesNotContain(Folder, service.Output); // the log has the file's name alone
            Assert.Contains(classes == 2 ? "model.zip, 3×16×16" : "model.zip, 1×28×28", service.Output);
        }
    }

    [TestMethod]
    public void ControlCKeepsTheBestModel()
    {
        if (Example.IgnoresInterrupt)
        {
            Assert.Inconclusive("This process was started with SIGINT ignored (a background job), and so are its children.");
        }

        string output = Path.Combine(Folder, "stopped");
        using Example example = Example.Start("TrainOnYourOwnImages", Images, "--epochs", "10000", "--size", "16", "--output", output);
        example.WaitFor("epoch 2/10000");
        example.PressControlC();
        Result result = example.Wait();
        Assert.AreEqual(130, result.ExitCode, $"{result.Output}{result.Errors}");
        Assert.AreEqual("error: stopped", result.Errors.Trim());
        StringAssert.Matches(result.Output, new Regex("model.zip, with the weights of epoch [1-9]"));
        Example.Run("ShowSaliency", "--model", Path.Combine(output, "model.zip"), "--images", Images, "--count", "1", "--output", Path.Combine(output, "maps")).Fine();
    }

    [TestMethod]
    [DataRow("TrainRobustClassifier", "--epochs 0", "--epochs is 0; allowed is 1 to 1000")]
    [DataRow("TrainRobustClassifier", "--data {0}/nowhere", "nowhere")]
    [DataRow("ShowSaliency", "--model {0}/nowhere.zip", "does not exist")]
    [DataRow("ShowSaliency", "--method magic", "magic")]
    [DataRow("ShowSaliency", "--model {0}/images/lying/00.png --images {0}/images", "is not a model")]
    [DataRow("AttackAnExplanation", "--steps many", "many")]
    [DataRow("AttackAnExplanation", "--model {0}/nowhere.zip", "does not exist")]
    [DataRow("MeasureRobustness", "", "Required argument missing")]
    [DataRow("MeasureRobustness", "{0}/nowhere.zip", "does not exist")]
    [DataRow("MeasureRobustness", "{0}/nowhere.zip --shard 0/2 --merge", "--shard and --merge exclude each other")]
    [DataRow("ServeExplanations", "--Explain:Model {0}/nowhere.zip", "does not exist")]
    [DataRow("ServeExplanations", "--Explain:Engines 0", "Explain:Engines is 0; allowed is 1 to 256.")]
    [DataRow("ServeExplanations", "--Explain:Queue many", "many")]
    [DataRow("TrainOnYourOwnImages", "{0}/nowhere", "does not exist")]
    [DataRow("TrainOnYourOwnImages", "{0}/images/lying", "sub-folders")]
    [DataRow("TrainOnYourOwnImages", "{0}/images --size 4", "allowed is 16 to 512")]
    [DataRow("TrainOnYourOwnImages", "{0}/images --sise 32", "--sise")]
    [DataRow("TrainOnSeveralMachines", "--images {0}/nowhere", "does not exist")]
    [DataRow("TrainOnSeveralMachines", "--batch 0", "--batch is 0; allowed is 1 to 65536")]
    [DataRow("ExplainWithoutTorch", "--model {0}/nowhere.onnx --images {0}/images/lying", "does not exist")]
    [DataRow("ExplainWithoutTorch", "--model {0}/images/lying/00.png --images {0}/images/lying", "00.png")]
    [DataRow("ExplainWithoutTorch", "--images {0}/images", "has no images")]
    public void WhatIsWrongIsSaidInOneLine(string example, string arguments, string expected)
    {
        Result result = Example.Run(example, arguments.Replace("{0}", Folder).Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.AreEqual(1, result.ExitCode, result.Output);
        Assert.HasCount(1, result.Errors.Trim().Split('\n'), result.Errors);
        StringAssert.StartsWith(result.Errors, "error: ");
        StringAssert.Contains(result.Errors, expected);
    }

    [TestMethod]
    public void ImagesOfOtherClassesAndDamagedOnesAreNamed()
    {
        _ = OwnTraining.Value.Fine();
        string folder = Path.Combine(Folder, "odd");
        Directory.CreateDirectory(Path.Combine(folder, "cat"));
        File.WriteAllText(Path.Combine(folder, "cat", "damaged.png"), "no image");
        Result others = Example.Run("MeasureRobustness", OwnModel, "--images", folder);
        Assert.AreEqual(1, others.ExitCode);
        StringAssert.Contains(others.Errors, "lying, upright");
        Result damaged = Example.Run("ShowSaliency", "--model", OwnModel, "--images", folder, "--output", folder);
        Assert.AreEqual(1, damaged.ExitCode, damaged.Output);
        Assert.HasCount(1, damaged.Errors.Trim().Split('\n'), damaged.Errors);
        StringAssert.Contains(damaged.Errors, "Image");
    }

    [TestMethod]
    [DataRow("TrainRobustClassifier")]
    [DataRow("ShowSaliency")]
    [DataRow("AttackAnExplanation")]
    [DataRow("MeasureRobustness")]
    [DataRow("TrainOnYourOwnImages")]
    [DataRow("ExplainWithoutTorch")]
    [DataRow("TrainOnSeveralMachines")]
    public void HelpDescribesEveryOptionAndTheReadmeHasThem(string example)
    {
        string help = Example.Run(example, "--help").Fine().Output;
        string root = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", ".."));
        string readme = File.ReadAllText(Path.Combine(Directory.GetDirectories(Path.Combine(root, "examples"), $"?-{example}").Single(), "README.md"));
        foreach (Match option in Regex.Matches(help, "^  (?:-., )*(--[a-z-]+)(?: <[^>]*>)?(.*)$", RegexOptions.Multiline))
        {
            Assert.IsGreaterThan(10, option.Groups[2].Value.Trim().Length, $"{option.Groups[1].Value} has no description");
            if (option.Groups[1].Value is not "--version" and not "--help")
            {
                StringAssert.Contains(readme, $"`{option.Groups[1].Value}`");
            }
        }
    }

    private static void AssertImage(string path, int leastWidth)
    {
        using MLImage image = MLImage.CreateFromFile(path);
        Assert.IsGreaterThanOrEqualTo(leastWidth, image.Width);
    }
}
