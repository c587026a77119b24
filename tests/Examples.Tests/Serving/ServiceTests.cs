using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.ML.Data;
using RobustAttribution.MLNet;

namespace RobustAttribution.Examples.Tests.Serving;

/// <summary>What example 6 answers, refuses, counts and stops.</summary>
[TestClass]
public sealed class ServiceTests
{
    private static Service service = null!;
    private static Service small = null!;

    [ClassInitialize]
    public static void Start(TestContext context)
    {
        service = new Service();
        small = new Service("Engines=1", "Queue=1", "MaximumUploadBytes=20000", "MaximumPixels=4000", "UploadSeconds=3", "NoiseDraws=1");
    }

    [ClassCleanup]
    public static void Stop()
    {
        service.Dispose();
        small.Dispose();
    }

    [TestMethod]
    public async Task AnImageIsExplainedAtItsOwnSize()
    {
        byte[] image = Service.Image(61, 23, seed: 1);
        Answer answer = JsonSerializer.Deserialize<Answer>(await service.AskAsync(image), JsonSerializerOptions.Web)!;
        Assert.AreEqual(("image.png", 61, 23), (answer.Name, answer.Width, answer.Height));
        CollectionAssert.AreEquivalent(new[] { "row", "column", "square" }, answer.Classes.Select(it => it.Name).ToArray());
        Assert.AreEqual(1, answer.Classes.Sum(it => it.Value), 1e-5);
        Assert.AreEqual(answer.Label, answer.Classes.MaxBy(it => it.Value)!.Name);
        CollectionAssert.AreEqual(answer.Classes.OrderByDescending(it => it.Value).ToArray(), answer.Classes);
        Assert.AreEqual((8, 8), (answer.Stability.Draws, answer.Stability.NoiseLevels));
        Assert.IsTrue(answer.Stability.Mean is > 0.1 and < 0.99999, $"{answer.Stability}: the draws are others than the image");
        Assert.IsLessThan(answer.Stability.Mean!.Value, answer.Stability.Lowest!.Value);

        using MLImage original = ImageDecoder.Decode(image, "original"), overlay = ImageDecoder.Decode(answer.Overlay, "overlay"), heatMap = ImageDecoder.Decode(answer.HeatMap, "heat map");
        Assert.AreEqual((61, 23, 61, 23), (overlay.Width, overlay.Height, heatMap.Width, heatMap.Height));
        CollectionAssert.AreEqual(Column(original, 18), Column(overlay, 18)); // the network saw the 23 columns in the middle, 19 to 41
        CollectionAssert.AreEqual(Column(original, 42), Column(overlay, 42));
        CollectionAssert.AreNotEqual(Column(original, 19), Column(overlay, 19));
        CollectionAssert.AreNotEqual(Column(original, 41), Column(overlay, 41));
        CollectionAssert.AreNotEqual(Column(overlay, 30), Column(heatMap, 30));

        static byte[] Column(MLImage image, int x) => [.. Enumerable.Range(0, image.Height).SelectMany(y => image.Pixels.Slice(4 * ((y * image.Width) + x), 4).ToArray())];
    }

    [TestMethod]
    public async Task EveryWayOfAskingGivesTheSameBytes()
    {
        byte[] image = Service.Image(40, 30, seed: 2);
        Answer answer = JsonSerializer.Deserialize<Answer>(await service.AskAsync(image), JsonSerializerOptions.Web)!;
        foreach ((string address, byte[] expected) in new[] { ("overlay.png", answer.Overlay), ("heat-map.png", answer.HeatMap) })
        {
            using var body = new ByteArrayContent(image) { Headers = { ContentType = new MediaTypeHeaderValue("image/png") } };
            foreach (HttpContent content in new HttpContent[] { Service.Form(image), body })
            {
                using HttpResponseMessage response = await service.Client.PostAsync($"explanations/{address}", content);
                Assert.AreEqual("image/png", response.Content.Headers.ContentType?.MediaType);
                CollectionAssert.AreEqual(expected, await response.Content.ReadAsByteArrayAsync(), address);
            }
        }
    }

    [TestMethod]
    [DataRow("text", 422, @"^notes\.png: expected an image, found something that cannot be decoded\.$")]
    [DataRow("cut", 422, @"^notes\.png: expected an image of 40×30 pixels \(width × height\), found the end of the file after a part of it\.$")]
    [DataRow("empty", 400, @"^notes\.png is empty; an image is needed\.$")]
    [DataRow("page", 422, @"^notes\.png: expected an image, found HTML or XML\.$")]
    public async Task AFileThatIsNoImageIsNamedWithTheReason(string kind, int status, string expected)
    {
        byte[] png = Service.Image(40, 30, seed: 3);
        byte[] content = kind switch { "text" => [.. "some notes"u8], "cut" => png[..(png.Length / 2)], "page" => [.. "<!DOCTYPE html>"u8], _ => [] };
        (int found, string detail) = await service.RefusedAsync(Service.Form(content, "/home/somebody/notes.png"));
        Assert.AreEqual(status, found, detail);
        StringAssert.Matches(detail, new Regex(expected)); // without the folder
    }

