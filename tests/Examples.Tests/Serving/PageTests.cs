using System.Reflection;
using System.Text.Json;
using Microsoft.Playwright;

namespace RobustAttribution.Examples.Tests.Serving;

/// <summary>The page of example 6 in headless Chromium, as a user sees it. Inconclusive where there is no Chromium.</summary>
[TestClass]
public sealed class PageTests
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];
    private static Service service = null!;
    private static IPlaywright? driver;
    private static IBrowser? browser;
    private readonly List<string> problems = [];

    public TestContext TestContext { get; set; } = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext context)
    {
        service = new Service();
        string? program = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator)
            .SelectMany(folder => Names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
        if (program is null)
        {
            return;
        }

        string package = typeof(PageTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "PlaywrightPackage").Value!;
        Environment.SetEnvironmentVariable("PLAYWRIGHT_DRIVER_SEARCH_PATH", package);
        driver = await Playwright.CreateAsync();
        browser = await driver.Chromium.LaunchAsync(new()
        {
            ExecutablePath = program,
            ChromiumSandbox = Environment.UserName != "root",
            Args = ["--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update"],
        });
    }

    [ClassCleanup]
    public static async Task StopAsync()
    {
        if (browser is not null)
        {
            await browser.CloseAsync();
        }

        driver?.Dispose();
        service.Dispose();
    }

    [TestMethod]
    public async Task AnImageIsExplainedShownAndDownloaded()
    {
        IPage page = await OpenAsync(new() { ViewportSize = new() { Width = 1200, Height = 900 }, AcceptDownloads = true });
        byte[] image = Service.Image(160, 90, seed: 11);
        await ChooseAsync(page, "a <b>photo.png", image);
        await page.GetByRole(AriaRole.Button, new() { Name = "Explain" }).ClickAsync();
        await page.Locator("#answer").WaitForAsync();

        Answer expected = JsonSerializer.Deserialize<Answer>(await service.AskAsync(image), JsonSerializerOptions.Web)!;
        Assert.AreEqual($"Done: {expected.Label}.", await page.GetByRole(AriaRole.Status).TextContentAsync());
        StringAssert.StartsWith(await page.Locator("#label").TextContentAsync(), $"{expected.Label}, ");
        Assert.AreEqual("a <b>photo.png, 160 × 90 pixels", await page.Locator("#caption").TextContentAsync());
        Assert.AreEqual(3, await page.GetByRole(AriaRole.Rowheader).CountAsync());
        Assert.AreEqual(expected.Stability.Mean!.Value, await page.Locator("#stability").EvaluateAsync<double>("meter => meter.value"), 1e-9);

        IDownload download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "Download the map over the image" }).ClickAsync());
        Assert.AreEqual("a _b_photo-overlay.png", download.SuggestedFilename);
        using HttpResponseMessage direct = await service.Client.PostAsync("explanations/overlay.png", Service.Form(image));
        CollectionAssert.AreEqual(await direct.Content.ReadAsByteArrayAsync(), await File.ReadAllBytesAsync(await download.PathAsync()));

        List<string> shown = [];
        foreach (string view in new[] { "map over the image", "map alone", "image" })
        {
            await page.GetByRole(AriaRole.Radio, new() { Name = view, Exact = true }).CheckAsync();
            await page.WaitForFunctionAsync("() => { const view = document.getElementById('view'); return view.complete && view.naturalWidth === 160 && view.naturalHeight === 90; }");
            shown.Add((await page.Locator("#view").GetAttributeAsync("src"))!);
        }

        Assert.HasCount(3, shown.Distinct().ToArray());
        await page.GetByRole(AriaRole.Radio, new() { Name = "map over the image" }).CheckAsync();
        await PhotographAsync(page, "answer.png");
        await FitsAsync(page, 360);
        await PhotographAsync(page, "answer-narrow.png");
        NoProblems();
    }

    [TestMethod]
    public async Task AnErrorIsSaidInThePageAndTheNextImageIsFine()
    {
        IPage page = await OpenAsync(new() { ColorScheme = ColorScheme.Dark });
        await ChooseAsync(page, "notes.png", [.. "some notes"u8]);
        await page.GetByRole(AriaRole.Button, new() { Name = "Explain" }).ClickAsync();
        await page.Locator("#status.error").WaitForAsync();
        Assert.AreEqual("notes.png: expected an image, found something that cannot be decoded.", await page.GetByRole(AriaRole.Status).TextContentAsync());
        Assert.IsFalse(await page.Locator("#answer").IsVisibleAsync());
        Assert.AreEqual(1, problems.RemoveAll(problem => problem.Contains("422", StringComparison.Ordinal)), "the browser's own remark about the answer");

        await ChooseAsync(page, "image.png", Service.Image(64, 64, seed: 12));
        await page.Locator("#file").FocusAsync();
        await page.Keyboard.PressAsync("Tab"); // from the file to the button
        await page.Keyboard.PressAsync("Enter");
        await page.Locator("#answer").WaitForAsync();
        Assert.AreEqual("answer", await page.EvaluateAsync<string>("document.activeElement.id"));
        Assert.AreEqual("rgb(22, 21, 26)", await page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor"));
        await PhotographAsync(page, "answer-dark.png");
        NoProblems();
    }

    [TestMethod]
    public async Task WithoutJavaScriptTheAnswerIsTheImage()
    {
        IPage page = await OpenAsync(new() { JavaScriptEnabled = false });
        byte[] image = Service.Image(80, 60, seed: 13);
        await ChooseAsync(page, "image.png", image);
        IResponse response = await page.RunAndWaitForResponseAsync(
            () => page.GetByRole(AriaRole.Button, new() { Name = "Explain" }).ClickAsync(), found => found.Request.Method == "POST");
        Assert.AreEqual("image/png", response.Headers["content-type"]);
        using HttpResponseMessage direct = await service.Client.PostAsync("explanations/overlay.png", Service.Form(image));
        CollectionAssert.AreEqual(await direct.Content.ReadAsByteArrayAsync(), await response.BodyAsync());
        NoProblems();
    }

    private async Task<IPage> OpenAsync(BrowserNewContextOptions options)
    {
        if (browser is null)
        {
            Assert.Inconclusive($"None of {string.Join(", ", Names)} is on the PATH.");
        }

        IBrowserContext context = await browser.NewContextAsync(options);
        context.SetDefaultTimeout(60_000);
        IPage page = await context.NewPageAsync();
        page.Console += (_, message) => Note(message.Type is "error" or "warning", $"console: {message.Text}");
        page.PageError += (_, error) => Note(true, $"error: {error}");
        page.RequestFailed += (_, request) => Note(true, $"failed: {request.Url}");
        page.Request += (_, request) => Note(!request.Url.StartsWith(service.Address.ToString(), StringComparison.Ordinal) && !request.Url.StartsWith("blob:", StringComparison.Ordinal), $"asks {request.Url}");
        if (options.JavaScriptEnabled != false)
        {
            await page.AddInitScriptAsync("addEventListener('securitypolicyviolation', event => console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI));");
        }

        await page.GotoAsync(service.Address.ToString());
        return page;

        void Note(bool isProblem, string text)
        {
            if (isProblem)
            {
                lock (problems)
                {
                    problems.Add(text);
                }
            }
        }
    }

    private static Task ChooseAsync(IPage page, string name, byte[] content)
        => page.GetByLabel("Image").And(page.Locator("input[type=file]")).SetInputFilesAsync(new FilePayload { Name = name, MimeType = "image/png", Buffer = content });

    /// <summary>Nothing is wider than a window of a width.</summary>
    private static async Task FitsAsync(IPage page, int width)
    {
        await page.SetViewportSizeAsync(width, 800);
        Assert.AreEqual(width, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
    }

    private async Task PhotographAsync(IPage page, string name)
    {
        string path = Path.Combine(TestContext.TestRunDirectory ?? Path.GetTempPath(), name);
        await page.ScreenshotAsync(new() { Path = path, FullPage = true });
        TestContext.AddResultFile(path);
    }

    private void NoProblems() => Assert.IsEmpty(problems, string.Join("\n", problems));
}
