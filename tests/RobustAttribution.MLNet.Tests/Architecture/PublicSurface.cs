using System.Reflection;
using System.Text;

namespace RobustAttribution.MLNet.Tests.Architecture;

/// <summary>The public types and members of an assembly as text, one line each, in ordinal order.</summary>
internal static class PublicSurface
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    // What the compiler adds to every record.
    private static readonly HashSet<string> RecordMembers = ["<Clone>$", "EqualityContract", "PrintMembers", "Deconstruct", "op_Equality", "op_Inequality", "Equals", "GetHashCode", "ToString"];

    public static string Of(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (Type type in assembly.GetExportedTypes().OrderBy(Name, StringComparer.Ordinal))
        {
            text.Append(Header(type)).Append('\n');
            foreach (string member in type.GetMembers(Declared).Select(Line).OfType<string>().Distinct().Order(StringComparer.Ordinal))
            {
                text.Append("    ").Append(member).Append('\n');
            }
        }

        return text.ToString();
    }

    private static string Header(Type type)
    {
        string kind = type switch
        {
            { IsEnum: true } => "enum",
            { IsInterface: true } => "interface",
            { IsValueType: true } => "struct",
            _ when typeof(Delegate).IsAssignableFrom(type) => "delegate",
            { IsAbstract: true, IsSealed: true } => "static class",
            { IsAbstract: true } => "abstract class",
            { IsSealed: true } => "sealed class",
            _ => "class",
        };
        string[] bases = [.. new[] { type.BaseType }.Where(parent => parent is not null && parent != typeof(object) && parent != typeof(ValueType) && parent != typeof(Enum)).Select(parent => Name(parent!)),
            .. type.GetInterfaces().Where(face => face.IsPublic && !Name(face).StartsWith("IEquatable", StringComparison.Ordinal)).Select(Name).Order(StringComparer.Ordinal)];
        return $"{kind} {Name(type)}{(bases.Length > 0 ? " : " + string.Join(", ", bases) : string.Empty)}";
    }

    private static string? Line(MemberInfo member) => RecordMembers.Contains(member.Name) ? null : member switch
    {
        FieldInfo field when Visible(field.IsPublic, field.IsFamily || field.IsFamilyOrAssembly, member.DeclaringType!) && !field.IsSpecialName
            => $"{Static(field.IsStatic)}{Name(field.FieldType)} {field.Name}{(field.IsLiteral ? " = " + field.GetRawConstantValue() : string.Empty)}",
        PropertyInfo property when Accessors(property) is { Length: > 0 } accessors
            => $"{Static((property.GetMethod ?? property.SetMethod)!.IsStatic)}{Name(property.PropertyType)} {property.Name} {{ {accessors} }}",
        ConstructorInfo constructor when Visible(constructor) && !IsCopy(constructor) => $"new({Parameters(constructor)})",
        MethodInfo method when Visible(method) && !method.IsSpecialName
            => $"{Static(method.IsStatic)}{Name(method.ReturnType)} {method.Name}{Generic(method.IsGenericMethod ? method.GetGenericArguments() : [])}({Parameters(method)})",
        EventInfo change => $"event {Name(change.EventHandlerType!)} {change.Name}",
        _ => null,
    };

    private static string Accessors(PropertyInfo property)
    {
        bool init = property.SetMethod?.ReturnParameter.GetRequiredCustomModifiers().Any(modifier => modifier.Name == "IsExternalInit") == true;
        return string.Join(' ', new[] { Visible(property.GetMethod) ? "get;" : null, Visible(property.SetMethod) ? init ? "init;" : "set;" : null }.Where(text => text is not null));
    }

    private static bool Visible(MethodBase? method) => method is not null && Visible(method.IsPublic, method.IsFamily || method.IsFamilyOrAssembly, method.DeclaringType!);

    private static bool Visible(bool isPublic, bool isProtected, Type type) => isPublic || (isProtected && !type.IsSealed);

    private static bool IsCopy(ConstructorInfo constructor) => constructor.GetParameters() is [{ ParameterType: var only }] && only == constructor.DeclaringType;

    private static string Static(bool isStatic) => isStatic ? "static " : string.Empty;

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
        $"{Name(parameter.ParameterType)} {parameter.Name}{(parameter.HasDefaultValue ? $" = {parameter.DefaultValue ?? "null"}" : string.Empty)}"));

    private static string Generic(Type[] arguments) => arguments.Length == 0 ? string.Empty : $"<{string.Join(", ", arguments.Select(Name))}>";

    private static string Name(Type type)
    {
        if (type.IsByRef || type.IsArray)
        {
            return Name(type.GetElementType()!) + (type.IsArray ? "[]" : "&");
        }

        if (type.IsGenericParameter)
        {
            return type.Name;
        }

        string name = type.Name.Split('`')[0];
        string outer = type.DeclaringType is { } declaring ? Name(declaring) + "." : IsOurs(type) ? type.Namespace + "." : string.Empty;
        return outer + name + Generic(type.IsGenericType ? type.GetGenericArguments() : []);
    }

    private static bool IsOurs(Type type) => type.Namespace?.StartsWith(nameof(RobustAttribution), StringComparison.Ordinal) == true;
}
