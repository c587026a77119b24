using System.CommandLine;
using System.Security.Cryptography;
using RobustAttribution.MLNet;
using RobustAttribution.MLNet.Tests.Fixtures;
using Spectre.Console;

namespace RobustAttribution.Examples.Tests;

/// <summary>How the examples come by Fashion-MNIST on a machine that does not have it, against a server on this machine.</summary>
[TestClass]
public sealed class FashionMnistFilesTests
{
    private static readonly string[] Names = ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"];
    private readonly string folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
    private readonly StringWriter shown = new();
    private readonly List<string> questions = [];

    private string Cache => Path.Combine(folder, "cache");

    [TestCleanup]
    public void Clean()
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestMethod]
    public void WhatIsThereIsTakenWithoutAQuestionOrARequest()
    {
        using LoopbackServer server = Server();
        FashionMnistFiles files = Files(server, answer: true, find: data => data ?? "/found");
        Assert.AreEqual("/given", files.Locate("/given", download: true, CancellationToken.None));
        Assert.AreEqual("/found", files.Locate(null, download: true, CancellationToken.None));
        AssertQuiet(server);
    }

    [TestMethod]
    public void CachedFilesAreTakenWithoutAQuestionOrARequest()
    {
        using LoopbackServer server = Server();
        Directory.CreateDirectory(Cache);
        foreach (string name in Names)
        {
            File.WriteAllBytes(Path.Combine(Cache, name), Content(name));
        }

        Assert.AreEqual(Cache, Files(server, answer: true, find: _ => Cache).Locate(null, download: false, CancellationToken.None));
        AssertQuiet(server);
    }

    [TestMethod]
    public void AYesDownloadsTheFilesOnce()
    {
        using LoopbackServer server = Server();
        FashionMnistFiles files = Files(server, answer: true);
        Assert.AreEqual(Cache, files.Locate(null, download: false, CancellationToken.None));
        StringAssert.Contains(questions.Single(), "not on this machine");
        StringAssert.Contains(questions.Single(), Cache);
        AssertDownloaded(server);
        StringAssert.Contains(shown.ToString(), "train-images-idx3-ubyte.gz  1,000 bytes");

        Assert.AreEqual(Cache, files.Locate(null, download: false, CancellationToken.None), "the second run");
        Assert.HasCount(1, questions);
        Assert.HasCount(Names.Length, server.Requests);
    }

    [TestMethod]
    public void TheFlagDownloadsWithoutAQuestion()
    {
        using LoopbackServer server = Server();
        Assert.AreEqual(Cache, Files(server, answer: false).Locate(null, download: true, CancellationToken.None));
        Assert.IsEmpty(questions);
        AssertDownloaded(server);
    }

    [TestMethod]
    public void ALiveBarShowsTheDownload()
    {
        using LoopbackServer server = Server();
        FashionMnistFiles files = Files(server, answer: false, interactive: true);
        Assert.AreEqual(Cache, files.Locate(null, download: true, CancellationToken.None));
        StringAssert.Contains(shown.ToString(), "train-labels-idx1-ubyte.gz ━━━━━━━━━━━━━━━━━━━━━━━━ 1000 bytes");
    }

    [TestMethod]
    [DataRow(false, 1)]
    [DataRow(null, 0)]
    public void ANoAndNobodyToAskEndInOneLineThatNamesAllFourWays(bool? answer, int asked)
    {
        using LoopbackServer server = Server();
        var error = Assert.ThrowsExactly<FileNotFoundException>(() => Files(server, answer).Locate(null, download: false, CancellationToken.None));
        string[] ways = ["--data FOLDER", "ROBUSTATTRIBUTION_FASHION_MNIST=FOLDER", "apt install dataset-fashion-mnist", "--download"];
        string[] places = ["--data (not given)", "ROBUSTATTRIBUTION_FASHION_MNIST (not set)", "/usr/share/datasets/fashion-mnist", Cache];
        foreach (string part in ways.Concat(places))
        {
            StringAssert.Contains(error.Message, part);
        }

        Assert.DoesNotContain("\n", error.Message);
        Assert.HasCount(asked, questions);
        Assert.IsEmpty(server.Requests);
        Assert.IsFalse(Directory.Exists(Cache));
    }

    [TestMethod]
    public void WithoutANetworkTheLineNamesTheAddressAndTheReason()
    {
        LoopbackServer server = Server();
        FashionMnistFiles files = Files(server, answer: null);
        server.Dispose(); // nobody answers at this port any more
        var error = Assert.ThrowsExactly<IOException>(() => files.Locate(null, download: true, CancellationToken.None));
        StringAssert.StartsWith(error.Message, $"{files.Dataset.Files[0].Address} was not downloaded: ");
        StringAssert.Contains(error.Message, "refused");
        StringAssert.Contains(error.Message, "--data");
        Assert.DoesNotContain("\n", error.Message);
        AssertNothingHasItsName();
    }

    [TestMethod]
    public async Task NoNetworkEndsAProgramWithOneLineAndExitCode1()
    {
        LoopbackServer server = Server();
        FashionMnistFiles files = Files(server, answer: null);
        server.Dispose();
        var command = new RootCommand();
        command.SetAction(_ => files.Locate(null, download: true, CancellationToken.None).Length);
        Assert.AreEqual(1, await CommandLine.InvokeAsync(command, []));
    }

    [TestMethod]
    public void AServerThatRefusesIsQuotedOnce()
    {
        using var server = new LoopbackServer(_ => new("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n", []));
        FashionMnistFiles files = Files(server, answer: null);
        var error = Assert.ThrowsExactly<IOException>(() => files.Locate(null, download: true, CancellationToken.None));
        StringAssert.StartsWith(error.Message, $"{files.Dataset.Files[0].Address} was not downloaded: the server answers 404 (Not Found). ");
        AssertNothingHasItsName();
    }

    [TestMethod]
    public void DamagedBytesNeverGetTheirName()
    {
        using var server = new LoopbackServer(request => LoopbackServer.Serve(request, [1, 2, 3]));
        var error = Assert.ThrowsExactly<IOException>(() => Files(server, answer: null).Locate(null, download: true, CancellationToken.None));
        StringAssert.Contains(error.Message, "was not downloaded: expected the MD5 checksum");
        AssertNothingHasItsName();
    }

    [TestMethod]
    public void ADamagedFileInTheCacheIsNamedAndDownloadedAgain()
    {
        using LoopbackServer server = Server();
        Assert.AreEqual(Cache, Files(server, answer: null).Locate(null, download: true, CancellationToken.None));
        string damaged = Path.Combine(Cache, Names[1]);
        File.WriteAllBytes(damaged, Content(Names[1])[..10]);
        FashionMnistFiles unasked = Files(server, answer: null, find: _ => Cache);
        var error = Assert.ThrowsExactly<FileNotFoundException>(() => unasked.Locate(null, download: false, CancellationToken.None));
        StringAssert.Contains(error.Message, $"damaged ({damaged} has a wrong checksum)");

        Assert.AreEqual(Cache, Files(server, answer: true, find: _ => Cache).Locate(null, download: false, CancellationToken.None));
        CollectionAssert.AreEqual(Content(Names[1]), File.ReadAllBytes(damaged));
        Assert.HasCount(Names.Length + 1, server.Requests, "the other file is whole");
    }

    [TestMethod]
    public void AStopIsNoError()
    {
        using LoopbackServer server = Server();
        FashionMnistFiles files = Files(server, answer: null);
        Assert.Throws<OperationCanceledException>(() => files.Locate(null, download: true, new CancellationToken(canceled: true)));
        AssertNothingHasItsName();
    }

    /// <summary>What the server has under a name, 1,000 bytes.</summary>
    private static byte[] Content(string name) => [.. Enumerable.Range(name.Length, 1000).Select(i => (byte)(i * 31 >> 2))];

    private static LoopbackServer Server() => new(request => LoopbackServer.Serve(request, Content(request.Line.Split(' ', '/')[2])));

    private FashionMnistFiles Files(LoopbackServer server, bool? answer, Func<string?, string?>? find = null, bool interactive = false)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(shown),
            Ansi = interactive ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = interactive ? InteractionSupport.Yes : InteractionSupport.No,
        });
        console.Profile.Width = 200;
