using System.Globalization;
using System.Numerics;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <summary>
/// Conversions between scalar values: integers to integers of the same signedness, numbers to floating-point numbers and Booleans, Booleans
/// to signed and floating-point numbers, and all of these to text and back.
/// </summary>
internal static class ValueConversion
{
    private static readonly HashSet<Type> Signed = [typeof(sbyte), typeof(short), typeof(int), typeof(long)];
    private static readonly HashSet<Type> Unsigned = [typeof(byte), typeof(ushort), typeof(uint), typeof(ulong)];
    private static readonly HashSet<Type> Real = [typeof(float), typeof(double)];
    private static readonly HashSet<string> Yes = new(StringComparer.OrdinalIgnoreCase) { "1", "+1", "+", "t", "y", "yes", "true" };

    /// <summary>A function of the two raw types, or null where there is no conversion.</summary>
    public static Delegate CreateOrNull(Type source, Type target)
    {
        bool fromNumber = IsNumber(source);
        if (source == target)
            return RowUtils.Generic<Delegate>(Same<int>, source);
        if (target == typeof(ReadOnlyMemory<char>))
            return fromNumber || source == typeof(bool) ? RowUtils.Generic<Delegate>(ToText<int>, source) : null;
        if (source == typeof(ReadOnlyMemory<char>))
        {
            return IsNumber(target) ? RowUtils.Generic<Delegate>(FromText<int>, target)
                : target == typeof(bool) ? (Func<ReadOnlyMemory<char>, bool>)(text => Yes.Contains(text.ToString())) : null;
        }

        if (target == typeof(bool))
            return fromNumber ? RowUtils.Generic<Delegate>(ToBoolean<int>, source) : null;
        if (source == typeof(bool))
            return Signed.Contains(target) || Real.Contains(target) ? RowUtils.Generic<Delegate>(FromBoolean<int>, target) : null;
        bool numbers = (Signed.Contains(source) && Signed.Contains(target)) || (Unsigned.Contains(source) && Unsigned.Contains(target))
            || (fromNumber && Real.Contains(target));
        return numbers ? RowUtils.Generic<Delegate>(Number<int, int>, [source, target], []) : null;
    }

    private static bool IsNumber(Type type) => Signed.Contains(type) || Unsigned.Contains(type) || Real.Contains(type);

    private static Delegate Same<T>() => (Func<T, T>)(value => value);

    private static Delegate Number<TSource, TTarget>()
        where TSource : INumberBase<TSource>
        where TTarget : INumberBase<TTarget> => (Func<TSource, TTarget>)TTarget.CreateTruncating;

    private static Delegate ToBoolean<TSource>()
        where TSource : INumberBase<TSource> => (Func<TSource, bool>)(value => !TSource.IsZero(value));

    private static Delegate FromBoolean<TTarget>()
        where TTarget : INumberBase<TTarget> => (Func<bool, TTarget>)(value => value ? TTarget.One : TTarget.Zero);

    private static Delegate ToText<TSource>() => (Func<TSource, ReadOnlyMemory<char>>)(value => value switch
    {
        float number => number.ToString("G7").AsMemory(),
        double number => number.ToString("G17").AsMemory(),
        _ => value.ToString().AsMemory(),
    });

    /// <summary>Empty text is 0. Unreadable text is NaN for floating-point, 0 for unsigned numbers, and an error for signed integers.</summary>
    private static Delegate FromText<TTarget>()
        where TTarget : INumberBase<TTarget> => (Func<ReadOnlyMemory<char>, TTarget>)(text =>
        {
            if (TTarget.TryParse(text.Span, CultureInfo.InvariantCulture, out var value) || text.IsEmpty || Unsigned.Contains(typeof(TTarget)))
                return value;
            return Real.Contains(typeof(TTarget))
                ? TTarget.CreateTruncating(double.NaN)
                : throw Contracts.Except($"Value '{text}' could not be parsed from text to {typeof(TTarget).Name}.");
        });
}
