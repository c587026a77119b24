using System.Globalization;
using System.Text;

namespace RobustAttribution.Fuzz;

/// <summary>One damage to a file's bytes, made from a seed. Half of the damages are in the first 512 bytes, where headers are.</summary>
internal sealed class Mutation(int seed)
{
    private const int Header = 512;
    private static readonly long[] Extremes = [0, -1, 1, int.MaxValue, int.MinValue, long.MaxValue, long.MinValue, short.MaxValue, 1 << 24];

    private static readonly string[] ExtremeTexts =
        ["0", "-1", "", "1", "1000000", "2147483647", "2147483648", "9223372036854775807", "99999999999999999999", "1e308", "1e999", "NaN"];

    private readonly Random random = new(Mixed(seed));
    private readonly List<string> log = [];

    /// <summary>What was done, in words.</summary>
    public string Description => string.Join("; ", log);

    public T Choose<T>(IReadOnlyList<T> choices, Func<T, string>? name = null)
    {
        T chosen = choices[random.Next(choices.Count)];
        log.AddRange(name is null ? [] : [name(chosen)]);
        return chosen;
    }

    /// <summary>A damaged copy.</summary>
    public byte[] Of(byte[] content)
    {
        int at = content.Length == 0 ? 0 : random.Next(random.Next(2) == 0 ? Math.Min(Header, content.Length) : content.Length);
        int length = Math.Min(1 + random.Next(random.Next(2) == 0 ? 16 : 1024), content.Length - at);
        (string text, byte[] result) = content.Length == 0 ? Insert(content, 0) : random.Next(9) switch
        {
            0 or 1 => Change(content, at, 1, value => (byte)(value ^ (1 << random.Next(8))), "a bit"),
            2 => Change(content, at, Math.Min(length, 4), _ => (byte)random.Next(256), "bytes"),
            3 => ($"cut at byte {at}", content[..at]),
            4 => Insert(content, at),
            5 => ($"{length} bytes from {at} twice", [.. content[..(at + length)], .. content[at..]]),
            6 => ($"{length} bytes from {at} removed", [.. content[..at], .. content[(at + length)..]]),
            7 => Number(content, at),
            _ => Text(content, at),
        };
        log.Add(text);
        return result;
    }

    /// <summary>Spreads seeds that follow each other, whose first draws would be alike.</summary>
    private static int Mixed(int seed)
    {
        uint x = (uint)seed;
        x = (x ^ (x >> 16)) * 0x7FEB352D;
        x = (x ^ (x >> 15)) * 0x846CA68B;
        return (int)(x ^ (x >> 16));
    }

    private static (string Text, byte[] Result) Change(byte[] content, int at, int count, Func<byte, byte> change, string what)
    {
        byte[] result = [.. content];
        for (int i = at; i < at + count; i++)
        {
            result[i] = change(result[i]);
        }

        return ($"{what} at byte {at} (0x{Convert.ToHexString(content, at, count)} to 0x{Convert.ToHexString(result, at, count)})", result);
    }

    private (string Text, byte[] Result) Insert(byte[] content, int at)
    {
        byte[] inserted = new byte[1 + random.Next(32)];
        random.NextBytes(inserted);
        return ($"0x{Convert.ToHexString(inserted)} inserted at byte {at}", [.. content[..at], .. inserted, .. content[at..]]);
    }

    /// <summary>An extreme number of 2, 4 or 8 bytes at a place that is a multiple of 1, 2 or 4.</summary>
    private (string Text, byte[] Result) Number(byte[] content, int at)
    {
        at -= at % (1 << random.Next(3));
        byte[] number = BitConverter.GetBytes(Choose(Extremes))[..Math.Min(2 << random.Next(3), content.Length - at)];
        if (random.Next(2) == 0)
        {
            Array.Reverse(number);
        }

        byte[] result = [.. content[..at], .. number, .. content[(at + number.Length)..]];
        return ($"the number 0x{Convert.ToHexString(number)} at byte {at}", result);
    }

    /// <summary>The next number in text replaced by an extreme one, or by one of its own length.</summary>
    private (string Text, byte[] Result) Text(byte[] content, int at)
    {
        int start = Array.FindIndex(content, at, value => value is >= (byte)'0' and <= (byte)'9');
        if (start < 0)
        {
            return Number(content, at);
        }

        int end = Array.FindIndex(content, start, value => value is not ((>= (byte)'0' and <= (byte)'9') or (byte)'.'));
        end = end < 0 ? content.Length : end;
        string number = random.Next(3) == 0 ? new string("0179"[random.Next(4)], end - start) : Choose(ExtremeTexts);
        return (
            string.Create(CultureInfo.InvariantCulture, $"'{Encoding.Latin1.GetString(content, start, end - start)}' at byte {start} is '{number}'"),
            [.. content[..start], .. Encoding.Latin1.GetBytes(number), .. content[end..]]);
    }
}