#pragma warning disable CA5351 // as the dataset's publisher does
        DatasetFile Published(string name) => new(server.Address(name), Md5: Convert.ToHexStringLower(MD5.HashData(Content(name))));
#pragma warning restore CA5351
        return new FashionMnistFiles(console)
        {
            Dataset = KnownDatasets.FashionMnist with { Files = [.. Names.Select(Published)] },
            CacheFolder = Cache,
            Find = find ?? (data => data),
            Ask = answer is null ? null : (question, _) =>
            {
                questions.Add(question);
                return answer.Value;
            },
            Downloader = new DatasetDownloaderOptions { Retries = 1, RetryDelay = TimeSpan.FromMilliseconds(1), Timeout = TimeSpan.FromSeconds(60) },
        };
    }

    private void AssertQuiet(LoopbackServer server)
    {
        Assert.IsEmpty(questions);
        Assert.IsEmpty(server.Requests);
        Assert.AreEqual(string.Empty, shown.ToString());
    }

    private void AssertDownloaded(LoopbackServer server)
    {
        Assert.HasCount(Names.Length, server.Requests);
        foreach (string name in Names)
        {
            CollectionAssert.AreEqual(Content(name), File.ReadAllBytes(Path.Combine(Cache, name)));
        }

        Assert.HasCount(Names.Length, Directory.GetFiles(Cache));
    }

    private void AssertNothingHasItsName()
    {
        foreach (string name in Names)
        {
            Assert.IsFalse(File.Exists(Path.Combine(Cache, name)), name);
        }
    }
}
