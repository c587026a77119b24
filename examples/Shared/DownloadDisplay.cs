using System.Globalization;
using RobustAttribution.MLNet;
using Spectre.Console;

namespace RobustAttribution.Examples;

/// <summary>Shows downloads: a live bar with speed and time left for each file on a terminal, a plain line for each file anywhere else.</summary>
/// <param name="console">Where to.</param>
public sealed class DownloadDisplay(IAnsiConsole console)
{
    /// <summary>Runs <paramref name="download"/> for one file after the other; it tells how far it is.</summary>
    public void Run(string name, IEnumerable<DatasetFile> files, Action<DatasetFile, IProgress<DownloadProgress>> download)
    {
        console.MarkupLineInterpolated($"[bold]{name}[/]");
        if (!console.Profile.Capabilities.Interactive)
        {
            foreach (DatasetFile file in files)
            {
                long received = 0;
                download(file, new Told(progress => received = progress.Received));
                console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {file.FileName}  {received:N0} bytes"));
            }

            return;
        }

        console.Progress()
            .AutoClear(false)
            .HideCompleted(false)
            .Columns(
                new TaskDescriptionColumn { Alignment = Justify.Left },
                new ProgressBarColumn { Width = 24 },
                new DownloadedColumn(),
                new TransferSpeedColumn(),
                new RemainingTimeColumn())
            .Start(context =>
            {
                foreach (DatasetFile file in files)
                {
                    ProgressTask? task = null;
                    download(file, new Told(progress =>
                    {
                        task ??= context.AddTask(Markup.Escape(file.FileName));
                        task.IsIndeterminate = progress.Total is null;
                        task.MaxValue = progress.Total ?? progress.Received;
                        task.Value = progress.Received;
                    }));
                    if (task is not null)
                    {
                        task.IsIndeterminate = false;
                        task.StopTask();
                    }
                }
            });
    }

    /// <summary>Tells at once, on the thread that reports.</summary>
    private sealed class Told(Action<DownloadProgress> tell) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) => tell(value);
    }
}
