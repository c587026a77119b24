using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Microsoft.ML.Data;

namespace RobustAttribution.Examples.Tests.Serving;

/// <summary>Example 6 as a process of its own on a free port, with a committed model: 1×8×8, of the classes row, column and square.</summary>
internal sealed partial class Service : IDisposable
{
    private readonly Example example;

    public Service(params IEnumerable<string> settings)
    {
        string[] standard = ["--urls", "http://127.0.0.1:0", "--Explain:Model", Model];
        example = Example.Start("ServeExplanations", [.. standard, .. settings.Select(setting => $"--Explain:{setting}")]);
        example.WaitFor("Application started.");
        Address = new Uri(Listening().Match(example.Output).Groups[1].Value);
        Client = new HttpClient { BaseAddress = Address };
    }

    public static string Model => Path.Combine(AppContext.BaseDirectory, "Serving", "model.zip");

    public Uri Address { get; }

    public HttpClient Client { get; }

    public string Output => example.Output;

    /// <summary>A PNG file with noise, darker towards the left.</summary>
    public static byte[] Image(int width, int height, int seed)
    {
        byte[] pixels = new byte[4 * width * height];
        new Random(seed).NextBytes(pixels);
        for (int i = 0; i < width * height; i++)
        {
            for (int channel = 0; channel < 3; channel++)
            {
                pixels[(4 * i) + channel] = (byte)(((pixels[(4 * i) + channel] / 2) + 100) * ((i % width) + 1) / width);
            }

            pixels[(4 * i) + 3] = 255;
        }

        using MLImage image = MLImage.CreateFromPixels(width, height, MLPixelFormat.Rgba32, pixels);
        return MLNet.SaliencyImage.ToPng(image);
    }

    public static MultipartFormDataContent Form(byte[] content, string name = "image.png")
    {
        var file = new ByteArrayContent(content);
        file.Headers.ContentType = new MediaTypeHeaderValue("image/png");
        return new MultipartFormDataContent { { file, "image", name } };
    }

    /// <summary>Posts an image and returns the answer's text, which has to be one.</summary>
    public async Task<string> AskAsync(byte[] image)
    {
        using MultipartFormDataContent form = Form(image);
        using HttpResponseMessage response = await Client.PostAsync("explanations", form);
        string text = await response.Content.ReadAsStringAsync();
        Assert.AreEqual(200, (int)response.StatusCode, text);
        return text;
    }

    /// <summary>A refused request: status, and what the problem details say.</summary>
    public async Task<(int Status, string Detail)> RefusedAsync(HttpContent content, string address = "explanations")
    {
        using HttpResponseMessage response = await Client.PostAsync(address, content);
        Assert.AreEqual("application/problem+json", response.Content.Headers.ContentType?.MediaType, response.StatusCode.ToString());
        Problem problem = (await response.Content.ReadFromJsonAsync<Problem>())!;
        Assert.AreEqual((int)response.StatusCode, problem.Status);
        return (problem.Status, problem.Detail);
    }

    /// <summary>A figure of /metrics.</summary>
    public async Task<double> FigureAsync(string name)
    {
        string line = (await Client.GetStringAsync("metrics")).Split('\n').FirstOrDefault(line => line.StartsWith($"{name} ", StringComparison.Ordinal), $"{name} 0");
        return double.Parse(line[(name.Length + 1)..], CultureInfo.InvariantCulture);
    }

    /// <summary>Waits until a figure has a value.</summary>
    public async Task WaitForAsync(string name, double value)
    {
        for (int tries = 0; await FigureAsync(name) != value; tries++)
        {
            Assert.IsLessThan(600, tries, $"{name} never was {value}: {await Client.GetStringAsync("metrics")}");
            await Task.Delay(50);
        }
    }

    /// <summary>Asks it to stop, and returns what came of it.</summary>
    public Result Stop()
    {
        example.Stop();
        return example.Wait();
    }

    public void Dispose()
    {
        Client.Dispose();
        example.Dispose();
    }

    [GeneratedRegex(@"Now listening on: (http://\S+)")]
    private static partial Regex Listening();

    private sealed record Problem(int Status, string Detail);
}

/// <summary>The answer, as a client reads it.</summary>
internal sealed record Answer(string Name, int Width, int Height, string Label, Probability[] Classes, MapStability Stability, byte[] Overlay, byte[] HeatMap);

internal sealed record Probability(string Name, float Value)
{
    [System.Text.Json.Serialization.JsonPropertyName("probability")]
    public float Value { get; init; } = Value;
}

internal sealed record MapStability(double? Mean, double? Lowest, int Draws, int NoiseLevels);
