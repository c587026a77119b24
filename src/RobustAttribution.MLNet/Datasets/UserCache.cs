namespace RobustAttribution.MLNet.Datasets;

/// <summary>Where the platform wants programs to keep what they can fetch again.</summary>
internal static class UserCache
{
    /// <summary>The folder of this user's cache with a name; it need not exist.</summary>
    public static string Folder(string name) => Folder(
        OperatingSystem.IsWindows() ? PlatformID.Win32NT : OperatingSystem.IsMacOS() ? PlatformID.MacOSX : PlatformID.Unix,
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME"),
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile),
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData),
        name);

    /// <summary>The same for a given platform. The XDG base directory specification ignores a variable whose path is relative.</summary>
    internal static string Folder(PlatformID platform, string? xdgCacheHome, string home, string localData, string name) => platform switch
    {
        PlatformID.Win32NT => Path.Combine(localData, "RobustAttribution", name),
        _ when Path.IsPathFullyQualified(xdgCacheHome ?? string.Empty) => Path.Combine(xdgCacheHome!, "robustattribution", name),
        _ when home.Length == 0 => Path.Combine(Path.GetTempPath(), "robustattribution", name),
        PlatformID.MacOSX => Path.Combine(home, "Library", "Caches", "robustattribution", name),
        _ => Path.Combine(home, ".cache", "robustattribution", name),
    };
}
