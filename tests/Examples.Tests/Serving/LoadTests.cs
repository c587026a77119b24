using System.Collections.Concurrent;
using System.Diagnostics;

namespace RobustAttribution.Examples.Tests.Serving;

/// <summary>Eight clients at once.</summary>
[TestClass]
public sealed class LoadTests
{
    private const int Clients = 8;
    private const double AllowedGrowth = 100e6; // bytes, after the first second
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public Task EveryAnswerIsThatOfOneAfterTheOther() => RunAsync(TimeSpan.FromSeconds(3));

    [TestMethod]
    [TestCategory("Long")]
    public Task SoItIsForHalfAMinute() => RunAsync(TimeSpan.FromSeconds(30));

    private async Task RunAsync(TimeSpan time)
    {
        using var service = new Service();
        byte[][] images = [.. Enumerable.Range(0, 12).Select(i => Service.Image(100 + (17 * i), 300 - (13 * i), seed: i))];
        string[] expected = new string[images.Length];
        for (int i = 0; i < images.Length; i++)
        {
            expected[i] = await service.AskAsync(images[i]);
        }

        Assert.HasCount(images.Length, expected.Distinct().ToArray());
        await LoadAsync(TimeSpan.FromSeconds(1));
        double before = await service.FigureAsync("process_working_set_bytes");
        double[] times = await LoadAsync(time);
        double after = await service.FigureAsync("process_working_set_bytes");
        double p50 = times[times.Length / 2], p99 = times[times.Length * 99 / 100];
        TestContext.WriteLine(
            $"{times.Length} requests of {Clients} clients in {time.TotalSeconds:F0} s: {times.Length / time.TotalSeconds:F0} a second, p50 {p50:F0} ms, p99 {p99:F0} ms;"
            + $" {before / 1e6:F0} MB before, {after / 1e6:F0} MB after, processor time {await service.FigureAsync("process_cpu_seconds_total"):F1} s");
        Assert.IsGreaterThan(2 * images.Length, times.Length);
        Assert.IsLessThan(before + AllowedGrowth, after, $"memory grew from {before / 1e6:F0} to {after / 1e6:F0} MB");
        Assert.AreEqual(0, await service.FigureAsync("explain_requests_inside"));
        Assert.AreEqual(0, await service.FigureAsync("explain_requests_total{outcome=\"failed\"}"));

        async Task<double[]> LoadAsync(TimeSpan duration)
        {
            var milliseconds = new ConcurrentBag<double>();
            var whole = Stopwatch.StartNew();
            await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
            {
                for (int i = client; whole.Elapsed < duration; i++)
                {
                    var watch = Stopwatch.StartNew();
                    string found = await service.AskAsync(images[i % images.Length]);
                    milliseconds.Add(watch.Elapsed.TotalMilliseconds);
                    Assert.AreEqual(expected[i % images.Length], found, $"client {client}, request {i}");
                }
            })));
            return [.. milliseconds.Order()];
        }
    }
}
