namespace RobustAttribution.MLNet;

/// <summary>
/// The experiments of both papers, with their published settings. <see cref="Recipe.Source"/> names the publication, the remarks the departures.
/// </summary>
/// <remarks>
/// Departures, all in evaluation: integrated gradients are those of the class' logit, not of the cross-entropy; the PGD-40 accuracy is measured at
/// the end, not every ten epochs; normalisation is each dataset's own; images of ImageNet-100 are held at 256×256 (shorter side 256, centre crop)
/// before the random resized crop.
/// </remarks>
public static partial class KnownRecipes
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Recipe> All =>
    [
        AgaCifar10LeNet, AgaCifar10ResNet18, AgaImageNet100ResNet18, HessianCifar10LeNet, HessianCifar10ResNet18, HessianImageNet100ResNet18,
        ArtCifar10WideResNet, ArtSvhnWideResNet, ArtGtsrbWideResNet, ArtCub200ResNet50,
    ];

    /// <summary>The recipe of a name, e.g. "aga-cifar10-resnet18".</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static Recipe Find(string name)
        => All.FirstOrDefault(recipe => recipe.Name == name)
            ?? throw new ArgumentException(
                $"The recipe is '{name}'; allowed are {string.Join(", ", All.Select(recipe => recipe.Name))}.", nameof(name));
}
