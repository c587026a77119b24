using System.Reflection;

namespace RobustAttribution.Fuzz;

/// <summary>A kind of file that the library reads.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Write">Writes a small, whole example into a folder.</param>
/// <param name="Read">Reads it by the library's public verbs, and returns a text that is equal for equal content.</param>
/// <param name="Mutated">The files of the example that are mutated.</param>
internal sealed record FileFormat(string Name, Action<string> Write, Func<string, string> Read, params string[] Mutated)
{
    /// <summary>The exceptions that a damaged file may end in, by the library's documentation.</summary>
    public Type[] Documented { get; init; } = [typeof(InvalidDataException)];

    /// <summary>Other exceptions that a damaged file may end in.</summary>
    public Func<Exception, bool> IsExpected { get; init; } = _ => false;

    /// <summary>Whether the format has checksums over all that is read, so that a damaged file must not be read as another one.</summary>
    public bool IsChecked { get; init; }

    /// <summary>Whether exceptions that ML.NET throws where none of the library's code runs count as right.</summary>
    public bool HasForeignParts { get; init; }

    /// <summary>Mutates a file's content, e.g. what is compressed in it, or so that its checksums are right.</summary>
    public Func<byte[], Mutation, byte[]> Mutate { get; init; } = (content, mutation) => mutation.Of(content);

    /// <summary>Reads the example in a folder after a mutation.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="expected">What the whole example gave.</param>
    public (Outcome Outcome, string Detail) Try(string folder, string expected)
    {
        try
        {
            string found = Read(folder);
            return IsChecked && found != expected ? (Outcome.SilentChange, "other values") : (Outcome.Right, string.Empty);
        }
        catch (Exception error)
        {
            Exception cause = error;
            while (cause is TargetInvocationException or AggregateException && cause.InnerException is { } inner)
            {
                cause = inner;
            }

            bool isDocumented = IsExpected(cause) || Array.Exists(Documented, type => type.IsInstanceOfType(cause));
            bool isForeign = HasForeignParts && cause is not OutOfMemoryException && !IsOurs(cause);
            string text = $"{cause.GetType().Name}: {cause.Message}".ReplaceLineEndings(" ");
            return (isDocumented || isForeign ? Outcome.NamedException : Outcome.WrongException, text);
        }
    }

    /// <summary>Whether code of the library is among what ran.</summary>
    private static bool IsOurs(Exception error)
        => error.StackTrace?.Split('\n').Any(
            line => line.Contains(" RobustAttribution.", StringComparison.Ordinal)
                && !line.Contains(" RobustAttribution.Fuzz.", StringComparison.Ordinal)
                && !line.Contains(" RobustAttribution.MLNet.Tests.", StringComparison.Ordinal)) == true;
}

/// <summary>What reading a mutated file came to.</summary>
internal enum Outcome
{
    /// <summary>It was read, with the original's values where the format has checksums.</summary>
    Right,

    /// <summary>An exception of a documented type.</summary>
    NamedException,

    /// <summary>Another exception.</summary>
    WrongException,

    /// <summary>Other values, although the format has checksums.</summary>
    SilentChange,

    /// <summary>More than 1 GB of memory.</summary>
    TooMuchMemory,

    /// <summary>More than 10 seconds.</summary>
    TooSlow,

    /// <summary>The process ended.</summary>
    Crash,
}
