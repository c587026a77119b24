namespace RobustAttribution.Examples.ServeExplanations;

/// <summary>What is written to the log: no image, and of a file its name where it is refused.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "{Model}, loaded {Models} times; {Engines} engines, {Queue} places to wait")]
    public static partial void Loaded(this ILogger logger, string model, int models, int engines, int queue);

    [LoggerMessage(2, LogLevel.Information, "Explained {Width}×{Height} pixels in {Milliseconds:F1} ms: {Label}, stability {Stability}")]
    public static partial void Explained(this ILogger logger, int width, int height, double milliseconds, string label, double? stability);

    [LoggerMessage(3, LogLevel.Warning, "Refused with {Status}: {Reason}")]
    public static partial void Refused(this ILogger logger, int status, string reason);

    [LoggerMessage(4, LogLevel.Error, "A request failed")]
    public static partial void Failed(this ILogger logger, Exception error);
}
