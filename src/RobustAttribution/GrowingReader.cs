namespace RobustAttribution;

/// <summary>Reads from streams that may end too soon.</summary>
internal static class GrowingReader
{
    private const int Piece = 1 << 20;

    /// <summary>
    /// Reads exactly <paramref name="length"/> bytes into memory that grows as they come, so that a damaged length never allocates much more than
    /// the stream holds.
    /// </summary>
    /// <param name="stream">The stream, read from its current position.</param>
    /// <param name="length">How many bytes, at least 0.</param>
    /// <param name="ended">What to throw when the stream ends too soon; is given how many bytes came.</param>
    public static byte[] Read(Stream stream, int length, Func<int, Exception> ended)
    {
        byte[] bytes = new byte[Math.Min(length, Piece)];
        int read = 0;
        while (read < length)
        {
            if (read == bytes.Length)
            {
                Array.Resize(ref bytes, (int)Math.Min(length, 2L * bytes.Length));
            }

            int got = stream.Read(bytes, read, bytes.Length - read);
            if (got == 0)
            {
                throw ended(read);
            }

            read += got;
        }

        return bytes;
    }
}
