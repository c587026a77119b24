using System.Diagnostics;
using Spectre.Console;

namespace RobustAttribution.Examples;

/// <summary>Shows a long piece of work while it runs: a live bar with the time left on a terminal, a plain line for each tenth anywhere else.</summary>
public sealed class WorkDisplay(IAnsiConsole console)
{
    /// <summary>Runs <paramref name="work"/>, which is given a callback for the part done (0 to 1) and what it is doing, and returns its result.</summary>
    public T Run<T>(string name, Func<Action<double, string>, T> work)
    {
        console.MarkupLineInterpolated($"[bold]{name}[/]");
        var watch = Stopwatch.StartNew();
        T result = console.Profile.Capabilities.Interactive ? RunLive(work) : work(Plain(watch));
        console.WriteLine($"  done in {Time(watch.Elapsed)}");
        return result;
    }

    /// <summary>Minutes and seconds.</summary>
    public static string Time(TimeSpan time) => time.TotalHours >= 1 ? $"{(int)time.TotalHours}:{time:mm\\:ss}" : $"{time:m\\:ss}";

    private static string Left(double share, TimeSpan elapsed) => share > 0 ? $"{Time(elapsed * ((1 - share) / share))} left" : string.Empty;

    private T RunLive<T>(Func<Action<double, string>, T> work) => console.Progress()
        .AutoClear(false)
        .HideCompleted(false)
        .Columns(new ProgressBarColumn { Width = 24 }, new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
        .Start(context =>
        {
            ProgressTask task = context.AddTask("starting", maxValue: 1);
            var watch = Stopwatch.StartNew();
            T result = work((share, doing) =>
            {
                task.Value = share;
                task.Description = Markup.Escape($"{doing}  {Left(share, watch.Elapsed)}");
            });
            task.Value = 1;
            return result;
        });

    private Action<double, string> Plain(Stopwatch watch)
    {
        int tenth = 0;
        return (share, doing) =>
        {
            if ((int)(share * 10) > tenth)
            {
                tenth = (int)(share * 10);
                console.WriteLine($"  {tenth * 10} %  {doing}  {Left(share, watch.Elapsed)}");
            }
        };
    }
}
