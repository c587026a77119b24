using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Interop;

namespace RobustAttribution.MLNet.Columns;

/// <summary>Warns, once, of images that seem to be in 0…1 where the network takes 0…255: a whole batch, or single ones among others.</summary>
/// <remarks>Training refuses a set like that; a batch may also be of black images alone, so here it is a warning.</remarks>
/// <param name="env">Takes the warning.</param>
/// <param name="name">What is done, for the log.</param>
/// <param name="images">The column of images.</param>
internal sealed class ScaleWarning(IHostEnvironment env, string name, ImageColumn images)
{
    private int said;

    /// <summary>Checks the images of a batch.</summary>
    /// <param name="pixels">Their values in [0, 1], as they were read.</param>
    public void Check(ReadOnlySpan<float> pixels)
    {
        if (said != 0 || pixels.IsEmpty || images.ScaleProblem(0) is not { } problem)
        {
            return;
        }

        if (!pixels.ContainsAnyExceptInRange(0, ImageColumn.OneOfBytes))
        {
            Warn($"{problem} The network was trained on 0…255: multiply them by 255.");
            return;
        }

        for (int at = 0; at < pixels.Length; at += images.ValueCount)
        {
            CheckImage(pixels.Slice(at, images.ValueCount));
        }
    }

    /// <summary>Checks one image of a set whose others may be of another scale.</summary>
    /// <param name="pixels">Its values in [0, 1], as they were read.</param>
    public void CheckImage(ReadOnlySpan<float> pixels)
    {
        if (said == 0
            && !pixels.ContainsAnyExceptInRange(0, ImageColumn.OneOfBytes)
            && pixels.ContainsAnyExcept(0, ImageColumn.OneOfBytes)
            && images.ScaleProblem(0) is not null)
        {
            Warn($"An image in column '{images.Name}' has fractions and no value above 1, so it seems to be in 0…1 among others in 0…255:"
                + " multiply such images by 255.");
        }
    }

    private void Warn(string message)
    {
        if (Interlocked.Exchange(ref said, 1) == 0)
        {
            using IChannel channel = env.Start(name);
            channel.Warn(message);
        }
    }
}
