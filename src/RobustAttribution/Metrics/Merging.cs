using System.Collections;
using System.Globalization;
using System.Reflection;

namespace RobustAttribution.Metrics;

/// <summary>The rule of all metrics that merge: both were measured with the same settings.</summary>
internal static class Merging
{
    private const int Depth = 8; // of options within options

    /// <summary>Throws where settings differ; the message names the first property that does, its value and the other one.</summary>
    /// <param name="first">An object whose public properties are the settings.</param>
    /// <param name="second">Another one of its type.</param>
    /// <param name="what">What is done with the metrics.</param>
    /// <exception cref="ArgumentException">They differ.</exception>
    public static void RequireSame<T>(T first, T second, string what = "Merged")
        where T : class
    {
        if (Difference(string.Empty, first, second, Depth) is { } difference)
        {
            throw new ArgumentException($"{what} are metrics that were measured alike; these differ in {difference}.");
        }
    }

    private static string? Difference(string name, object? first, object? second, int depth)
    {
        if (Equals(first, second))
        {
            return null;
        }

        bool areLists = first is IEnumerable and not string && second is IEnumerable and not string; // whatever holds their values
        if (first is null || second is null || (first.GetType() != second.GetType() && !areLists) || first is string or IFormattable or bool
            || depth == 0)
        {
            return $"{name}: {Text(first)} against {Text(second)}";
        }

        if (first is IEnumerable items && second is IEnumerable others)
        {
            object?[] a = [.. items.Cast<object?>()], b = [.. others.Cast<object?>()];
            return a.Length != b.Length
                ? $"{name}: {a.Length} against {b.Length} values"
                : a.Select((value, i) => Difference($"{name}[{i}]", value, b[i], depth - 1)).FirstOrDefault(found => found is not null);
        }

        // Records compare lists by reference, so they may have no other property for all that. Options come before what is computed from them.
        return first.GetType().GetProperties(BindingFlags.Instance | BindingFlags.Public)
            .Where(property => property.GetIndexParameters().Length == 0)
            .OrderByDescending(property => property.CanWrite)
            .Select(property => Difference(
                name.Length == 0 ? property.Name : $"{name}.{property.Name}", property.GetValue(first), property.GetValue(second), depth - 1))
            .FirstOrDefault(found => found is not null);
    }

    private static string Text(object? value) => value switch
    {
        null => "null",
        string or IFormattable or bool => Convert.ToString(value, CultureInfo.InvariantCulture)!,
        _ => value.GetType().Name,
    };
}
