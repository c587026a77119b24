using System.IO.Compression;

namespace RobustAttribution.MLNet.Datasets;

/// <summary>
/// Opens gzip files so that a missing trailer (checksum and length) is an error at the end, as a wrong one is; <see cref="GZipStream"/> alone
/// does not notice.
/// </summary>
internal static class GzipFile
{
    /// <summary>
    /// The decompressed content. It must be read to its end, where an <see cref="InvalidDataException"/> is thrown if the checksum is wrong or
    /// missing.
    /// </summary>
    /// <param name="path">The file.</param>
    public static Stream Open(string path) => new GZipStream(new ExtendedFile(path), CompressionMode.Decompress);

    /// <summary>A file and, behind it, bytes that are taken for the trailer where that is missing, and are left over where it is not.</summary>
    private sealed class ExtendedFile(string path) : FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read)
    {
        private int left = 64;

        public override int Read(byte[] buffer, int offset, int count)
        {
            int got = base.Read(buffer, offset, count);
            if (got == 0 && left > 0)
            {
                got = Math.Min(left, count);
                left -= got;
                buffer.AsSpan(offset, got).Fill(0xA5);
            }

            return got;
        }
    }
}
