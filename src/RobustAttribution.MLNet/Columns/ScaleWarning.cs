using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Interop;

namespace RobustAttribution.MLNet.Columns;

/// <summary>Warns, once, of images that seem to be in 0…1 where the network was trained on 0…255.</summary>
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
        if (said != 0 || pixels.IsEmpty || pixels.ContainsAnyExceptInRange(0, ImageColumn.OneOfBytes))
        {
            return;
        }

        if (images.ScaleProblem(0) is { } problem && Interlocked.Exchange(ref said, 1) == 0)
        {
            using IChannel channel = env.Start(name);
            channel.Warn($"{problem} The network was trained on 0…255: multiply them by 255.");
        }
    }
}
