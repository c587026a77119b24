using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace RobustAttribution.Serialization;

/// <summary>
/// Writes and reads the composable descriptions of this library (activations, attributions, attacks, objectives, …) as JSON.
/// Every one of them is an immutable record; the JSON is its type name under <c>"$type"</c> and its options.
/// </summary>
/// <remarks>
/// Only known types are ever created: those of this library, and those that a program registered with <see cref="Register{T}"/>.
/// A type name found in a file never loads code.
/// </remarks>
public static class ComponentJson
{
    private const int WalkDepth = 16; // of components within components

    private static readonly Type[] Families =
    [
        .. typeof(ComponentJson).Assembly.GetTypes()
            .Where(type => type.IsDefined(typeof(ComponentFamilyAttribute), inherit: false)).OrderBy(type => type.Name),
    ];

    private static readonly ConcurrentDictionary<string, Type> Registered = new(
        typeof(ComponentJson).Assembly.GetTypes()
            .Where(type => type is { IsAbstract: false, IsClass: true } && Families.Any(family => family.IsAssignableFrom(type)))
            .Select(type => KeyValuePair.Create(NameOf(type), type)));

    private static volatile JsonSerializerOptions options = CreateOptions();

    /// <summary>Makes a record of your own readable from files that name it.</summary>
    /// <typeparam name="T">A record with public <c>init</c> properties that implements one of the library's component interfaces.</typeparam>
    /// <exception cref="ArgumentException">
    /// The type implements none of the component interfaces, or another type of that name is registered.
    /// </exception>
    public static void Register<T>()
        where T : class
    {
        if (!Families.Any(family => family.IsAssignableFrom(typeof(T))))
        {
            throw new ArgumentException($"{typeof(T)} is none of {string.Join(", ", Families.Select(family => family.Name))}.");
        }

        if (Registered.GetOrAdd(NameOf(typeof(T)), typeof(T)) != typeof(T))
        {
            throw new ArgumentException($"Another component is registered under the name {typeof(T).Name}: {Registered[typeof(T).Name]}.");
        }

        options = CreateOptions();
    }

    /// <summary>Writes a component, or a record that holds components, as JSON.</summary>
    /// <typeparam name="T">The interface under which it is read again.</typeparam>
    /// <exception cref="NotSupportedException">
    /// The component, or one within it, is of a type that is not registered, or has an option that JSON cannot hold; the message names the type or
    /// the option.
    /// </exception>
    public static string Write<T>(T component) => Write(component, typeof(T));

    /// <summary>The same of an interface that is known at run time.</summary>
    internal static string Write(object? component, Type type)
    {
        try
        {
            return JsonSerializer.Serialize(component, type, options);
        }
        catch (NotSupportedException error) when (FindUnregistered(component, WalkDepth) is { } unregistered)
        {
            throw new NotSupportedException(
                $"{unregistered.Name} is not registered, so no file can name it. Call"
                + $" {nameof(ComponentJson)}.{nameof(Register)}<{unregistered.Name}>() once,"
                + " also in every program that reads the file.",
                error);
        }
    }

    /// <summary>The same for a reader: a component of a type that is not registered describes itself.</summary>
    internal static string TextOf<T>(T component)
        where T : notnull
    {
        try
        {
            return Write(component);
        }
        catch (NotSupportedException)
        {
            return component.ToString()!;
        }
    }

    /// <summary>Reads what <see cref="Write{T}"/> wrote.</summary>
    /// <exception cref="FormatException">The text is not JSON, names an unknown component, or holds an option outside its range.</exception>
    public static T Read<T>(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, options) ?? throw new FormatException($"Expected a {typeof(T).Name}, found null.");
        }
        catch (Exception error) when (error is JsonException or NotSupportedException or ArgumentException)
        {
            string advice = error.Message.Contains("type discriminator", StringComparison.Ordinal)
                ? $" A type of your own is registered first, once in the program: {nameof(ComponentJson)}.{nameof(Register)}<T>()."
                : string.Empty;
            throw new FormatException($"Not a readable {typeof(T).Name}: {error.Message}{advice}", error);
        }
    }

    /// <summary>The registered component types of one family, by name.</summary>
    internal static IEnumerable<Type> TypesOf(Type family)
        => Registered.Values.Where(family.IsAssignableFrom).OrderBy(type => type.Name, StringComparer.Ordinal);

    /// <summary>The type of the first component, in the options of an object or itself, that no file can name; null where there is none.</summary>
    private static Type? FindUnregistered(object? value, int depth)
    {
        if (value is null or string || depth == 0)
        {
            return null;
        }

        Type type = value.GetType();
        if (Families.Any(family => family.IsAssignableFrom(type)) && !Registered.Values.Contains(type))
        {
            return type;
        }

        IEnumerable<object?> options = value is IEnumerable items
            ? items.Cast<object?>()
            : type.GetProperties()
                .Where(property => property.CanWrite && property.GetIndexParameters().Length == 0)
                .Select(property => property.GetValue(value));
        return options.Select(option => FindUnregistered(option, depth - 1)).FirstOrDefault(found => found is not null);
    }

    private static string NameOf(Type type) => type.GetCustomAttribute<SavedNameAttribute>(inherit: false)?.Name ?? type.Name;

    private static JsonSerializerOptions CreateOptions() => new()
    {
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { AddDerivedTypes } },
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter() },
    };

    private static void AddDerivedTypes(JsonTypeInfo info)
    {
        if (Families.Contains(info.Type))
        {
            info.PolymorphismOptions = new JsonPolymorphismOptions { UnknownDerivedTypeHandling = JsonUnknownDerivedTypeHandling.FailSerialization };
            foreach (Type type in TypesOf(info.Type))
            {
                info.PolymorphismOptions.DerivedTypes.Add(new JsonDerivedType(type, NameOf(type)));
            }
        }

        if (info.Kind != JsonTypeInfoKind.Object)
        {
            return;
        }

        // What an object computes from its options (get-only properties) is not part of its description.
        if (info.Type.Namespace?.StartsWith(nameof(RobustAttribution), StringComparison.Ordinal) == true)
        {
            foreach (JsonPropertyInfo property in info.Properties.Where(property => property is { Set: null, AssociatedParameter: null }).ToList())
            {
                info.Properties.Remove(property);
            }
        }
    }
}
