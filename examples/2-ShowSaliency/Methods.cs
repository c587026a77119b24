using RobustAttribution.Attributions;

namespace RobustAttribution.Examples.ShowSaliency;

/// <summary>The attributions that the command line offers, by name.</summary>
internal static class Methods
{
    private static readonly Dictionary<string, IAttributionMethod> All = new()
    {
        ["gradient"] = new InputGradient(),
        ["gradient-times-input"] = new GradientTimesInput(),
        ["integrated-gradients"] = new IntegratedGradients(),
        ["smooth-grad"] = new SmoothGrad(),
        ["guided-backpropagation"] = new GuidedBackpropagation(),
        ["deconvolution"] = new Deconvolution(),
        ["relevance"] = new LayerwiseRelevance { Composite = RelevanceComposite.EpsilonPlus },
        ["grad-cam"] = new GradCam(),
    };

    public static IReadOnlyCollection<string> Names => All.Keys;

    public static IAttributionMethod Find(string name) => All[name];
}
