using static TorchSharp.Native.Operators;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Functions of one element each.</summary>
    public partial class Tensor
    {
        public Tensor abs() => Call("abs", this);
        public Tensor abs_() => CallInPlace("abs_", this);
        public Tensor ceil() => Call("ceil", this);
        public Tensor ceil_() => CallInPlace("ceil_", this);
        public Tensor exp() => Call("exp", this);
        public Tensor exp_() => CallInPlace("exp_", this);
        public Tensor exp2() => Call("exp2", this);
        public Tensor expm1() => Call("expm1", this);
        public Tensor expm1_() => CallInPlace("expm1_", this);
        public Tensor floor() => Call("floor", this);
        public Tensor floor_() => CallInPlace("floor_", this);
        public Tensor frac() => Call("frac", this);
        public Tensor frac_() => CallInPlace("frac_", this);
        public Tensor log() => Call("log", this);
        public Tensor log_() => CallInPlace("log_", this);
        public Tensor log10() => Call("log10", this);
        public Tensor log10_() => CallInPlace("log10_", this);
        public Tensor log1p() => Call("log1p", this);
        public Tensor log1p_() => CallInPlace("log1p_", this);
        public Tensor log2() => Call("log2", this);
        public Tensor log2_() => CallInPlace("log2_", this);
        public Tensor neg() => Call("neg", this);
        public Tensor neg_() => CallInPlace("neg_", this);
        public Tensor reciprocal() => Call("reciprocal", this);
        public Tensor reciprocal_() => CallInPlace("reciprocal_", this);
        public Tensor rsqrt() => Call("rsqrt", this);
        public Tensor rsqrt_() => CallInPlace("rsqrt_", this);
        public Tensor sqrt() => Call("sqrt", this);
        public Tensor sqrt_() => CallInPlace("sqrt_", this);
        public Tensor sign() => Call("sign", this);
        public Tensor sign_() => CallInPlace("sign_", this);
        public Tensor sgn() => Call("sgn", this);
        public Tensor sgn_() => CallInPlace("sgn_", this);
        public Tensor trunc() => Call("trunc", this);
        public Tensor trunc_() => CallInPlace("trunc_", this);
        public Tensor sin() => Call("sin", this);
        public Tensor sin_() => CallInPlace("sin_", this);
        public Tensor cos() => Call("cos", this);
        public Tensor cos_() => CallInPlace("cos_", this);
        public Tensor tan() => Call("tan", this);
        public Tensor tan_() => CallInPlace("tan_", this);
        public Tensor asin() => Call("asin", this);
        public Tensor asin_() => CallInPlace("asin_", this);
        public Tensor acos() => Call("acos", this);
        public Tensor acos_() => CallInPlace("acos_", this);
        public Tensor atan() => Call("atan", this);
        public Tensor atan_() => CallInPlace("atan_", this);
        public Tensor sinh() => Call("sinh", this);
        public Tensor sinh_() => CallInPlace("sinh_", this);
        public Tensor cosh() => Call("cosh", this);
        public Tensor cosh_() => CallInPlace("cosh_", this);
        public Tensor tanh() => Call("tanh", this);
        public Tensor tanh_() => CallInPlace("tanh_", this);
        public Tensor sigmoid() => Call("sigmoid", this);
        public Tensor sigmoid_() => CallInPlace("sigmoid_", this);
        public Tensor erf() => Call("erf", this);
        public Tensor erf_() => CallInPlace("erf_", this);
        public Tensor erfc() => Call("erfc", this);
        public Tensor erfc_() => CallInPlace("erfc_", this);
        public Tensor erfinv() => Call("erfinv", this);
        public Tensor erfinv_() => CallInPlace("erfinv_", this);
        public Tensor relu() => Call("relu", this);
        public Tensor relu_() => CallInPlace("relu_", this);
        public Tensor silu() => Call("silu", this);
        public Tensor square() => pow(2);
        public Tensor absolute() => abs();
        public Tensor negative() => neg();
        public Tensor arcsin() => asin();
        public Tensor arccos() => acos();

        public Tensor round(long decimals = 0L) => Call("round.decimals", this, decimals);
        public Tensor round_(long decimals = 0L) => CallInPlace("round_.decimals", this, decimals);
        public Tensor atan2(Tensor other) => Call("atan2", this, other);
        public Tensor hypot(Tensor other) => Call("hypot", this, other);
        public Tensor logaddexp(Tensor other) => Call("logaddexp", this, other);
        public Tensor xlogy(Tensor y) => Call("xlogy.Tensor", this, y);
        public Tensor lerp(Tensor end, Tensor weight) => Call("lerp.Tensor", this, end, weight);
        public Tensor lerp_(Tensor end, Tensor weight) => CallInPlace("lerp_.Tensor", this, end, weight);
        public Tensor logit(double? eps = null) => Call("logit", this, eps);

        public Tensor clamp(Scalar? min = null, Scalar? max = null) => Call("clamp", this, min, max);
        public Tensor clamp(Tensor? min = null, Tensor? max = null) => Call("clamp.Tensor", this, min, max);
        public Tensor clamp_(Scalar? min = null, Scalar? max = null) => CallInPlace("clamp_", this, min, max);
        public Tensor clamp_(Tensor? min = null, Tensor? max = null) => CallInPlace("clamp_.Tensor", this, min, max);
        public Tensor clip(Scalar? min = null, Scalar? max = null) => clamp(min, max);
        public Tensor clamp_max(Scalar max) => Call("clamp_max", this, max);
        public Tensor clamp_max_(Scalar max) => CallInPlace("clamp_max_", this, max);
        public Tensor clamp_min(Scalar min) => Call("clamp_min", this, min);
        public Tensor clamp_min_(Scalar min) => CallInPlace("clamp_min_", this, min);

        public Tensor nan_to_num(double nan = 0d, double? posinf = null, double? neginf = null) => Call("nan_to_num", this, nan, posinf, neginf);

        public Tensor isnan() => Call("isnan", this);
        public Tensor isinf() => Call("isinf", this);
        public Tensor isfinite() => Call("isfinite", this);
        public Tensor isposinf() => Call("isposinf", this);
        public Tensor isneginf() => Call("isneginf", this);

        public Tensor softmax(long dim, ScalarType? dtype = null) => Call("softmax.int", this, dim, dtype);
        public Tensor log_softmax(long dim, ScalarType? dtype = null) => Call("log_softmax.int", this, dim, dtype);
        public Tensor softplus() => Call("softplus", this);
        public Tensor gelu() => Call("gelu", this);
        public Tensor leaky_relu(Scalar negative_slope) => Call("leaky_relu", this, negative_slope);
        public Tensor elu(Scalar alpha, Scalar scale, Scalar input_scale) => Call("elu", this, alpha, scale, input_scale);
        public Tensor hardtanh(Scalar min, Scalar max) => Call("hardtanh", this, min, max);
        public Tensor heaviside(Tensor other) => Call("heaviside", this, other);

        public Tensor fill_(Scalar value) => CallInPlace("fill_.Scalar", this, value);
        public Tensor zero_() => CallInPlace("zero_", this);
    }
}
