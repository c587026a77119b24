using System.Runtime.CompilerServices;

// Opens to this assembly, at run time, the assemblies whose members the project file lists under Publicize (docs/decisions/publicizer.md).
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Core")]
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Data")]

namespace System.Runtime.CompilerServices;

/// <summary>The runtime goes by this name: members of the assembly named are accessible as if they were public.</summary>
/// <param name="assemblyName">The assembly's simple name.</param>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
internal sealed class IgnoresAccessChecksToAttribute(string assemblyName) : Attribute
{
    /// <summary>The assembly's simple name.</summary>
    public string AssemblyName { get; } = assemblyName;
}
