using System.Reflection;
using System.Text.RegularExpressions;
using RobustAttribution.MLNet.Tests.Fixtures;

namespace RobustAttribution.MLNet.Tests.Assumptions;

/// <summary>docs/decisions/reliances.md and the tests of this folder name each other.</summary>
[TestClass]
public sealed class DecisionPageTests
{
    [TestMethod]
    public void ThePageNamesEveryTestAndNoOther()
    {
        string page = File.ReadAllText(Repository.At("docs", "decisions", "reliances.md"));
        string[] named = [.. Regex.Matches(page, @"`(\w+Tests|…)\.(\w+)`").Select(match => match.Groups[2].Value)];
        string[] tests =
        [
            .. typeof(DecisionPageTests).Assembly.GetTypes()
                .Where(type => type.Namespace == typeof(DecisionPageTests).Namespace && type != typeof(DecisionPageTests))
                .SelectMany(type => type.GetMethods()).Where(method => method.IsDefined(typeof(TestMethodAttribute))).Select(method => method.Name),
        ];
        CollectionAssert.AreEquivalent(tests, named);
    }
}
