using System.Globalization;
using System.Runtime.CompilerServices;

namespace RobustAttribution;

/// <summary>The checks of options and arguments. Each message names the property or argument, the value found and the values allowed.</summary>
internal static class Require
{
    public static double InRange(double value, double minimum, double maximum, [CallerMemberName] string name = "")
        => value >= minimum && value <= maximum
            ? value
            : throw Outside(name, value, $"a number from {Text(minimum)} to {Text(maximum)}");

    /// <summary>A number between two others, which are not allowed themselves.</summary>
    public static double Between(double value, double minimum, double maximum, [CallerMemberName] string name = "")
        => value > minimum && value < maximum
            ? value
            : throw Outside(name, value, $"a number above {Text(minimum)} and below {Text(maximum)}");

    public static double FromAndBelow(double value, double minimum, double maximum, [CallerMemberName] string name = "")
        => value >= minimum && value < maximum ? value : throw Outside(name, value, $"a number from {Text(minimum)} and below {Text(maximum)}");

    public static int InRange(int value, int minimum, int maximum = int.MaxValue, [CallerMemberName] string name = "")
        => value >= minimum && value <= maximum
            ? value
            : throw Outside(
                name, value, maximum == int.MaxValue ? $"a whole number of at least {minimum}" : $"a whole number from {minimum} to {maximum}");

    public static long Bytes(long value, [CallerMemberName] string name = "")
        => value >= 1 ? value : throw Outside(name, value, "a whole number of bytes of at least 1");

    public static double Finite(double value, [CallerMemberName] string name = "")
        => double.IsFinite(value) ? value : throw Outside(name, value, "a finite number");

    public static double Positive(double value, [CallerMemberName] string name = "")
        => value > 0 && double.IsFinite(value) ? value : throw Outside(name, value, "a finite number above 0");

    /// <summary>A length of the maximum norm in pixel units.</summary>
    public static double Pixels(double value, [CallerMemberName] string name = "")
        => value is >= 0 and <= 1
            ? value
            : throw Outside(name, value, "a number from 0 to 1 in pixel units, so that 8 of 255 levels are 8.0 / 255");

    public static double NonNegative(double value, [CallerMemberName] string name = "")
        => value >= 0 && double.IsFinite(value) ? value : throw Outside(name, value, "a finite number of at least 0");

    public static T NotNull<T>(T? value, [CallerMemberName] string name = "")
        where T : class
        => value ?? throw new ArgumentNullException(name);

    public static T Defined<T>(T value, [CallerMemberName] string name = "")
        where T : struct, Enum
        => Enum.IsDefined(value) ? value : throw Outside(name, value, string.Join(", ", Enum.GetNames<T>()));

    private static ArgumentOutOfRangeException Outside(string name, object value, string allowed)
        => new(name, value, $"{name} is {string.Format(CultureInfo.InvariantCulture, "{0}", value)}; allowed is {allowed}.");

    private static string Text(double value) => value.ToString("G6", CultureInfo.InvariantCulture);
}
