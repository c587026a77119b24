namespace Microsoft.ML.Runtime;

/// <summary>Who speaks in an exception: adds its name to the exception's data.</summary>
public interface IExceptionContext
{
    string ContextDescription { get; }

    TException Process<TException>(TException ex)
        where TException : Exception;
}
