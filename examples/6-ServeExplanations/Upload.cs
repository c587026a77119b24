using Microsoft.AspNetCore.Http.Features;

namespace RobustAttribution.Examples.ServeExplanations;

/// <summary>The image of a request: the file of a form, or the whole body.</summary>
/// <param name="Content">The file.</param>
/// <param name="Name">Its name, for errors and the answer; a browser sends no folder, and any other client's is left out.</param>
internal sealed record Upload(byte[] Content, string Name)
{
    private const int LongestName = 100;

    /// <exception cref="RefusedException">There is no file, more than one, or it is too large; the message has the limit.</exception>
    /// <exception cref="BadHttpRequestException">Kestrel ended the body: at its limit, or because the client gave up.</exception>
    public static async Task<Upload> ReadAsync(HttpRequest request, ServeOptions options, CancellationToken cancellation)
    {
        if (!request.HasFormContentType)
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body, cancellation); // Kestrel ends it at the limit
            return body.Length <= options.MaximumUploadBytes ? NotEmpty(body.ToArray(), "the upload") : throw TooLarge(request, options);
        }

        IFormCollection form;
        try
        {
            form = await request.ReadFormAsync(
                new FormOptions { MemoryBufferThreshold = options.MaximumUploadBytes, MultipartBodyLengthLimit = options.MaximumUploadBytes }, cancellation);
        }
        catch (InvalidDataException error) when (error.Message.Contains("limit", StringComparison.Ordinal))
        {
            throw request.ContentType!.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase)
                ? TooLarge(request, options)
                : new RefusedException(
                    415, $"The type of the upload is {request.ContentType}; needed is multipart/form-data with one file, or the image alone with its own type, e.g. image/png.");
        }
        catch (Exception error) when (error is InvalidDataException or (IOException and not BadHttpRequestException))
        {
            throw new RefusedException(400, "The form cannot be read to its end; it needs the type multipart/form-data and one file.");
        }

        if (form.Files.Count != 1)
        {
            throw new RefusedException(400, $"The form has {form.Files.Count} files; one image is needed.");
        }

        using var content = new MemoryStream();
        await form.Files[0].CopyToAsync(content, cancellation);
        return NotEmpty(content.ToArray(), Clean(form.Files[0].FileName));
    }

    public static RefusedException TooLarge(HttpRequest request, ServeOptions options)
        => new(413, $"The upload has {(request.ContentLength is { } found ? $"{found:N0}" : "more")} bytes; allowed are {options.MaximumUploadBytes:N0}.");

    private static Upload NotEmpty(byte[] content, string name)
        => content.Length > 0 ? new(content, name) : throw new RefusedException(400, $"{name} is empty; an image is needed.");

    private static string Clean(string name)
    {
        string last = new([.. name[(name.LastIndexOfAny(['/', '\\']) + 1)..].Where(letter => !char.IsControl(letter)).Take(LongestName)]);
        return last.Length > 0 ? last : "the upload";
    }
}

/// <summary>A request that is not answered, and why.</summary>
internal sealed class RefusedException(int status, string message) : Exception(message)
{
    public int Status => status;
}
