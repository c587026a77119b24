using RobustAttribution.Serialization;
using static TorchSharp.torch;

namespace RobustAttribution.Augmentations;

/// <summary>Changes training images at random, a whole batch at once. Immutable records whose properties are their options.</summary>
[ComponentFamily]
public abstract record Augmentation
{
    /// <summary>Crop of the images' size with a margin of 4, flip: AGA on CIFAR-10 (Joo et al. 2023, training scripts).</summary>
    public static Augmentation Cifar { get; } = new Compose([new RandomCrop(), new HorizontalFlip()]);

    /// <summary>Crop with a margin of 4, flip, colour jitter 0.25, rotation by up to 2°: ART (Singh et al. 2020, training scripts).</summary>
    public static Augmentation Art { get; } = new Compose([new RandomCrop(), new HorizontalFlip(), new ColorJitter(), new RandomRotation()]);

    /// <summary>Random part resized to 224×224, flip: AGA on ImageNet-100 (Joo et al. 2023, training scripts).</summary>
    public static Augmentation ImageNet { get; } = new Compose([new RandomResizedCrop { Height = 224, Width = 224 }, new HorizontalFlip()]);

    /// <summary>Whether images in [0, 1] are known to stay there, so that nobody must wait for a GPU to see it.</summary>
    internal virtual bool KeepsRange => false;

    /// <summary>A changed copy of each image; every image gets its own random parameters.</summary>
    /// <param name="images">[N,C,H,W] float in [0, 1]; not changed.</param>
    /// <param name="generator">
    /// Source of every random draw, on the CPU: what is drawn is moved to the images' device. The number of draws depends on the shape alone.
    /// </param>
    /// <returns>[N,C,H,W] (height and width may differ where the augmentation says so), in [0, 1]; owned by the caller.</returns>
    public abstract Tensor Apply(Tensor images, Generator generator);
}
