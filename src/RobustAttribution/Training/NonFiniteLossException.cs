namespace RobustAttribution.Training;

/// <summary>A loss, or a value of the network itself, was not a finite number; the training cannot continue.</summary>
public sealed class NonFiniteLossException : ArithmeticException
{
    /// <summary>Makes an exception that names the place.</summary>
    /// <param name="epoch">The epoch, from 1.</param>
    /// <param name="step">The step of that epoch, from 1.</param>
    /// <param name="term">The name of the loss term.</param>
    public NonFiniteLossException(int epoch, int step, string term)
        : base($"The loss term '{term}' was not finite in epoch {epoch}, step {step}. Lower the learning rate"
            + $" or the weight of that term, or clip the gradient ({nameof(TrainingOptions.GradientClipNorm)}).")
    {
        Epoch = epoch;
        Step = step;
        Term = term;
    }

    private NonFiniteLossException(int epoch, int step, string term, string message, Exception? innerException = null)
        : base(message, innerException) => (Epoch, Step, Term) = (epoch, step, term);

    /// <summary>An exception without a place.</summary>
    public NonFiniteLossException()
        : this("The loss was not finite.")
    {
    }

    /// <inheritdoc cref="NonFiniteLossException()"/>
    public NonFiniteLossException(string message)
        : this(message, null)
    {
    }

    /// <inheritdoc cref="NonFiniteLossException()"/>
    public NonFiniteLossException(string message, Exception? innerException)
        : base(message, innerException) => Term = "loss";

    /// <summary>The epoch, from 1.</summary>
    public int Epoch { get; }

    /// <summary>The step of that epoch, from 1.</summary>
    public int Step { get; }

    /// <summary>
    /// Name of the loss term, "loss" for their weighted sum; "validation loss"; "logits"; or the name of the parameter or buffer of the network.
    /// </summary>
    public string Term { get; }

    internal static NonFiniteLossException OfState(int epoch, int step, string name, double rate)
        => new(epoch, step, name, $"'{name}' of the network was not finite in epoch {epoch}, after step {step}. {Advice(rate)}");

    internal static NonFiniteLossException OfLogits(int epoch, int step, string largest, double value, double rate)
        => new(epoch, step, "logits", $"The network's logits were not finite in epoch {epoch}, after step {step}, in evaluation mode;"
            + $" the largest magnitude of its parameters and buffers is {value:G3}, in '{largest}'. {Advice(rate)}");

    internal static NonFiniteLossException OfValidation(int epoch, int step, double loss, double rate)
        => new(epoch, step, "validation loss", $"The validation loss was {loss} in epoch {epoch}. {Advice(rate)}");

    internal static NonFiniteLossException OfOverflow(int epoch, int step, string type, double rate, Exception cause)
        => new(epoch, step, "loss", $"A factor in epoch {epoch}, step {step} is too large for {type}: the learning rate ({rate}), or a weight or"
            + $" limit of the objective or the optimizer. Lower it.", cause);

    private static string Advice(double rate)
        => $"Lower the learning rate ({rate}), or clip the gradient ({nameof(TrainingOptions.GradientClipNorm)}).";
}
