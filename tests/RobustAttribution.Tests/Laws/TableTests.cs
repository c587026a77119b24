using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Objectives;
using RobustAttribution.Serialization;

namespace RobustAttribution.Tests.Laws;

/// <summary>Every public implementation is in its table, so that the laws are tried on it, and every one can be written and read as JSON.</summary>
[TestClass]
public sealed class TableTests
{
    [TestMethod]
    public void EveryThreatModelIsInItsTable()
        => HoldsAll<IThreatModel>(ThreatModelTable.Rows.Select(row => row.ThreatModel).Append(new DrawnByImage(new LinfBall()))); // holds another one

    [TestMethod]
    public void EveryAttackIsInItsTable() => HoldsAll<IAttributionAttack>(AttackTable.Rows);

    [TestMethod]
    public void EveryObjectiveIsInItsTable() => HoldsAll<ITrainingObjective>(ObjectiveTable.Rows.Select(row => row.Objective));

    [TestMethod]
    public void EveryLocalPerturbationIsInItsTable() => HoldsAll<LocalPerturbation>(ObjectiveTable.Perturbations);

    [TestMethod]
    public void EveryAttackStepIsInItsTable() => HoldsAll<AttackStep>(AttackTable.Steps);

    [TestMethod]
    public void EveryTargetMapIsInItsTable() => HoldsAll<TargetMap>(AttackTable.Targets);

    [TestMethod]
    public void EveryAttributionIsInItsTable() => HoldsAll<IAttributionMethod>(AttributionTable.Rows.Concat(AttributionTable.Controls));

    [TestMethod]
    public void EveryBaselineIsInItsTable() => HoldsAll<Baseline>(AttributionTable.Baselines);

    [TestMethod]
    public void EveryQuadratureIsInItsTable() => HoldsAll<PathQuadrature>(AttributionTable.Quadratures);

    [TestMethod]
    public void EveryRelevanceRuleIsInItsTable() => HoldsAll<RelevanceRule>(AttributionTable.Rules);

    private static void HoldsAll<T>(IEnumerable<T> rows)
        where T : class
    {
        Type[] implementations = [.. typeof(T).Assembly.GetTypes()
            .Where(type => type is { IsClass: true, IsAbstract: false } && typeof(T).IsAssignableFrom(type))];
        CollectionAssert.IsSubsetOf(implementations, rows.Select(row => row.GetType()).ToArray());
        foreach (T row in rows)
        {
            string json = ComponentJson.Write(row);
            Assert.AreEqual(row, ComponentJson.Read<T>(json), json);
        }
    }
}
