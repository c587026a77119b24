using System.Globalization;
using System.Numerics;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <summary>Conversions between scalar values: numbers to numbers, Booleans to numbers, numbers and Booleans to text and back.</summary>
internal static class ValueConversion
{
    /// <summary>A function of the two raw types, or null where there is no conversion.</summary>
    public static Delegate CreateOrNull(Type source, Type target)
    {
        bool fromNumber = IsNumber(source);
        bool toNumber = IsNumber(target);
        if (source == target)
            return RowUtils.Generic<Delegate>(Same<int>, source);
        if (target == typeof(ReadOnlyMemory<char>))
            return fromNumber || source == typeof(bool) ? RowUtils.Generic<Delegate>(ToText<int>, source) : null;
        if (source == typeof(ReadOnlyMemory<char>))
            return toNumber ? RowUtils.Generic<Delegate>(FromText<int>, target) : target == typeof(bool) ? (Func<ReadOnlyMemory<char>, bool>)ToBoolean : null;
        if (source == typeof(bool))
            return toNumber ? RowUtils.Generic<Delegate>(FromBoolean<int>, target) : null;
        return fromNumber && toNumber ? RowUtils.Generic<Delegate>(Number<int, int>, [source, target], []) : null;
    }

    private static bool IsNumber(Type type)
        => ColumnTypeExtensions.TryPrimitiveTypeFromType(type, out var columnType) && columnType is NumberDataViewType;

    private static Delegate Same<T>() => (Func<T, T>)(value => value);

    private static Delegate Number<TSource, TTarget>()
        where TSource : INumberBase<TSource>
        where TTarget : INumberBase<TTarget> => (Func<TSource, TTarget>)TTarget.CreateTruncating;

    private static Delegate FromBoolean<TTarget>()
        where TTarget : INumberBase<TTarget> => (Func<bool, TTarget>)(value => value ? TTarget.One : TTarget.Zero);

    private static Delegate ToText<TSource>() => (Func<TSource, ReadOnlyMemory<char>>)(value => KeyText.Of(value));

    /// <summary>Empty or unreadable text is NaN where the target has it; empty text is 0 elsewhere.</summary>
    private static Delegate FromText<TTarget>()
        where TTarget : INumberBase<TTarget> => (Func<ReadOnlyMemory<char>, TTarget>)(text =>
        {
            var trimmed = text.Span.Trim();
            if (TTarget.TryParse(trimmed, CultureInfo.InvariantCulture, out var value))
                return value;
            if (typeof(TTarget) == typeof(float) || typeof(TTarget) == typeof(double))
                return TTarget.CreateTruncating(double.NaN);
            return trimmed.IsEmpty ? TTarget.Zero : throw Contracts.ExceptDecode($"Could not convert '{text}' to {typeof(TTarget).Name}");
        });

    private static bool ToBoolean(ReadOnlyMemory<char> text) => text.Span.Trim() switch
    {
        "1" or "+1" or "true" or "True" or "TRUE" or "yes" or "Yes" or "YES" or "t" or "T" or "y" or "Y" or "+" or "on" or "On" or "ON" => true,
        "" or "0" or "-1" or "false" or "False" or "FALSE" or "no" or "No" or "NO" or "f" or "F" or "n" or "N" or "-" or "off" or "Off" or "OFF" => false,
        _ => throw Contracts.ExceptDecode($"Could not convert '{text}' to Boolean"),
    };
}
