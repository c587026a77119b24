namespace RobustAttribution.Serialization;

/// <summary>Marks the base of a family of components: every public record of this library that derives from it can be named in a file.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Interface, Inherited = false)]
internal sealed class ComponentFamilyAttribute : Attribute;

/// <summary>The name that a component has in files: the one under which it was written first.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
internal sealed class SavedNameAttribute(string name) : Attribute
{
    /// <summary>The name.</summary>
    public string Name { get; } = name;
}
