using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace RobustAttribution.MLNet.Tests.Fixtures;

/// <summary>Looks at a page with headless Chromium: a copy of the page tells by itself what is wrong with it.</summary>
internal sealed partial class Browser(string program)
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private const string Head = """
        <script>
        window.problems = [];
        addEventListener('error', event => problems.push('error: ' + (event.message || event.target.outerHTML.slice(0, 80))), true);
        </script>
        """;

    private const string Tail = """
        <script>
        addEventListener('load', () => {
          const page = document.documentElement, figures = [...document.querySelectorAll('svg, img')];
          for (const figure of figures) {
            const place = figure.getBoundingClientRect();
            if (!(place.width > 0 && place.height > 0) || (figure.tagName === 'IMG' && !figure.naturalWidth)) problems.push('no size: ' + figure.outerHTML.slice(0, 80));
          }
          for (const box of [page, ...document.querySelectorAll('.wide, figure, table')]) {
            if (box.scrollWidth > box.clientWidth + 1) problems.push(`too wide: ${box.tagName} ${box.className} ${box.scrollWidth} > ${box.clientWidth}`);
          }
          for (const request of performance.getEntriesByType('resource')) {
            if (!request.name.startsWith('data:')) problems.push('request: ' + request.name.slice(0, 80));
          }
          const probe = document.createElement('pre');
          probe.id = 'probe';
          probe.textContent = JSON.stringify({ Figures: figures.length, Width: innerWidth, Paper: getComputedStyle(document.body).backgroundColor, Problems: problems });
          document.body.append(probe);
        });
        </script>
        """;

    /// <summary>The browser on the PATH; null without one.</summary>
    public static Browser? Find() => (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator)
        .SelectMany(folder => Names.Select(name => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists) is { } found ? new Browser(found) : null;

    /// <summary>Opens a page in a window of a width, in light or dark.</summary>
    public Seen Open(string html, int width, bool dark)
    {
        string folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        Directory.CreateDirectory(folder);
        try
        {
            string page = Path.Combine(folder, "page.html");
            File.WriteAllText(page, html.Replace("<head>", "<head>" + Head).Replace("</body>", Tail + "</body>"));
            string[] arguments =
            [
                "--headless", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run", "--disable-background-networking", "--disable-component-update",
                "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", $"--user-data-dir={folder}/profile", $"--window-size={width},1400",
                $"--blink-settings=preferredColorScheme={(dark ? 0 : 1)}", "--virtual-time-budget=10000", "--dump-dom", .. Environment.UserName == "root" ? ["--no-sandbox"] : Array.Empty<string>(), $"file://{page}",
            ];
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            Task<string> messages = process.StandardError.ReadToEndAsync();
            Task<string> document = process.StandardOutput.ReadToEndAsync();
            if (!process.WaitForExit(Patience))
            {
                process.Kill(entireProcessTree: true);
                Assert.Fail($"{program} did not end within {Patience}.");
            }

            Match probe = Probe().Match(document.Result);
            Assert.IsTrue(probe.Success, $"{program} told nothing: {messages.Result}");
            Seen seen = JsonSerializer.Deserialize<Seen>(WebUtility.HtmlDecode(probe.Groups[1].Value))!;
            return seen with { Problems = [.. seen.Problems, .. messages.Result.Split('\n').Where(line => line.Contains(":CONSOLE", StringComparison.Ordinal))] };
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [GeneratedRegex("<pre id=\"probe\">(.*?)</pre>", RegexOptions.Singleline)]
    private static partial Regex Probe();
}

/// <summary>What a page told.</summary>
/// <param name="Figures">Images and drawings.</param>
/// <param name="Width">Of the window, in pixels.</param>
/// <param name="Paper">The background's colour.</param>
/// <param name="Problems">Errors, figures without size, boxes wider than their place, requests, messages on the console.</param>
internal sealed record Seen(int Figures, int Width, string Paper, IReadOnlyList<string> Problems);
