using System.Net;

namespace RobustAttribution.Examples.Tests.Serving;

/// <summary>An upload of which only the first half comes until it is let go on.</summary>
internal sealed class HangingUpload(byte[] image) : HttpContent
{
    private readonly TaskCompletionSource rest = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Continue() => rest.TrySetResult();

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(image.AsMemory(0, image.Length / 2), cancellationToken);
        await stream.FlushAsync(cancellationToken);
        await rest.Task.WaitAsync(cancellationToken);
        await stream.WriteAsync(image.AsMemory(image.Length / 2), cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = image.Length;
        return true;
    }
}
