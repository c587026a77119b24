using System.Net;

namespace RobustAttribution.Examples.Tests.Serving;

/// <summary>An upload of which only the first half comes until it is let go on.</summary>
internal sealed class HangingUpload(byte[] image) : HttpContent
{
    private readonly TaskCompletionSource rest = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Continue() => rest.TrySetResult();

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await stream.WriteAsync(image.AsMemory(0, image.Length / 2));
        await stream.FlushAsync();
        await rest.Task;
        await stream.WriteAsync(image.AsMemory(image.Length / 2));
    }

    protected override bool TryComputeLength(out long length)
    {
        length = image.Length;
        return true;
    }
}
