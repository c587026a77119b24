namespace RobustAttribution.Training;

/// <summary>The loss, or one of its parts, was not a finite number; the training cannot continue.</summary>
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

    /// <summary>Name of the loss term, "loss" for their weighted sum.</summary>
    public string Term { get; }
}
