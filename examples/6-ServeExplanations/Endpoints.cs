using System.Diagnostics;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;

namespace RobustAttribution.Examples.ServeExplanations;

/// <summary>The addresses of the service.</summary>
internal static class Endpoints
{
    public static void MapExplanations(this WebApplication app)
    {
        app.MapPost("/explanations", (HttpContext http, Requests requests) => requests.ExplainAsync(http, found => Results.Json(found)));
        app.MapPost("/explanations/overlay.png", (HttpContext http, Requests requests) => requests.ExplainAsync(http, found => Png(http, found.Overlay)));
        app.MapPost("/explanations/heat-map.png", (HttpContext http, Requests requests) => requests.ExplainAsync(http, found => Png(http, found.HeatMap)));
        app.MapGet("/metrics", (PrometheusText metrics) => Results.Text(metrics.ToString(), PrometheusText.ContentType));
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false });
        app.MapHealthChecks("/health/ready");

        app.MapGet("/favicon.ico", () => Results.Redirect("/icon.svg")); // asked for beside an image alone

        static IResult Png(HttpContext http, byte[] file)
        {
            http.Response.Headers.Remove("Content-Security-Policy"); // of the page: browsers show an image alone with a style of their own
            return Results.Bytes(file, "image/png");
        }
    }
}

/// <summary>One request from its upload to its answer: places, time limits, the log and the figures.</summary>
internal sealed class Requests(ServeOptions options, EnginePool pool, ServeMetrics metrics, ILogger<Requests> logger)
{
    /// <summary>Explains the image of a request. Errors become problem details.</summary>
    public async Task<IResult> ExplainAsync(HttpContext http, Func<Explanation, IResult> answer)
    {
        long start = Stopwatch.GetTimestamp();
        CancellationToken aborted = http.RequestAborted;
        using IDisposable? place = pool.TryEnter();
        if (place is null)
        {
            http.Response.Headers.RetryAfter = "1";
            return Refuse(503, $"{options.Engines} requests are worked on and {options.Queue} wait, which is the limit; try again in a second.", "rejected");
        }

        try
        {
            Upload upload = await ReadAsync(http, aborted);
            Explanation found = await pool.ExplainAsync(upload.Content, upload.Name, aborted);
            double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            logger.Explained(found.Width, found.Height, milliseconds, found.Label, found.Stability.Mean);
            metrics.Ended("answered", start);
            return answer(found);
        }
        catch (Exception error) when (aborted.IsCancellationRequested || error is BadHttpRequestException { StatusCode: 400 }) // the body ends too soon
        {
            metrics.Ended("cancelled", start);
            return Results.StatusCode(StatusCodes.Status499ClientClosedRequest); // nobody reads it
        }
        catch (OperationCanceledException)
        {
            return Refuse(408, $"The upload took longer than {options.UploadSeconds} seconds, which is the limit.", "refused");
        }
        catch (BadHttpRequestException error) when (error.StatusCode == 413)
        {
            return Refuse(413, Upload.TooLarge(http.Request, options).Message, "refused");
        }
        catch (RefusedException error)
        {
            return Refuse(error.Status, error.Message, "refused");
        }
        catch (InvalidDataException error) // of the decoder: the file's name and what is wrong with it
        {
            return Refuse(422, error.Message, "refused");
        }
        catch (Exception error)
        {
            logger.Failed(error);
            metrics.Ended("failed", start);
            return Results.Problem("The image could not be explained; the service's log says why.", statusCode: 500);
        }

        IResult Refuse(int status, string reason, string outcome)
        {
            logger.Refused(status, reason);
            metrics.Ended(outcome, start);
            return Results.Problem(reason, statusCode: status);
        }
    }

    private async Task<Upload> ReadAsync(HttpContext http, CancellationToken aborted)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        limit.CancelAfter(TimeSpan.FromSeconds(options.UploadSeconds));
        return await Upload.ReadAsync(http.Request, options, limit.Token);
    }
}
