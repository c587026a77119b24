using System.Diagnostics;
using RobustAttribution.Training;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace RobustAttribution.Examples;

/// <summary>Shows a training while it runs: a live bar on a terminal, one plain line for each epoch anywhere else.</summary>
public sealed class TrainingDisplay(IAnsiConsole console)
{
    /// <summary>Runs <paramref name="train"/>, which reports to the callback it is given, and returns its result.</summary>
    public T Run<T>(string name, Func<Action<TrainingProgress>, T> train)
    {
        console.MarkupLineInterpolated($"[bold]Training {name}[/]");
        var watch = Stopwatch.StartNew();
        T result = console.Profile.Capabilities.Interactive ? RunLive(train) : train(progress => WritePlain(progress));
        console.MarkupLineInterpolated($"  done in {watch.Elapsed.TotalSeconds:F0} s");
        return result;
    }

    private static string Terms(IReadOnlyDictionary<string, double> terms) => string.Join("  ", terms.Select(term => $"{term.Key} {term.Value:G4}"));

    private static string Time(TimeSpan time) => time.TotalHours >= 1 ? $"{(int)time.TotalHours}:{time:mm\\:ss}" : $"{time:m\\:ss}";

    private T RunLive<T>(Func<Action<TrainingProgress>, T> train) => console.Progress()
        .AutoClear(false)
        .HideCompleted(false)
        .Columns(new ProgressBarColumn { Width = 24 }, new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
        .Start(context =>
        {
            ProgressTask task = context.AddTask("starting", maxValue: 1);
            string validation = string.Empty;
            T result = train(progress =>
            {
                if (progress is BatchProgress batch)
                {
                    task.MaxValue = (double)batch.Epochs * batch.StepsPerEpoch;
                    task.Value = ((batch.Epoch - 1.0) * batch.StepsPerEpoch) + batch.Step;
                    task.Description = Markup.Escape(
                        $"epoch {batch.Epoch}/{batch.Epochs}  {Terms(batch.LossTerms)}  {validation}{batch.ImagesPerSecond:F0} images/s  {Time(batch.Remaining)} left");
                }
                else if (progress is ValidationProgress judged)
                {
                    validation = $"validation {judged.Accuracy:P1}  ";
                }
            });
            task.Value = task.MaxValue;
            return result;
        });

    private void WritePlain(TrainingProgress progress)
    {
        if (progress is EpochProgress epoch)
        {
            string validation = epoch.Validation is { } judged ? $"  validation accuracy {judged.Accuracy:F4}" : string.Empty;
            console.WriteLine(
                $"  epoch {epoch.Epoch}/{epoch.Epochs}  {Terms(epoch.LossTerms)}  training accuracy {epoch.Accuracy:F4}{validation}  {epoch.ImagesPerSecond:F0} images/s  {Time(epoch.Remaining)} left");
        }
    }
}
