using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Data;
using StandIns.FreshProcess;

namespace StandIns.Tests.MLNet;

/// <summary>What one process saved, another one loads that knows nothing but the file.</summary>
[TestClass]
public sealed class FreshProcessTests
{
    private readonly MLContext _context = new(seed: 1);

    [TestMethod]
    public void AModelLoadsInAProcessThatNeverTouchedItsComponents()
    {
        string folder = Directory.CreateTempSubdirectory("fresh").FullName;
        try
        {
            var data = Pipelines.Data(_context);
            var chain = _context.Transforms.Conversion.MapValueToKey("Label", "Text")
                .Append(_context.Transforms.Concatenate("All", "Number", "Vector"))
                .Append(_context.Transforms.CustomMapping(new LengthMapping().GetMapping(), LengthMapping.Contract))
                .Append(_context.Transforms.Conversion.MapKeyToValue("Back", "Label"))
                .Append(_context.Transforms.SelectColumns("Label", "All", "Length", "Back"));
            string model = Path.Combine(folder, "model.zip");
            string input = Path.Combine(folder, "input.idv");
            string output = Path.Combine(folder, "output.idv");
            var fitted = chain.Fit(data);
            _context.Model.Save(fitted, data.Schema, model);
            using (var stream = File.Create(input))
                _context.Data.SaveAsBinary(data, stream);

            Run(model, input, output);
            Assert.AreEqual(Pipelines.Describe(fitted.Transform(data)), Pipelines.Describe(_context.Data.LoadFromBinary(output)));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Run(params string[] arguments)
    {
        string program = typeof(LengthMapping).Assembly.Location;
        using var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? Environment.ProcessPath : "dotnet", [program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        string errors = process.StandardError.ReadToEnd();
        Assert.IsTrue(process.WaitForExit(60_000), "the other process did not end");
        Assert.AreEqual(0, process.ExitCode, errors);
    }
}
