namespace RobustAttribution.Tests.Fixtures;

/// <summary>Files of GoldenValues/, which the build copies beside the test assembly.</summary>
internal static class GoldenFile
{
    public static string Path(params string[] parts) => System.IO.Path.Combine([AppContext.BaseDirectory, "GoldenValues", .. parts]);
}
