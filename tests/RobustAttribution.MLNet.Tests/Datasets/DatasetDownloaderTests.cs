using System.Net;
using System.Security.Cryptography;
using Microsoft.ML;
using RobustAttribution.MLNet.Tests.Fixtures;

namespace RobustAttribution.MLNet.Tests.Datasets;

/// <summary>The downloader against a server that misbehaves.</summary>
[TestClass]
public sealed class DatasetDownloaderTests
{
    private static readonly byte[] Content = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 31 >> 3))];
    private readonly DataFolder folder = new();

    private static string Sha => Convert.ToHexStringLower(SHA256.HashData(Content));

    private string Part => folder.Of("file.bin.part");

    [TestCleanup]
    public void Clean() => folder.Dispose();

    [TestMethod]
    public async Task DownloadsOnceWithProgress()
    {
        using var server = new LoopbackServer(request => LoopbackServer.Serve(request, Content));
        using DatasetDownloader downloader = Downloader();
        var progress = new Reports();
        var file = new DatasetFile(server.Address(), Md5: Convert.ToHexStringLower(MD5.HashData(Content)), Sha256: Sha);
        string path = await downloader.DownloadAsync(file, folder.Of("new/deep"), progress);
        CollectionAssert.AreEqual(Content, File.ReadAllBytes(path));
        Assert.AreEqual(new DownloadProgress("file.bin", Content.Length, Content.Length), progress.All[^1]);
        CollectionAssert.AreEqual(progress.All.Select(report => report.Received).Order().ToArray(), progress.All.Select(report => report.Received).ToArray());
        CollectionAssert.AreEqual(new[] { path }, Directory.GetFiles(folder.Of("new/deep")), "nothing else stays");
        await downloader.DownloadAsync(file, folder.Of("new/deep"));
        Assert.HasCount(1, server.Requests, "a file that is there is not asked for again");
    }

    [TestMethod]
    public async Task TakesUpACutConnectionWhereItBroke()
    {
        using var server = new LoopbackServer(request => LoopbackServer.Serve(request, Content, cutAfter: request.Number < 2 ? 100_000 : null));
        using DatasetDownloader downloader = Downloader();
        string path = await downloader.DownloadAsync(new DatasetFile(server.Address(), Sha256: Sha), folder.Path);
        CollectionAssert.AreEqual(Content, File.ReadAllBytes(path));
        CollectionAssert.AreEqual(new[] { 0, 100_000, 200_000 }, server.Requests.Select(request => request.From).ToArray());
    }

    [TestMethod]
    public async Task TakesUpWhatAnEarlierProgramLeft()
    {
        using (var cut = new LoopbackServer(request => LoopbackServer.Serve(request, Content, cutAfter: 70_000)))
        {
            using DatasetDownloader first = Downloader(retries: 0);
            await Assert.ThrowsAsync<IOException>(() => first.DownloadAsync(new DatasetFile(cut.Address(), Sha256: Sha), folder.Path));
            Assert.AreEqual(70_000, new FileInfo(Part).Length);
            Assert.IsFalse(File.Exists(folder.Of("file.bin")));
        }

        using var server = new LoopbackServer(request => LoopbackServer.Serve(request, Content));
        using DatasetDownloader second = Downloader();
        string path = await second.DownloadAsync(new DatasetFile(server.Address(), Sha256: Sha), folder.Path);
        CollectionAssert.AreEqual(Content, File.ReadAllBytes(path));
        Assert.AreEqual(70_000, server.Requests.Single().From);
    }

    [TestMethod]
    public async Task StartsAgainWhereTheFileHasChanged()
    {
        byte[] old = new byte[300_000];
        using var server = new LoopbackServer(request => request.Number == 0
            ? LoopbackServer.Serve(request, old, "\"old\"", cutAfter: 50_000)
            : LoopbackServer.Serve(request, Content, "\"new\""));
        using DatasetDownloader downloader = Downloader();
        string path = await downloader.DownloadAsync(new DatasetFile(server.Address()), folder.Path);
        CollectionAssert.AreEqual(Content, File.ReadAllBytes(path));
    }

    [TestMethod]
    public async Task StartsAgainWhereAResumedFileIsWrong()
    {
        byte[] old = new byte[300_000];
        using var server = new LoopbackServer(request => LoopbackServer.Serve(request, request.Number == 0 ? old : Content, cutAfter: request.Number == 0 ? 50_000 : null));
        using DatasetDownloader downloader = Downloader();
        string path = await downloader.DownloadAsync(new DatasetFile(server.Address(), Sha256: Sha), folder.Path);
        CollectionAssert.AreEqual(Content, File.ReadAllBytes(path));
        CollectionAssert.AreEqual(new[] { 0, 50_000, 0 }, server.Requests.Select(request => request.From).ToArray());
    }

    [TestMethod]
    public async Task WrongBytesNeverGetTheName()
    {
        byte[] wrong = [.. Content];
        wrong[5] ^= 1;
        using var server = new LoopbackServer(request => LoopbackServer.Serve(request, wrong));
        using DatasetDownloader downloader = Downloader();
        var sha = await Assert.ThrowsExactlyAsync<InvalidDataException>(() => downloader.DownloadAsync(new DatasetFile(server.Address(), Sha256: Sha), folder.Path));
        StringAssert.StartsWith(sha.Message, $"{server.Address()}: expected the SHA-256 checksum {Sha}, found ");
        string md5Hash = Convert.ToHexStringLower(MD5.HashData(Content));
        var md5 = await Assert.ThrowsExactlyAsync<InvalidDataException>(() => downloader.DownloadAsync(new DatasetFile(server.Address(), Md5: md5Hash), folder.Path));
        StringAssert.Contains(md5.Message, $"expected the MD5 checksum {md5Hash}, found ");
        Assert.IsFalse(File.Exists(folder.Of("file.bin")));
        Assert.AreEqual(0, new FileInfo(Part).Length, "wrong bytes are thrown away");
    }

    [TestMethod]
    public async Task AWrongFileThatIsThereIsReplaced()
    {
        folder.Write("file.bin", [1, 2, 3]);
        using var server = new LoopbackServer(request => LoopbackServer.Serve(request, Content));
        using DatasetDownloader downloader = Downloader();
        string path = await downloader.DownloadAsync(new DatasetFile(server.Address(), Sha256: Sha), folder.Path);
        CollectionAssert.AreEqual(Content, File.ReadAllBytes(path));
    }

    [TestMethod]
    public async Task WholeBytesThatOnlyLackedTheirNameAreTaken()
    {
        folder.Write("file.bin.part", Content);
        folder.Write("file.bin.part.version", "\"v1\"");
        using var server = new LoopbackServer(request => LoopbackServer.Serve(request, Content));
        using DatasetDownloader downloader = Downloader();
        CollectionAssert.AreEqual(Content, File.ReadAllBytes(await downloader.DownloadAsync(new DatasetFile(server.Address(), Sha256: Sha), folder.Path)));
    }

    [TestMethod]
    public async Task TroubleIsTriedAgainAndRefusalIsNot()
    {
        const string Empty = "Content-Length: 0\r\n";
        using var server = new LoopbackServer(request => request.Number == 0 ? new("HTTP/1.1 503 Busy\r\n" + Empty, []) : LoopbackServer.Serve(request, Content));
        using DatasetDownloader downloader = Downloader();
        await downloader.DownloadAsync(new DatasetFile(server.Address(), Sha256: Sha), folder.Path);
        Assert.HasCount(2, server.Requests);
        using var refusing = new LoopbackServer(_ => new("HTTP/1.1 404 Not Found\r\n" + Empty, []));
        var error = await Assert.ThrowsExactlyAsync<HttpRequestException>(() => downloader.DownloadAsync(new DatasetFile(refusing.Address("gone.bin")), folder.Path));
        StringAssert.Contains(error.Message, $"{refusing.Address("gone.bin")}: the server answers 404");
        Assert.HasCount(1, refusing.Requests);
    }

    [TestMethod]
    public async Task ASilentServerAndATooLargeFileEndIt()
    {
        using var silent = new LoopbackServer(request => new("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n", [1], Wait: TimeSpan.FromSeconds(30)));
        using var impatient = new DatasetDownloader(new() { Retries = 0, Timeout = TimeSpan.FromMilliseconds(300) });
        var silence = await Assert.ThrowsExactlyAsync<IOException>(() => impatient.DownloadAsync(new DatasetFile(silent.Address()), folder.Path));
        StringAssert.Contains(silence.Message, "silent");
        using var server = new LoopbackServer(request => LoopbackServer.Serve(request, Content));
        using var small = new DatasetDownloader(new() { MaximumBytes = 1000 });
        var large = await Assert.ThrowsExactlyAsync<InvalidDataException>(() => small.DownloadAsync(new DatasetFile(server.Address()), folder.Path));
        StringAssert.Contains(large.Message, "at most 1000 bytes (MaximumBytes), found 300000");
    }

    [TestMethod]
    public async Task CancellingKeepsWhatHasCome()
    {
        using var server = new LoopbackServer(request => LoopbackServer.Serve(request, Content));
        using DatasetDownloader downloader = Downloader();
        using var cancel = new CancellationTokenSource();
        var progress = new Reports { Told = _ => cancel.Cancel() };
        await Assert.ThrowsAsync<OperationCanceledException>(() => downloader.DownloadAsync(new DatasetFile(server.Address(), Sha256: Sha), folder.Path, progress, cancel.Token));
        Assert.IsGreaterThan(0, new FileInfo(Part).Length);
        Assert.IsFalse(File.Exists(folder.Of("file.bin")));
    }

    [TestMethod]
    public async Task TheProxyIsAsked()
    {
        using var proxy = new LoopbackServer(request => LoopbackServer.Serve(request, Content));
        using var downloader = new DatasetDownloader(new() { Proxy = new WebProxy(proxy.Address(string.Empty)) });
        await downloader.DownloadAsync(new DatasetFile(new Uri("http://data.invalid/file.bin"), Sha256: Sha), folder.Path);
        Assert.AreEqual("GET http://data.invalid/file.bin HTTP/1.1", proxy.Requests.Single().Line);
    }

    [TestMethod]
    public async Task FetchesASetAndExtractsItsArchives()
    {
        byte[] record = [3, .. new byte[3072]];
        byte[] archive = DatasetArchiveTests.Zip(("cifar-10-batches-bin/test_batch.bin", record));
        using var server = new LoopbackServer(request => LoopbackServer.Serve(request, archive));
        using DatasetDownloader downloader = Downloader();
        DatasetInfo set = KnownDatasets.Cifar10 with { Files = [new DatasetFile(server.Address("cifar-10-binary.zip"))] };
        await downloader.FetchAsync(set, folder.Path);
        await downloader.FetchAsync(set, folder.Path);
        Assert.AreEqual("cat", Rows.Read(new MLContext().Data.LoadCifar10(folder.Path, DatasetSplit.Test)).Single().Values["Label"]);
        await Assert.ThrowsExactlyAsync<ArgumentException>(() => downloader.FetchAsync(KnownDatasets.ImageNet100, folder.Path));
        await Assert.ThrowsExactlyAsync<ArgumentException>(() => downloader.DownloadAsync(new DatasetFile(new Uri("file:///etc/hosts")), folder.Path));
    }

    private static DatasetDownloader Downloader(int retries = 3) => new(new() { Retries = retries, RetryDelay = TimeSpan.FromMilliseconds(1), Timeout = TimeSpan.FromSeconds(60) });

    /// <summary>Progress that is told at once, not later on another thread.</summary>
    private sealed class Reports : IProgress<DownloadProgress>
    {
        public List<DownloadProgress> All { get; } = [];

        public Action<DownloadProgress>? Told { get; init; }

        public void Report(DownloadProgress value)
        {
            All.Add(value);
            Told?.Invoke(value);
        }
    }
}