    [TestMethod]
    public async Task AFormWithoutOneFileIsRefused()
    {
        (int status, string detail) = await service.RefusedAsync(new FormUrlEncodedContent([new("image", "none")]));
        Assert.AreEqual((400, "The form has 0 files; one image is needed."), (status, detail));
        using MultipartFormDataContent two = Service.Form([1]);
        two.Add(new ByteArrayContent([2]), "image", "second.png");
        (status, detail) = await service.RefusedAsync(two);
        Assert.AreEqual((400, "The form has 2 files; one image is needed."), (status, detail));
        using var unnamed = new ByteArrayContent(new byte[9000]) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-www-form-urlencoded") } }; // as curl --data-binary
        (status, detail) = await small.RefusedAsync(unnamed);
        Assert.AreEqual(415, status);
        StringAssert.StartsWith(detail, "The type of the upload is application/x-www-form-urlencoded; needed is multipart/form-data with one file");
        using var damaged = new ByteArrayContent([1, 2, 3]) { Headers = { ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=x") } };
        (status, detail) = await service.RefusedAsync(damaged);
        Assert.AreEqual(400, status, detail);
    }

    [TestMethod]
    public async Task LimitsAreSaidWithWhatWasFound()
    {
        byte[] noise = new byte[30_000];
        new Random(1).NextBytes(noise);
        (int status, string detail) = await small.RefusedAsync(new ByteArrayContent(noise));
        Assert.AreEqual((413, "The upload has 30,000 bytes; allowed are 20,000."), (status, detail));
        (status, detail) = await small.RefusedAsync(new ByteArrayContent(noise[..20_001]));
        Assert.AreEqual((413, "The upload has 20,001 bytes; allowed are 20,000."), (status, detail));
        (status, detail) = await small.RefusedAsync(Service.Form(noise[..21_000]));
        Assert.AreEqual(413, status, detail);
        StringAssert.Matches(detail, new Regex(@"^The upload has 21,\d\d\d bytes; allowed are 20,000\.$"));
        using MLImage large = MLImage.CreateFromPixels(81, 50, MLPixelFormat.Bgra32, new byte[4 * 81 * 50]);
        (status, detail) = await small.RefusedAsync(Service.Form(SaliencyImage.ToPng(large)));
        Assert.AreEqual((422, "image.png: the image has 81×50 pixels (width × height); allowed are 4,000 in all."), (status, detail));
    }

    [TestMethod]
    public async Task WhenAllPlacesAreTakenTheNextIsRefusedAndTheOthersAreAnswered()
    {
        byte[] image = Service.Image(40, 30, seed: 4);
        HangingUpload[] uploads = [new(image), new(image)]; // one engine, one place to wait
        Task<HttpResponseMessage>[] inside = [.. uploads.Select(upload => small.Client.PostAsync("explanations", upload))];
        await small.WaitForAsync("explain_requests_inside", 2);

        using HttpResponseMessage third = await small.Client.PostAsync("explanations", Service.Form(image));
        Assert.AreEqual(503, (int)third.StatusCode);
        Assert.AreEqual(TimeSpan.FromSeconds(1), third.Headers.RetryAfter?.Delta);
        StringAssert.Contains(await third.Content.ReadAsStringAsync(), "1 requests are worked on and 1 wait, which is the limit");
        Assert.AreEqual("Healthy", await small.Client.GetStringAsync("health/live"));

        Array.ForEach(uploads, upload => upload.Continue());
        foreach (Task<HttpResponseMessage> answer in inside)
        {
            using HttpResponseMessage response = await answer;
            Assert.AreEqual(200, (int)response.StatusCode);
        }

        await small.WaitForAsync("explain_requests_inside", 0);
    }

    [TestMethod]
    public async Task AnUploadThatTakesTooLongIsRefused()
    {
        using var client = new TcpClient(small.Address.Host, small.Address.Port); // an HttpClient would not read before it has written all
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync("POST /explanations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\nConnection: close\r\n\r\nhalf"u8.ToArray());
        using var reader = new StreamReader(stream);
        string response = await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromMinutes(1));
        StringAssert.StartsWith(response, "HTTP/1.1 408 ");
        StringAssert.Contains(response, "The upload took longer than 3 seconds, which is the limit.");
        await small.WaitForAsync("explain_requests_inside", 0);
    }

    [TestMethod]
    public async Task ARequestThatItsClientGivesUpLeavesItsPlace()
    {
        double before = await service.FigureAsync("explain_requests_total{outcome=\"cancelled\"}");
        using var patience = new CancellationTokenSource();
        Task<HttpResponseMessage> asked = service.Client.PostAsync("explanations", new HangingUpload(Service.Image(40, 30, seed: 6)), patience.Token);
        await service.WaitForAsync("explain_requests_inside", 1);
        await patience.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => asked);
        await service.WaitForAsync("explain_requests_total{outcome=\"cancelled\"}", before + 1);
        await service.WaitForAsync("explain_requests_inside", 0);
        await service.AskAsync(Service.Image(40, 30, seed: 6));
    }

