namespace Microsoft.ML.Runtime;

/// <summary>The exceptions of the whole library, each passed through the context that raises it (which may be null).</summary>
internal static class Contracts
{
    public const string IsMarkedKey = "ML_IsMarked";

    public static TException Process<TException>(this TException ex, IExceptionContext ectx = null)
        where TException : Exception => ectx != null ? ectx.Process(ex) : Mark(ex);

    /// <summary>Marks an exception as raised on purpose by the library.</summary>
    public static TException Mark<TException>(TException ex)
        where TException : Exception
    {
        ex.Data[IsMarkedKey] = true;
        return ex;
    }

    public static bool IsMarked(this Exception ex) => ex?.Data[IsMarkedKey] is true;

    public static Exception Except(string msg) => Process(new InvalidOperationException(msg));

    public static Exception Except(this IExceptionContext ctx, string msg) => Process(new InvalidOperationException(msg), ctx);

    public static Exception Except(string msg, params object[] args) => Except(Format(msg, args));

    public static Exception Except(this IExceptionContext ctx, string msg, params object[] args) => ctx.Except(Format(msg, args));

    public static Exception Except(Exception inner, string msg) => Process(new InvalidOperationException(msg, inner));

    public static Exception Except(this IExceptionContext ctx, Exception inner, string msg) => Process(new InvalidOperationException(msg, inner), ctx);

    public static Exception ExceptUserArg(string name, string msg) => ExceptParam(name, msg);

    public static Exception ExceptUserArg(this IExceptionContext ctx, string name, string msg) => ctx.ExceptParam(name, msg);

    public static Exception ExceptUserArg(this IExceptionContext ctx, string name, string msg, params object[] args)
        => ctx.ExceptParam(name, Format(msg, args));

    public static Exception ExceptParam(string paramName, string msg = null) => Process(OutOfRange(paramName, msg));

    public static Exception ExceptParam(this IExceptionContext ctx, string paramName, string msg = null) => Process(OutOfRange(paramName, msg), ctx);

    public static Exception ExceptParam(this IExceptionContext ctx, string paramName, string msg, params object[] args)
        => ctx.ExceptParam(paramName, Format(msg, args));

    public static Exception ExceptValue(string paramName) => Process(new ArgumentNullException(paramName));

    public static Exception ExceptValue(this IExceptionContext ctx, string paramName) => Process(new ArgumentNullException(paramName), ctx);

    public static Exception ExceptDecode(string msg = null) => Process(new FormatException(msg));

    public static Exception ExceptDecode(this IExceptionContext ctx, string msg = null) => Process(new FormatException(msg), ctx);

    public static Exception ExceptDecode(string msg, params object[] args) => ExceptDecode(Format(msg, args));

    public static Exception ExceptDecode(this IExceptionContext ctx, string msg, params object[] args) => ctx.ExceptDecode(Format(msg, args));

    public static Exception ExceptDecode(Exception inner, string msg) => Process(new FormatException(msg, inner));

    public static Exception ExceptDecode(this IExceptionContext ctx, Exception inner, string msg) => Process(new FormatException(msg, inner), ctx);

    public static Exception ExceptNotSupp(string msg = null) => Process(new NotSupportedException(msg));

    public static Exception ExceptNotSupp(this IExceptionContext ctx, string msg = null) => Process(new NotSupportedException(msg), ctx);

    public static Exception ExceptSchemaMismatch(string paramName, string columnRole, string columnName)
        => ExceptSchemaMismatch(null, paramName, columnRole, columnName);

    public static Exception ExceptSchemaMismatch(this IExceptionContext ctx, string paramName, string columnRole, string columnName)
        => ctx.ExceptParam(paramName, $"Could not find {columnRole} column '{columnName}'");

    public static Exception ExceptSchemaMismatch(string paramName, string columnRole, string columnName, string expectedType, string actualType)
        => ExceptSchemaMismatch(null, paramName, columnRole, columnName, expectedType, actualType);

    public static Exception ExceptSchemaMismatch(
        this IExceptionContext ctx, string paramName, string columnRole, string columnName, string expectedType, string actualType)
        => ctx.ExceptParam(paramName, $"Schema mismatch for {columnRole} column '{columnName}': expected {expectedType}, got {actualType}");

    public static void Check(bool f, string msg) => Check(null, f, msg);

    public static void Check(this IExceptionContext ctx, bool f, string msg)
    {
        if (!f)
            throw ctx.Except(msg);
    }

    public static void CheckUserArg(bool f, string name, string msg = null) => CheckParam(null, f, name, msg);

    public static void CheckUserArg(this IExceptionContext ctx, bool f, string name, string msg = null) => ctx.CheckParam(f, name, msg);

    public static void CheckParam(bool f, string paramName, string msg = null) => CheckParam(null, f, paramName, msg);

    public static void CheckParam(this IExceptionContext ctx, bool f, string paramName, string msg = null)
    {
        if (!f)
            throw ctx.ExceptParam(paramName, msg);
    }

    public static T CheckRef<T>(this IExceptionContext ctx, T val, string paramName)
        where T : class => val ?? throw ctx.ExceptValue(paramName);

    public static void CheckValue<T>(T val, string paramName)
        where T : class => CheckValue(null, val, paramName);

    public static void CheckValue<T>(this IExceptionContext ctx, T val, string paramName)
        where T : class
    {
        if (val == null)
            throw ctx.ExceptValue(paramName);
    }

    public static string CheckNonEmpty(string s, string paramName) => CheckNonEmpty(null, s, paramName);

    public static string CheckNonEmpty(this IExceptionContext ctx, string s, string paramName)
        => string.IsNullOrEmpty(s) ? throw ctx.ExceptParam(paramName, $"{paramName} cannot be null or empty") : s;

    public static string CheckNonWhiteSpace(string s, string paramName) => CheckNonWhiteSpace(null, s, paramName);

    public static string CheckNonWhiteSpace(this IExceptionContext ctx, string s, string paramName)
        => string.IsNullOrWhiteSpace(s) ? throw ctx.ExceptParam(paramName, $"{paramName} cannot be null or white space") : s;

    public static T[] CheckNonEmpty<T>(T[] args, string paramName) => CheckNonEmpty(null, args, paramName);

    public static T[] CheckNonEmpty<T>(this IExceptionContext ctx, T[] args, string paramName)
        => args is { Length: > 0 } ? args : throw ctx.ExceptParam(paramName, $"{paramName} cannot be null or empty");

    public static void CheckDecode(bool f, string msg = null) => CheckDecode(null, f, msg);

    public static void CheckDecode(this IExceptionContext ctx, bool f, string msg = null)
    {
        if (!f)
            throw ctx.ExceptDecode(msg);
    }

    /// <summary>Throws where the environment's execution was cancelled.</summary>
    public static void CheckAlive(this IHostEnvironment env)
    {
        if (env is ICancelable { IsCanceled: true })
            throw Process(new OperationCanceledException("Operation was canceled."), env);
    }

    private static ArgumentOutOfRangeException OutOfRange(string paramName, string msg)
        => msg == null ? new(paramName) : new(paramName, msg);

    private static string Format(string msg, object[] args) => string.Format(msg, args);
}
