using System.Globalization;

namespace RobustAttribution.MLNet.Tests;

/// <summary>What runs when this assembly is started as a program: the fresh process of the model-file tests.</summary>
internal static class Program
{
    public static int Main(string[] arguments)
        => arguments switch
        {
            ["score", string model, string pictures, string output] => Models.FreshProcess.Score<Fixtures.Picture>(model, pictures, output),
            ["score-own-network", string model, string pictures, string output] => Training.OwnNetworkTests.ScoreInAnotherProcess(model, pictures, output),
            ["predict-file", string model, string picture, string output] => Docs.PipelineTests.PredictFile(model, picture, output),
            ["predict-vectors", string model, string pictures, string output] => Docs.PipelineTests.PredictVectors(model, pictures, output),
            ["train", string checkpoints, string weights, string pause] => Training.KilledTrainingTests.Train(checkpoints, weights, int.Parse(pause, CultureInfo.InvariantCulture)),
            ["count-threads"] => Training.ConcurrencyTests.CountThreads(),
            ["autograd", string call] => Assumptions.AutogradTests.Call(call),
            ["write-model", string folder] => Models.CommittedModel.Write(folder),
            _ => 64,
        };
}
