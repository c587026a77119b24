namespace RobustAttribution.MLNet.Tests;

/// <summary>What runs when this assembly is started as a program: the fresh process of the model-file tests.</summary>
internal static class Program
{
    public static int Main(string[] arguments)
        => arguments switch
        {
            ["score", string model, string pictures, string output] => Models.FreshProcess.Score(model, pictures, output),
            ["write-model", string folder] => Models.CommittedModel.Write(folder),
            _ => 64,
        };
}
