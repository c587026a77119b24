using System.Reflection;
using RobustAttribution.MLNet.Tests.Interop;

namespace RobustAttribution.MLNet.Tests.Assumptions;

/// <summary>The members of ML.NET that the library has the build publicize are there, under these names.</summary>
[TestClass]
public sealed class InternalMemberTests
{
    public static IEnumerable<string> Items => PublicizeListTests.Items();

    [TestMethod]
    [DynamicData(nameof(Items))]
    public void APublicizedMemberExistsAndIsNotPublic(string item)
    {
        const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;
        (Assembly assembly, string name) = (Assembly.Load(item.Split(':')[0]), item.Split(':')[1]);
        Type? type = assembly.GetType(name);
        int dot = name.EndsWith("..ctor", StringComparison.Ordinal) ? name.Length - 6 : name.LastIndexOf('.');
        bool[] visible = type is not null
            ? [type.IsVisible]
            : [.. assembly.GetType(name[..dot], throwOnError: true)!.GetMembers(All).OfType<MethodBase>()
                .Where(method => method.Name == name[(dot + 1)..]).Select(method => method.IsPublic)];
        Assert.IsNotEmpty(visible);
        Assert.Contains(false, visible, "public now: the item can go");
    }

    [TestMethod]
    public void TheReaderOfModelFilesKeepsTheEntriesOfTheArchive()
        => Assert.AreEqual(
            typeof(Dictionary<string, System.IO.Compression.ZipArchiveEntry>),
            Assembly.Load("Microsoft.ML.Core").GetType("Microsoft.ML.RepositoryReader")!.GetField("_entries", BindingFlags.NonPublic | BindingFlags.Instance)?.FieldType);

    [TestMethod]
    public void TheAssembliesOpenedAtRunTimeAreThoseOfThePublicizeItems()
        => CollectionAssert.AreEquivalent(
            Items.Select(item => item.Split(':')[0]).Distinct().ToArray(),
            typeof(SaliencyEstimator).Assembly.GetCustomAttributesData()
                .Where(attribute => attribute.AttributeType.FullName == "System.Runtime.CompilerServices.IgnoresAccessChecksToAttribute")
                .Select(attribute => (string)attribute.ConstructorArguments[0].Value!).ToArray());
}