    [TestMethod]
    public async Task HealthAndMetricsAreThere()
    {
        await service.AskAsync(Service.Image(40, 30, seed: 7));
        Assert.AreEqual("Healthy", await service.Client.GetStringAsync("health/live"));
        Assert.AreEqual("Healthy", await service.Client.GetStringAsync("health/ready"));
        using HttpResponseMessage response = await service.Client.GetAsync("metrics");
        Assert.AreEqual("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        string text = await response.Content.ReadAsStringAsync();
        var line = new Regex("""^([a-z_]+)(\{[a-z]+="[^"]+"(,[a-z]+="[^"]+")*\})? [0-9.E+-]+$""");
        HashSet<string> described = [];
        foreach (string found in text.TrimEnd('\n').Split('\n'))
        {
            if (found.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                described.Add(found.Split(' ')[2]);
            }
            else if (!found.StartsWith("# HELP ", StringComparison.Ordinal))
            {
                Match match = line.Match(found);
                Assert.IsTrue(match.Success, found);
                Assert.Contains(Regex.Replace(match.Groups[1].Value, "_(bucket|sum|count)$", string.Empty), described, found);
            }
        }

        Assert.HasCount(7, described);
        double answered = await service.FigureAsync("explain_requests_total{outcome=\"answered\"}");
        Assert.IsGreaterThan(0, answered);
        Assert.AreEqual(answered, await service.FigureAsync("explain_seconds_bucket{outcome=\"answered\",le=\"+Inf\"}"));
        Assert.AreEqual(answered, await service.FigureAsync("explain_seconds_count{outcome=\"answered\"}"));
        Assert.IsLessThanOrEqualTo(answered, await service.FigureAsync("explain_seconds_bucket{outcome=\"answered\",le=\"0.25\"}"));
        foreach (string step in new[] { "wait", "decode", "explain", "stability" })
        {
            Assert.IsGreaterThanOrEqualTo(answered, await service.FigureAsync($"explain_step_seconds_count{{step=\"{step}\"}}"), step);
        }

        Assert.IsGreaterThan(50e6, await service.FigureAsync("process_working_set_bytes"));
    }

    [TestMethod]
    public async Task ThePageAsksNobodyElse()
    {
        using HttpResponseMessage page = await service.Client.GetAsync("/");
        string policy = page.Headers.GetValues("Content-Security-Policy").Single();
        StringAssert.StartsWith(policy, "default-src 'none'; ");
        Assert.DoesNotContain("unsafe", policy);
        Assert.AreEqual("nosniff", page.Headers.GetValues("X-Content-Type-Options").Single());
        foreach (string name in new[] { "", "site.js", "site.css", "icon.svg" })
        {
            string text = (await service.Client.GetStringAsync(name)).Replace("http://www.w3.org/2000/svg", string.Empty, StringComparison.Ordinal);
            Assert.DoesNotContain("http", text, name);
            Assert.DoesNotContain(" style=", text, name);
        }

        using HttpResponseMessage nowhere = await service.Client.GetAsync("nowhere");
        Assert.AreEqual(404, (int)nowhere.StatusCode);
    }

    [TestMethod]
    public async Task AskedToStopItAnswersWhoIsInside()
    {
        using var stopped = new Service();
        byte[] image = Service.Image(40, 30, seed: 8);
        string expected = await service.AskAsync(image);
        var upload = new HangingUpload(image);
        Task<HttpResponseMessage> asked = stopped.Client.PostAsync("explanations", upload);
        await stopped.WaitForAsync("explain_requests_inside", 1);
        Task<Result> ended = Task.Run(stopped.Stop);
        while (!stopped.Output.Contains("Application is shutting down", StringComparison.Ordinal))
        {
            await Task.Delay(20);
        }

        upload.Continue();
        using HttpResponseMessage response = await asked;
        Assert.AreEqual(expected.Replace("image.png", "the upload", StringComparison.Ordinal), await response.Content.ReadAsStringAsync());
        (await ended).Fine();
    }
}
