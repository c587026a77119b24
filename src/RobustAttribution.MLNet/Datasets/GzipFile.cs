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
    public static Stream Open(string path) => new GZipStream(new Extended(File.OpenRead(path)), CompressionMode.Decompress);

    /// <summary>A file and, behind it, bytes that are taken for the trailer where that is missing, and are left over where it is not.</summary>
    private sealed class Extended(FileStream file) : Stream
    {
        private int left = 64;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            int got = file.Read(buffer, offset, count);
            if (got == 0 && left > 0)
            {
                got = Math.Min(left, count);
                left -= got;
                buffer.AsSpan(offset, got).Fill(0xA5);
            }

            return got;
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            file.Dispose();
            base.Dispose(disposing);
        }
    }
}
