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
        CollectionAssert.AreEqual(
            progress.All.Select(report => report.Received).Order().ToArray(), progress.All.Select(report => report.Received).ToArray());
        CollectionAssert.AreEqual(new[] { path }, Directory.GetFiles(folder.Of("new/deep")), "nothing else stays");
        await downloader.DownloadAsync(file, folder.Of("new/deep"));
        Assert.HasCount(1, server.Requests, "a file that is there is not asked for again");
    }

    [TestMethod]
    public async Task ABrokenConnectionIsTriedAgainAndNothingStaysOfIt()
    {
        using var server = new LoopbackServer(request => LoopbackServer.Serve(request, Content, cutAfter: request.Number < 2 ? 100_000 : null));
        using DatasetDownloader downloader = Downloader();
        string path = await downloader.DownloadAsync(new DatasetFile(server.Address(), Sha256: Sha), folder.Path);
        CollectionAssert.AreEqual(Content, File.ReadAllBytes(path));
        Assert.HasCount(3, server.Requests);
        using var cut = new LoopbackServer(request => LoopbackServer.Serve(request, Content, cutAfter: 70_000));
        using DatasetDownloader once = Downloader(retries: 0);
        await Assert.ThrowsAsync<IOException>(() => once.DownloadAsync(new DatasetFile(cut.Address("other.bin"), Sha256: Sha), folder.Path));
        CollectionAssert.AreEqual(new[] { path }, Directory.GetFiles(folder.Path));
    }

    [TestMethod]
    [DataRow("http://127.0.0.1:1/")]
    [DataRow("http://127.0.0.1:1")]
    [DataRow("http://127.0.0.1:1/folder/")]
    [DataRow("http://127.0.0.1:1/..%2F")]
    [DataRow("http://127.0.0.1:1/a%2Fb.bin")]
    [DataRow("file:///etc/hosts")]
    public async Task AnAddressWithoutAFileNameIsRefused(string address)
    {
        using DatasetDownloader downloader = Downloader();
        var error = await Assert.ThrowsExactlyAsync<ArgumentException>(
            () => downloader.DownloadAsync(new DatasetFile(new Uri(address)), folder.Of("inner")));
        StringAssert.Contains(error.Message, "allowed are http and https addresses that end in a file's name");
        Assert.IsEmpty(Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    [DataRow("file:///etc/hosts")]
    [DataRow("ftp://127.0.0.1/file.bin")]
    [DataRow("http://[")]
    public async Task ARedirectElsewhereIsRefused(string location)
    {
        using var server = new LoopbackServer(_ => new($"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n", []));
        using DatasetDownloader downloader = Downloader();
        var error = await Assert.ThrowsExactlyAsync<HttpRequestException>(
            () => downloader.DownloadAsync(new DatasetFile(server.Address()), folder.Path));
        StringAssert.Contains(
            error.Message, $"{server.Address()}: the server redirects to '{location}'; allowed are 10 redirects, to http and https addresses");
        Assert.IsEmpty(Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public async Task ARedirectIsFollowedAndACircleIsNot()
    {
        using var server = new LoopbackServer(request => request.Line.Contains("/real/", StringComparison.Ordinal)
            ? LoopbackServer.Serve(request, Content)
            : new("HTTP/1.1 301 Moved\r\nLocation: /real/other.bin\r\nContent-Length: 0\r\n", []));
        using DatasetDownloader downloader = Downloader();
        string path = await downloader.DownloadAsync(new DatasetFile(server.Address(), Sha256: Sha), folder.Path);
        Assert.AreEqual(folder.Of("file.bin"), path);
        using var circle = new LoopbackServer(_ => new("HTTP/1.1 307 Moved\r\nLocation: other.bin\r\nContent-Length: 0\r\n", []));
        var error = await Assert.ThrowsExactlyAsync<HttpRequestException>(
            () => downloader.DownloadAsync(new DatasetFile(circle.Address("a.bin")), folder.Path));
        StringAssert.Contains(error.Message, "redirects to 'other.bin'");
        Assert.HasCount(11, circle.Requests);
    }

    [TestMethod]
    [DataRow("204 No Content", 0)]
    [DataRow("206 Partial Content", 3)]
    public async Task OnlyTheWholeFileIsTaken(string status, int length)
    {
        using var server = new LoopbackServer(_ => new($"HTTP/1.1 {status}\r\nContent-Length: {length}\r\n", new byte[length]));
        using DatasetDownloader downloader = Downloader();
        var error = await Assert.ThrowsExactlyAsync<HttpRequestException>(
            () => downloader.DownloadAsync(new DatasetFile(server.Address()), folder.Path));
        StringAssert.Contains(error.Message, $"the server answers {status[..3]} ({status[4..]})");
        Assert.HasCount(1, server.Requests);
        Assert.IsEmpty(Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public async Task ATricklingServerEndsIt()
    {
        using var server = new LoopbackServer(
            _ => new("HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n", new byte[10_000], Pause: TimeSpan.FromMilliseconds(20)));
        using var impatient = new DatasetDownloader(new() { Retries = 0, Timeout = TimeSpan.FromSeconds(1) });
        var error = await Assert.ThrowsExactlyAsync<IOException>(() => impatient.DownloadAsync(new DatasetFile(server.Address()), folder.Path));
        StringAssert.Contains(error.Message, "sent less than 65,536 bytes for 00:00:01 (Timeout)");
        Assert.IsEmpty(Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public async Task WrongBytesNeverGetTheName()
    {
        byte[] wrong = [.. Content];
        wrong[5] ^= 1;
        using var server = new LoopbackServer(request => LoopbackServer.Serve(request, wrong));
        using DatasetDownloader downloader = Downloader();
        var sha = await Assert.ThrowsExactlyAsync<InvalidDataException>(
            () => downloader.DownloadAsync(new DatasetFile(server.Address(), Sha256: Sha), folder.Path));
        StringAssert.StartsWith(sha.Message, $"{server.Address()}: expected the SHA-256 checksum {Sha}, found ");
        string md5Hash = Convert.ToHexStringLower(MD5.HashData(Content));
        var md5 = await Assert.ThrowsExactlyAsync<InvalidDataException>(
            () => downloader.DownloadAsync(new DatasetFile(server.Address(), Md5: md5Hash), folder.Path));
        StringAssert.Contains(md5.Message, $"expected the MD5 checksum {md5Hash}, found ");
        Assert.IsFalse(File.Exists(folder.Of("file.bin")));
        Assert.IsFalse(File.Exists(Part), "wrong bytes are thrown away");
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
    public async Task TroubleIsTriedAgainAndRefusalIsNot()
    {
        const string Empty = "Content-Length: 0\r\n";
        using var server = new LoopbackServer(
            request => request.Number == 0 ? new("HTTP/1.1 503 Busy\r\n" + Empty, []) : LoopbackServer.Serve(request, Content));
        using DatasetDownloader downloader = Downloader();
        await downloader.DownloadAsync(new DatasetFile(server.Address(), Sha256: Sha), folder.Path);
        Assert.HasCount(2, server.Requests);
        using var refusing = new LoopbackServer(_ => new("HTTP/1.1 404 Not Found\r\n" + Empty, []));
        var error = await Assert.ThrowsExactlyAsync<HttpRequestException>(
            () => downloader.DownloadAsync(new DatasetFile(refusing.Address("gone.bin")), folder.Path));
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
    public async Task CancellingLeavesNothing()
    {
        using var server = new LoopbackServer(request => LoopbackServer.Serve(request, Content));
        using DatasetDownloader downloader = Downloader();
        using var cancel = new CancellationTokenSource();
        var progress = new Reports { Told = _ => cancel.Cancel() };
        await Assert.ThrowsAsync<OperationCanceledException>(
            () => downloader.DownloadAsync(new DatasetFile(server.Address(), Sha256: Sha), folder.Path, progress, cancel.Token));
        Assert.IsNotEmpty(progress.All);
        Assert.IsEmpty(Directory.GetFileSystemEntries(folder.Path));
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
        await Assert.ThrowsExactlyAsync<ArgumentException>(
            () => downloader.DownloadAsync(new DatasetFile(new Uri("file:///etc/hosts")), folder.Path));
    }

    private static DatasetDownloader Downloader(int retries = 3)
        => new(new() { Retries = retries, RetryDelay = TimeSpan.FromMilliseconds(1), Timeout = TimeSpan.FromSeconds(60) });

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
