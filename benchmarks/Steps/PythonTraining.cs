using System.Diagnostics;
using System.Globalization;
using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks.Steps;

/// <summary>A Python with torch.</summary>
internal sealed record Interpreter(string Path, string TorchVersion);

/// <summary>The loops of <c>loop.py</c> in a process of their own, which waits for each command, so that it takes turns with the others.</summary>
internal sealed class PythonTraining : ITrainingStep
{
    private readonly Process process;
    private readonly string folder = Directory.CreateTempSubdirectory("steps-").FullName;

    public PythonTraining(Interpreter python, Setup setup, int threads)
    {
        string weights = Path.Combine(folder, "weights.safetensors"), batch = Path.Combine(folder, "batch.bin");
        using (ImageNetwork network = setup.NewNetwork())
        using (FileStream file = File.Create(weights))
        {
            network.SaveWeights(file);
        }

        (Tensor images, Tensor classes) = setup.NewBatch();
        using (images)
        using (classes)
        using (Tensor copy = images.cpu())
        {
            File.WriteAllBytes(batch, copy.bytes.ToArray());
        }

        // The plain loop is attached in any case.
        string objective = setup.Objective.Name == "aga-attached" ? "aga" : setup.Objective.Name;
        string device = setup.Device.type == DeviceType.CUDA ? "cuda" : "cpu";
        string script = Path.Combine(AppContext.BaseDirectory, "loop.py");
        process = Start(python.Path, [script, setup.Network.Name, objective, $"{threads}", device, weights, batch]);
        _ = Answer(); // it is ready
    }

    public double Loss { get; private set; }

    /// <summary>The first of some interpreters that has torch; null where none has.</summary>
    public static Interpreter? Find(IEnumerable<string> candidates) => candidates.Select(python =>
    {
        try
        {
            using Process process = Start(python, ["-c", "import torch; print(torch.__version__)"]);
            string version = process.StandardOutput.ReadToEnd().Trim();
            process.WaitForExit();
            return process.ExitCode == 0 ? new Interpreter(python, version) : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // no such program
        }
    }).FirstOrDefault(found => found is not null);

    public Cost Run()
    {
        string[] parts = Ask("step").Split(' ');
        Loss = Number(parts[2]);
        return new Cost(Number(parts[0]), Number(parts[1]));

        static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
    }

    /// <summary>The largest resident size of the process so far, in MiB.</summary>
    public double PeakMemory() => long.Parse(Ask("memory"), CultureInfo.InvariantCulture) / 1024.0;

    public void Dispose()
    {
        process.StandardInput.Close();
        process.WaitForExit();
        process.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static Process Start(string python, IEnumerable<string> arguments)
        => Process.Start(new ProcessStartInfo(python, arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })
            ?? throw new InvalidOperationException($"{python} does not start.");

    private string Ask(string command)
    {
        process.StandardInput.WriteLine(command);
        process.StandardInput.Flush();
        return Answer();
    }

    private string Answer()
        => process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"loop.py ended: {process.StandardError.ReadToEnd()}");
}
