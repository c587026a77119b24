namespace RobustAttribution.MLNet;

/// <summary>A file of a published dataset.</summary>
/// <param name="Address">Where it can be downloaded.</param>
/// <param name="Md5">Its MD5 checksum in lower-case hexadecimal, as its publisher or torchvision gives it; null where none is known for certain.</param>
/// <param name="Sha256">Its SHA-256 checksum in lower-case hexadecimal; null where none is known for certain.</param>
/// <remarks>MD5 tells damage from accidents, not from attackers; it is what the publishers of these sets offer.</remarks>
public sealed record DatasetFile(Uri Address, string? Md5 = null, string? Sha256 = null)
{
    /// <summary>The file's name, the last part of its address.</summary>
    public string FileName => Uri.UnescapeDataString(Address.Segments[^1]);
}
