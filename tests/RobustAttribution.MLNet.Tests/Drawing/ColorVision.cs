namespace RobustAttribution.MLNet.Tests.Reporting;

/// <summary>Colours as seen with a colour vision deficiency (Machado et al. 2009, severity 1), and their distance (CIE 1976).</summary>
internal static class ColorVision
{
    public const string Normal = nameof(Normal), Greyscale = nameof(Greyscale);
    public const string Deuteranopia = nameof(Deuteranopia), Protanopia = nameof(Protanopia), Tritanopia = nameof(Tritanopia);

    public static (double Red, double Green, double Blue) Seen(string vision, (byte Red, byte Green, byte Blue) color)
    {
        (double r, double g, double b) = (Linear(color.Red), Linear(color.Green), Linear(color.Blue));
        double[] m = vision switch
        {
            Normal => [1, 0, 0, 0, 1, 0, 0, 0, 1],
            Greyscale => [0.2126, 0.7152, 0.0722, 0.2126, 0.7152, 0.0722, 0.2126, 0.7152, 0.0722],
            Deuteranopia => [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881],
            Protanopia => [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
            Tritanopia => [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.303900],
            _ => throw new ArgumentOutOfRangeException(nameof(vision), vision, "unknown"),
        };
        return (Row(0), Row(3), Row(6));

        double Row(int at) => Math.Clamp((m[at] * r) + (m[at + 1] * g) + (m[at + 2] * b), 0, 1);
    }

    public static (double L, double A, double B) Lab((byte Red, byte Green, byte Blue) color) => Lab(Seen(Normal, color));

    public static double Distance((double, double, double) first, (double, double, double) second)
    {
        (double l, double a, double b) = Lab(first);
        (double otherL, double otherA, double otherB) = Lab(second);
        return Math.Sqrt(((l - otherL) * (l - otherL)) + ((a - otherA) * (a - otherA)) + ((b - otherB) * (b - otherB)));
    }

    /// <summary>From linear RGB, for the white of sRGB (D65).</summary>
    private static (double L, double A, double B) Lab((double Red, double Green, double Blue) linear)
    {
        (double r, double g, double b) = linear;
        double x = Root(((0.4124564 * r) + (0.3575761 * g) + (0.1804375 * b)) / 0.95047);
        double y = Root((0.2126729 * r) + (0.7151522 * g) + (0.0721750 * b));
        double z = Root(((0.0193339 * r) + (0.1191920 * g) + (0.9503041 * b)) / 1.08883);
        return ((116 * y) - 16, 500 * (x - y), 200 * (y - z));

        static double Root(double t) => t > 216.0 / 24389 ? Math.Cbrt(t) : ((24389.0 / 27 * t) + 16) / 116;
    }

    private static double Linear(byte channel)
    {
        double value = channel / 255.0;
        return value <= 0.04045 ? value / 12.92 : Math.Pow((value + 0.055) / 1.055, 2.4);
    }
}
