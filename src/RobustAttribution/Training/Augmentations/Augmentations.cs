namespace RobustAttribution.Training;

/// <summary>The augmentations of both papers' trainings.</summary>
public static class Augmentations
{
    /// <summary>Crop of the pictures' size with a margin of 4, flip: AGA on CIFAR-10 (Joo et al. 2023, training scripts).</summary>
    public static IAugmentation Cifar { get; } = new Compose([new RandomCrop(), new HorizontalFlip()]);

    /// <summary>Crop with a margin of 4, flip, colour jitter 0.25, rotation by up to 2°: ART (Singh et al. 2020, training scripts).</summary>
    public static IAugmentation Art { get; } = new Compose([new RandomCrop(), new HorizontalFlip(), new ColorJitter(), new RandomRotation()]);

    /// <summary>Random part brought to 224×224, flip: AGA on ImageNet-100 (Joo et al. 2023, training scripts).</summary>
    public static IAugmentation ImageNet { get; } = new Compose([new RandomResizedCrop { Height = 224, Width = 224 }, new HorizontalFlip()]);
}
