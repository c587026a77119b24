using RobustAttribution.Training;
using Spectre.Console;

namespace RobustAttribution.Benchmarks;

/// <summary>One line for each epoch.</summary>
internal sealed class TrainingLog(IAnsiConsole console)
{
    public void Write(TrainingProgress progress)
    {
        if (progress is EpochProgress epoch)
        {
            console.WriteLine($"  epoch {epoch.Epoch}/{epoch.Epochs}  {string.Join("  ", epoch.LossTerms.Select(term => $"{term.Key} {term.Value:F3}"))}  accuracy {epoch.Accuracy:F3}  {epoch.ImagesPerSecond:F0} images/s");
        }
    }
}
