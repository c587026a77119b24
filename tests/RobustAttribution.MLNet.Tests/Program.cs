namespace RobustAttribution.MLNet.Tests;

/// <summary>What runs when this assembly is started as a program: the fresh process of the model-file tests.</summary>
internal static class Program
{
    public static int Main(string[] arguments)
        => arguments is ["score", string model, string pictures, string output] ? Models.FreshProcess.Score(model, pictures, output) : 64;
}
