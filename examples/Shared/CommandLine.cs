using System.CommandLine;
using System.CommandLine.Parsing;
using RobustAttribution.MLNet;
using Spectre.Console;

namespace RobustAttribution.Examples;

/// <summary>How every example starts: one clear line for what went wrong, and an exit code that says so.</summary>
public static class CommandLine
{
    /// <summary>Exit code of a run that the user stopped, as shells know it.</summary>
    public const int Stopped = 130;

    /// <summary>Parses and runs. 0: done; 1: failed, or wrong options; 130: stopped with Ctrl-C.</summary>
    public static async Task<int> InvokeAsync(RootCommand command, string[] args)
    {
        ParseResult parsed = command.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            Complain($"{string.Join(" ", parsed.Errors.Select(error => error.Message))} (--help lists the options)");
            return 1;
        }

        try
        {
            // The time-out lets a training that was stopped write what it has.
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });
        }
        catch (Exception error) when (CodeOf(error) is { } code)
        {
            Complain(code == Stopped ? "stopped" : Line(error));
            return code;
        }
    }

    /// <summary>Runs a part whose errors must not leave it: an exit code and one line, as <see cref="InvokeAsync"/> has them.</summary>
    public static int Guarded(Func<int> run)
    {
        try
        {
            return run();
        }
        catch (Exception error) when (CodeOf(error) is { } code)
        {
            Complain(code == Stopped ? "stopped" : Line(error));
            return code;
        }
    }

    /// <summary>Lets <paramref name="run"/> be the command's action, on a thread of its own, so that Ctrl-C finds someone to listen.</summary>
    public static void Runs(this Command command, Func<ParseResult, CancellationToken, int> run)
        => command.SetAction((parsed, cancellation) => Task.Run(() => run(parsed, cancellation), CancellationToken.None));

    /// <summary>A whole number in a range.</summary>
    public static Option<int> Whole(string name, string description, int value, int minimum, int maximum)
    {
        var option = new Option<int>(name) { Description = $"{description} {minimum} to {maximum}.", DefaultValueFactory = _ => value };
        option.Validators.Add(result =>
        {
            // A value that is no number has its own message.
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out int found) && (found < minimum || found > maximum))
            {
                result.AddError($"{name} is {found}; allowed is {minimum} to {maximum}.");
            }
        });
        return option;
    }

    /// <summary>One of several names; the first is the default.</summary>
    public static Option<string> Named(string name, string description, IReadOnlyCollection<string> names)
    {
        var option = new Option<string>(name) { Description = description, DefaultValueFactory = _ => names.First() };
        option.AcceptOnlyFromAmong([.. names]);
        return option;
    }

    /// <summary>Text; a folder or a file.</summary>
    public static Option<string> Path(string name, string description, string value) => new(name) { Description = description, DefaultValueFactory = _ => value };

    /// <summary>Text that may be left out.</summary>
    public static Option<string?> OptionalPath(string name, string description) => new(name) { Description = description };

    /// <summary>Writes one line to standard error.</summary>
    public static void Complain(string message)
        => Terminal.Error.MarkupLineInterpolated($"[red]error:[/] {string.Join(' ', message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))}");

    /// <summary>Null for what no user can mend.</summary>
    private static int? CodeOf(Exception error) => IsStop(error) ? Stopped
        : error is IOException or InvalidDataException or UnauthorizedAccessException or FormatException or ArgumentException
            or InvalidOperationException or NotSupportedException or BrokenImageException ? 1 : null;

    /// <summary>ML.NET's cache reads on a thread of its own and wraps what was thrown there.</summary>
    private static bool IsStop(Exception? error) => error is OperationCanceledException || (error is not null && IsStop(error.InnerException));

    /// <summary>The message without the name of a parameter of some method within.</summary>
    private static string Line(Exception error)
    {
        string message = error.Message;
        if (error is ArgumentException { ParamName: { } name })
        {
            message = message.Replace($" (Parameter '{name}')", string.Empty, StringComparison.Ordinal);
        }

        return message;
    }
}
