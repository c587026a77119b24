using System.Globalization;

namespace RobustAttribution.MLNet.Tests;

/// <summary>What runs when this assembly is started as a program: the fresh process of the model-file tests.</summary>
internal static class Program
{
    public static int Main(string[] arguments)
        => arguments switch
        {
            ["score", string model, string images, string output] => Models.FreshProcess.Score<Fixtures.TestImage>(model, images, output),
            ["score-own-network", string model, string images, string output] => Training.OwnNetworkTests.ScoreInAnotherProcess(model, images, output),
            ["predict-file", string model, string image, string output] => Docs.PipelineTests.PredictFile(model, image, output),
            ["predict-vectors", string model, string images, string output] => Docs.PipelineTests.PredictVectors(model, images, output),
            ["train", string checkpoints, string weights, string pause, string precision] => Training.KilledTrainingTests.Train(
                checkpoints, weights, int.Parse(pause, CultureInfo.InvariantCulture), Enum.Parse<RobustAttribution.Training.Precision>(precision)),
            ["count-threads"] => Training.ConcurrencyTests.CountThreads(),
            ["autograd", string call] => Assumptions.AutogradTests.Call(call),
            ["draw-architecture", string file] => Architecture.ArchitectureDrawing.Write(file),
            ["write-model", string folder] => Models.CommittedModel.Write(folder),
            _ => 64,
        };
}
