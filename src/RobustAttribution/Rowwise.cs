using static TorchSharp.torch;

namespace RobustAttribution;

/// <summary>Differentiable measures of one vector for each image, taken over all dimensions but the first.</summary>
internal static class Rowwise
{
    // A norm² below this counts as zero: the cosine is then 0 and so is its derivative, instead of NaN.
    private const double TinySquare = 1e-30;

    /// <summary>‖a‖₂², [N].</summary>
    public static Tensor SquaredNorm(Tensor a)
    {
        using IDisposable scope = NewDisposeScope();
        return (a * a).flatten(1).sum(1).MoveToOuterDisposeScope();
    }

    /// <summary>‖a‖₁, [N].</summary>
    public static Tensor AbsoluteSum(Tensor a)
    {
        using IDisposable scope = NewDisposeScope();
        return a.abs().flatten(1).sum(1).MoveToOuterDisposeScope();
    }

    /// <summary>‖a‖₂, [N]; its derivative at a = 0 is 0.</summary>
    public static Tensor Norm(Tensor a)
    {
        using IDisposable scope = NewDisposeScope();
        return SquaredNorm(a).clamp_min(TinySquare).sqrt().MoveToOuterDisposeScope();
    }

    /// <summary>cos(a, b), [N]; 0 where a vector is zero.</summary>
    public static Tensor Cosine(Tensor a, Tensor b)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor product = (a * b).flatten(1).sum(1);
        return (product / (Norm(a) * Norm(b))).MoveToOuterDisposeScope();
    }

    /// <summary>Pearson's correlation of a and b, [N]; 0 where a vector is constant.</summary>
    public static Tensor Correlation(Tensor a, Tensor b)
    {
        using IDisposable scope = NewDisposeScope();
        return Cosine(Centred(a), Centred(b)).MoveToOuterDisposeScope();

        static Tensor Centred(Tensor values) => values.flatten(1) - values.flatten(1).mean([1L], keepdim: true);
    }

    /// <summary>KL(softmax(p) ‖ softmax(q)) of logits [N,K], [N].</summary>
    public static Tensor Divergence(Tensor p, Tensor q)
    {
        using IDisposable scope = NewDisposeScope();
        return (p.softmax(1) * (p.log_softmax(1) - q.log_softmax(1))).sum(1).MoveToOuterDisposeScope();
    }
}
