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
    public sealed record Request(int Number, string Line, IReadOnlyDictionary<string, string> Headers);

    /// <summary>What is sent: status line and headers, the body, how long the connection stays open after it, and the pause after each byte of it.</summary>
    public sealed record Answer(string Head, byte[] Body, TimeSpan Wait = default, TimeSpan Pause = default);

    public LoopbackServer(Func<Request, Answer> script)
    {
        this.script = script;
        listener.Start();
        loop = Task.Run(ServeAsync);
    }

    public ConcurrentQueue<Request> Requests { get; } = new();

    public Uri Address(string file = "file.bin") => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/{file}");

    /// <summary>An answer with the whole content; cut off after some bytes of the body.</summary>
    public static Answer Serve(Request request, byte[] content, int? cutAfter = null)
        => new($"HTTP/1.1 200 OK\r\nContent-Length: {content.Length}\r\n", content[..Math.Min(cutAfter ?? content.Length, content.Length)]);

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
                for (int i = 0; i < answer.Body.Length && answer.Pause > TimeSpan.Zero; i++)
                {
                    await stream.WriteAsync(answer.Body.AsMemory(i, 1), stop.Token);
                    await Task.Delay(answer.Pause, stop.Token);
                }

                await stream.WriteAsync(answer.Pause > TimeSpan.Zero ? [] : answer.Body, stop.Token);
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
