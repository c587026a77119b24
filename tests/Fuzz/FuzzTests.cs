using System.Globalization;

namespace RobustAttribution.Fuzz;

/// <summary>
/// Damaged files are read to the right values or end in a documented exception, in 1 GB and 10 seconds. Each failure is printed with its seed; to repeat it, set
/// ROBUSTATTRIBUTION_FUZZ_FIRST to the seed and ROBUSTATTRIBUTION_FUZZ_COUNT to 1.
/// </summary>
[TestClass]
public sealed class FuzzTests
{
    private const string Variable = "ROBUSTATTRIBUTION_FUZZ_";

    public TestContext TestContext { get; set; } = null!;

    private static IEnumerable<object[]> Formats => FileFormats.All.Select(format => new object[] { format.Name });

    [TestMethod]
    [DynamicData(nameof(Formats))]
    public void AFewDamagedFiles(string format) => Run(format, first: 1, count: 10, seconds: 120);

    [TestMethod]
    [TestCategory("Long")]
    [DynamicData(nameof(Formats))]
    public void ManyDamagedFiles(string format) => Run(format, Number("FIRST", 1), Number("COUNT", 500), Number("SECONDS", 300));

    private static int Number(string name, int otherwise)
        => Environment.GetEnvironmentVariable(Variable + name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    private void Run(string name, int first, int count, int seconds)
    {
        List<Trial> trials = FuzzProcess.Run(FileFormats.Named(name), first, count, TimeSpan.FromSeconds(seconds));
        TestContext.WriteLine($"| {name} | {trials.Count} | {string.Join(" | ", Enum.GetValues<Outcome>().Select(outcome => trials.Count(trial => trial.Outcome == outcome)))} |");
        Trial[] failures = [.. trials.Where(trial => trial.Outcome is not (Outcome.Right or Outcome.NamedException))];
        Assert.IsEmpty(failures, string.Join('\n', failures.Take(50).Select(failure => failure.ToString())));
    }
}
