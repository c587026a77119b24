using System.Collections;
using System.Reflection;

namespace RobustAttribution.Serialization;

/// <summary>What a component loses when it is written and read again.</summary>
internal static class RoundTrip
{
    private const BindingFlags Fields = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
    private const int Depth = 4; // of options within options that do not compare by value themselves

    /// <summary>The first option that differs between a component and what was read of it; null where they are the same.</summary>
    /// <param name="written">The component.</param>
    /// <param name="read">Another one of its type.</param>
    public static string? Difference(object written, object read) => Difference(written, read, Depth);

    private static string? Difference(object written, object read, int depth)
    {
        if (written.GetType() != read.GetType())
        {
            return written.GetType().Name;
        }

        if (written.Equals(read))
        {
            return null;
        }

        for (Type? type = written.GetType(); type is not null; type = type.BaseType)
        {
            foreach (FieldInfo field in type.GetFields(Fields))
            {
                if (!AreSame(field.GetValue(written), field.GetValue(read), depth))
                {
                    return NameOf(field);
                }
            }
        }

        return null;
    }

    // Records compare lists by reference, and classes compare so themselves.
    private static bool AreSame(object? written, object? read, int depth) => (written, read) switch
    {
        _ when Equals(written, read) => true,
        (null, _) or (_, null) or (Delegate, _) or (string, _) => false,
        (IEnumerable items, IEnumerable others) => AreSame([.. items.Cast<object?>()], [.. others.Cast<object?>()], depth),
        _ => depth > 0 && Difference(written, read, depth - 1) is null,
    };

    private static bool AreSame(object?[] items, object?[] others, int depth)
        => items.Length == others.Length && items.Zip(others).All(pair => AreSame(pair.First, pair.Second, depth));

    // The field behind the property X is called <X>k__BackingField.
    private static string NameOf(FieldInfo field)
        => field.Name.StartsWith('<') ? field.Name[1..field.Name.IndexOf('>', StringComparison.Ordinal)] : field.Name;
}
