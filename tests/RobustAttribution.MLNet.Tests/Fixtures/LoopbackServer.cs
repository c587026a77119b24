using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RobustAttribution.MLNet.Tests.Fixtures;

/// <summary>A server of one file on loopback, whose every answer a test scripts to the byte. One request for each connection.</summary>
internal sealed class LoopbackServer : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Func<Request, Answer> script;
    private readonly CancellationTokenSource stop = new();
    private readonly Task loop;

    /// <summary>What was asked: the number of the request from 0, its first line, and its headers by lower-case name.</summary>
    public sealed record Request(int Number, string Line, IReadOnlyDictionary<string, string> Headers)
    {
        /// <summary>The first byte asked for; 0 without a range.</summary>
        public int From => Headers.TryGetValue("range", out string? range) ? int.Parse(range.Split('=', '-')[1]) : 0;
    }

    /// <summary>What is sent: status line and headers, the body, and whether the connection is reset after it.</summary>
    public sealed record Answer(string Head, byte[] Body, bool Reset = false, TimeSpan Wait = default);

    public LoopbackServer(Func<Request, Answer> script)
    {
        this.script = script;
        listener.Start();
        loop = Task.Run(ServeAsync);
    }

    public ConcurrentQueue<Request> Requests { get; } = new();

    public Uri Address(string file = "file.bin") => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/{file}");

    /// <summary>An answer with the whole content or, where a range was asked for and the version is the same, the rest; cut off after some bytes of the body.</summary>
    public static Answer Serve(Request request, byte[] content, string version = "\"v1\"", int? cutAfter = null)
    {
        bool partial = request.Headers.TryGetValue("range", out _) && request.Headers.GetValueOrDefault("if-range") == version;
        int from = partial ? request.From : 0;
        if (partial && from >= content.Length)
        {
            return new Answer($"HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */{content.Length}\r\nContent-Length: 0\r\n", []);
        }

        string head = partial
            ? $"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {from}-{content.Length - 1}/{content.Length}\r\n"
            : "HTTP/1.1 200 OK\r\n";
        byte[] body = content[from..];
        return new Answer($"{head}Content-Length: {body.Length}\r\nETag: {version}\r\n", cutAfter is int count ? body[..Math.Min(count, body.Length)] : body, Reset: cutAfter is not null);
    }

    public void Dispose()
    {
        stop.Cancel();
        listener.Dispose();
        loop.Wait();
        stop.Dispose();
    }

    private async Task ServeAsync()
    {
        for (int number = 0; !stop.IsCancellationRequested; number++)
        {
            try
            {
                using TcpClient client = await listener.AcceptTcpClientAsync(stop.Token);
                NetworkStream stream = client.GetStream();
                Request request = await ReadAsync(stream, number);
                Requests.Enqueue(request);
                Answer answer = script(request);
                await stream.WriteAsync(Encoding.ASCII.GetBytes(answer.Head + "Connection: close\r\n\r\n"), stop.Token);
                await stream.WriteAsync(answer.Body, stop.Token);
                await stream.FlushAsync(stop.Token);
                await Task.Delay(answer.Wait, stop.Token);
            }
            catch (Exception end) when (end is OperationCanceledException or ObjectDisposedException or SocketException or IOException)
            {
                // The test is over, or the client went away: both are what some tests want.
            }
        }
    }

    private static async Task<Request> ReadAsync(NetworkStream stream, int number)
    {
        var text = new StringBuilder();
        byte[] one = new byte[1];
        while (!text.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one) == 1)
        {
            text.Append((char)one[0]);
        }

        string[] lines = text.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        return new Request(number, lines[0], lines.Skip(1).Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0].ToLowerInvariant(), pair => pair[1]));
    }
}
