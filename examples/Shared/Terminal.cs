using Spectre.Console;

namespace RobustAttribution.Examples;

/// <summary>The consoles of the examples: colours and live bars on a terminal, plain unwrapped lines in a file or a pipe.</summary>
public static class Terminal
{
    private const int UnwrappedWidth = 200;
    private const int OneLine = 100_000; // an error is one line, however long the path in it

    /// <summary>Standard output.</summary>
    public static IAnsiConsole Output { get; } = Create(Console.Out, Console.IsOutputRedirected, UnwrappedWidth);

    /// <summary>Standard error.</summary>
    public static IAnsiConsole Error { get; } = Create(Console.Error, Console.IsErrorRedirected, OneLine);

    /// <summary>Puts a question to the user, true for yes (the default); null where input or output is no terminal.</summary>
    public static Func<string, CancellationToken, bool>? Ask { get; } = Console.IsInputRedirected || !Output.Profile.Capabilities.Interactive
        ? null
        : (question, cancellation) => new ConfirmationPrompt(Markup.Escape(question)).ShowAsync(Output, cancellation).GetAwaiter().GetResult();

    private static IAnsiConsole Create(TextWriter writer, bool redirected, int width)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
            Interactive = redirected ? InteractionSupport.No : InteractionSupport.Detect,
        });
        if (redirected)
        {
            console.Profile.Width = width;
        }

        return console;
    }
}
