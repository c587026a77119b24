using RobustAttribution.Serialization;
using RobustAttribution.Training;

namespace RobustAttribution.Tests.Training;

[TestClass]
public sealed class ScheduleTests
{
    [TestMethod]
    public void MultiStepFallsAtEachMilestone()
    {
        var schedule = new MultiStepSchedule([2, 4]) { Gamma = 0.5 };
        double[] factors = [.. new[] { 0, 1.99, 2, 3.5, 4, 9 }.Select(epoch => schedule.Factor(epoch, 10))];
        CollectionAssert.AreEqual(new[] { 1, 1, 0.5, 0.5, 0.25, 0.25 }, factors);
    }

    [TestMethod]
    public void StepFactorsReplaceEachOther()
    {
        var schedule = new StepFactorSchedule([new RateStep(50, 0.1), new RateStep(80, 0.01)]);
        double[] factors = [.. new double[] { 0, 49, 50, 79, 80, 100 }.Select(epoch => schedule.Factor(epoch, 101))];
        CollectionAssert.AreEqual(new[] { 1, 1, 0.1, 0.1, 0.01, 0.01 }, factors);
    }

    [TestMethod]
    public void CosineGoesFromOneToItsMinimum()
    {
        var schedule = new CosineSchedule { Minimum = 0.2 };
        Assert.AreEqual(1, schedule.Factor(0, 8), 1e-15);
        Assert.AreEqual(0.6, schedule.Factor(4, 8), 1e-15);
        Assert.AreEqual(0.2, schedule.Factor(8, 8), 1e-15);
        Assert.AreEqual(0.2 + (0.4 * (1 + Math.Cos(Math.PI * 1.5 / 8))), schedule.Factor(1.5, 8), 1e-15);
    }

    [TestMethod]
    public void WarmUpGrowsToTheWholeOfTheNextSchedule()
    {
        var schedule = new LinearWarmup(2) { StartFactor = 0.1, Then = new MultiStepSchedule([3]) };
        Assert.AreEqual(0.1, schedule.Factor(0, 5), 1e-15);
        Assert.AreEqual(0.55, schedule.Factor(1, 5), 1e-15);
        Assert.AreEqual(1, schedule.Factor(2, 5), 1e-15);
        Assert.AreEqual(0.1, schedule.Factor(3, 5), 1e-15);
        Assert.AreEqual(1, new ConstantSchedule().Factor(3, 5));
    }

    [TestMethod]
    public void WrongTablesAreRefusedByName()
    {
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new MultiStepSchedule([-1])).Message, "Milestones is -1");
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => new StepFactorSchedule([new RateStep(5, 0.1), new RateStep(5, 0.01)])).Message,
            "epochs must ascend");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new RateStep(5, 0)).Message, "Factor is 0");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new LinearWarmup(0)).Message, "Epochs is 0");
    }

    [TestMethod]
    public void EveryScheduleIsReadBackFromJson()
    {
        ILearningRateSchedule[] all =
        [
            new ConstantSchedule(), new MultiStepSchedule([1, 5]) { Gamma = 0.3 }, new StepFactorSchedule([new RateStep(2, 0.5)]),
            new CosineSchedule { Minimum = 0.1 },
            new LinearWarmup(1.5) { Then = new CosineSchedule() },
        ];
        CollectionAssert.AreEquivalent(
            ComponentJson.TypesOf(typeof(ILearningRateSchedule)).ToArray(), all.Select(schedule => schedule.GetType()).ToArray());
        foreach (ILearningRateSchedule schedule in all)
        {
            ILearningRateSchedule read = ComponentJson.Read<ILearningRateSchedule>(ComponentJson.Write(schedule));
            Assert.AreEqual(schedule.GetType(), read.GetType());
            foreach (double epoch in new[] { 0, 0.7, 2.5, 6 })
            {
                Assert.AreEqual(schedule.Factor(epoch, 7), read.Factor(epoch, 7));
            }
        }
    }
}
