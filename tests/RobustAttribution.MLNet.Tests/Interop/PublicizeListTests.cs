using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;
using RobustAttribution.MLNet.Tests.Fixtures;

namespace RobustAttribution.MLNet.Tests.Interop;

/// <summary>The Publicize items of the project are exactly the internal members of ML.NET that its assembly refers to.</summary>
[TestClass]
public sealed class PublicizeListTests
{
    [TestMethod]
    public void EveryInternalMemberUsedIsListed()
        => CollectionAssert.AreEquivalent(
            Listed(), Used(), $"not listed: {string.Join(", ", Used().Except(Listed()))}; not used: {string.Join(", ", Listed().Except(Used()))}");

    /// <summary>The items of the project file: Assembly:Type or Assembly:Type.Member.</summary>
    internal static string[] Items()
        => [.. XDocument.Load(Repository.At("src", "RobustAttribution.MLNet", "RobustAttribution.MLNet.csproj"))
            .Descendants("Publicize").Select(item => item.Attribute("Include")!.Value)];

    private static string[] Listed() => [.. Items().Select(item => item.Split(':')[1]).Order(StringComparer.Ordinal)];

    private static string[] Used()
    {
        string path = typeof(SaliencyEstimator).Assembly.Location;
        using var file = new PEReader(File.OpenRead(path));
        MetadataReader metadata = file.GetMetadataReader();
        var found = new SortedSet<string>(StringComparer.Ordinal);
        foreach (TypeReferenceHandle handle in metadata.TypeReferences)
        {
            if (Resolve(metadata, handle) is { IsVisible: false } type)
            {
                found.Add(type.FullName!);
            }
        }

        foreach (MemberReferenceHandle handle in metadata.MemberReferences)
        {
            MemberReference member = metadata.GetMemberReference(handle);
            Type? type = member.Parent.Kind switch
            {
                HandleKind.TypeReference => Resolve(metadata, (TypeReferenceHandle)member.Parent),
                HandleKind.TypeSpecification => ResolveGeneric(metadata, (TypeSpecificationHandle)member.Parent),
                _ => null,
            };
            if (type is not null && Hidden(type, metadata, member) is { } name)
            {
                found.Add($"{type.FullName}.{name}");
                found.Remove(type.FullName!); // naming a member that is not public opens its type too
            }
        }

        return [.. found];
    }

    /// <summary>The member's name as Publicizer wants it, where the member is not public.</summary>
    private static string? Hidden(Type type, MetadataReader metadata, MemberReference reference)
    {
        const BindingFlags All = BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;
        string name = metadata.GetString(reference.Name);
        if (reference.GetKind() == MemberReferenceKind.Field)
        {
            return type.GetField(name, All) is { IsPublic: false } ? name : null;
        }

        int parameters = reference.DecodeMethodSignature(new NoTypes(), null).ParameterTypes.Length;
        MethodBase[] candidates = [.. type.GetMembers(All).OfType<MethodBase>().Where(method => method.Name == name && method.GetParameters().Length == parameters)];
        bool hidden = candidates.Length > 0 && candidates.All(method => !method.IsPublic && !method.IsFamily && !method.IsFamilyOrAssembly);
        bool accessor = hidden && (name.StartsWith("get_", StringComparison.Ordinal) || name.StartsWith("set_", StringComparison.Ordinal));
        return hidden ? (accessor ? name[4..] : name) : null;
    }

    private static Type? ResolveGeneric(MetadataReader metadata, TypeSpecificationHandle handle)
    {
        BlobReader blob = metadata.GetBlobReader(metadata.GetTypeSpecification(handle).Signature);
        return blob.ReadCompressedInteger() == 0x15 && blob.ReadByte() is 0x11 or 0x12 && blob.ReadTypeHandle() is { Kind: HandleKind.TypeReference } definition
            ? Resolve(metadata, (TypeReferenceHandle)definition)
            : null;
    }

    /// <summary>The type behind a reference, where it is ML.NET's.</summary>
    private static Type? Resolve(MetadataReader metadata, TypeReferenceHandle handle)
    {
        TypeReference reference = metadata.GetTypeReference(handle);
        string name = metadata.GetString(reference.Name);
        if (reference.ResolutionScope.Kind == HandleKind.TypeReference)
        {
            return Resolve(metadata, (TypeReferenceHandle)reference.ResolutionScope)?.GetNestedType(name, BindingFlags.Public | BindingFlags.NonPublic);
        }

        if (reference.ResolutionScope.Kind != HandleKind.AssemblyReference)
        {
            return null;
        }

        string assembly = metadata.GetString(metadata.GetAssemblyReference((AssemblyReferenceHandle)reference.ResolutionScope).Name);
        string space = metadata.GetString(reference.Namespace);
        return assembly.StartsWith("Microsoft.ML", StringComparison.Ordinal)
            ? Assembly.Load(assembly).GetType($"{space}.{name}", throwOnError: true)
            : null;
    }

    /// <summary>Decodes a signature for its number of parameters alone.</summary>
    private sealed class NoTypes : ISignatureTypeProvider<int, object?>
    {
        public int GetArrayType(int elementType, ArrayShape shape) => 0;

        public int GetByReferenceType(int elementType) => 0;

        public int GetFunctionPointerType(MethodSignature<int> signature) => 0;

        public int GetGenericInstantiation(int genericType, System.Collections.Immutable.ImmutableArray<int> typeArguments) => 0;

        public int GetGenericMethodParameter(object? genericContext, int index) => 0;

        public int GetGenericTypeParameter(object? genericContext, int index) => 0;

        public int GetModifiedType(int modifier, int unmodifiedType, bool isRequired) => 0;

        public int GetPinnedType(int elementType) => 0;

        public int GetPointerType(int elementType) => 0;

        public int GetPrimitiveType(PrimitiveTypeCode typeCode) => 0;

        public int GetSZArrayType(int elementType) => 0;

        public int GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => 0;

        public int GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => 0;

        public int GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) => 0;
    }
}
