using Microsoft.ML;
using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Images;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.Networks;

namespace RobustAttribution.MLNet.Training;

/// <summary>The rows of a view that a training can use: pictures with labels.</summary>
/// <param name="env">Its cancellation is honoured.</param>
/// <param name="data">The view.</param>
/// <param name="images">The column of pictures.</param>
/// <param name="labels">The column of labels.</param>
/// <param name="input">What the network takes.</param>
/// <param name="policy">What happens to rows that cannot be used.</param>
/// <param name="cancellationToken">Looked at before each row.</param>
internal sealed class TrainingRows(
    IHostEnvironment env, IDataView data, ImageColumn images, KeyColumn labels, InputSpecification input, BrokenRows policy, CancellationToken cancellationToken)
{
    /// <summary>Takes one usable row.</summary>
    /// <param name="picture">C·H·W values in [0, 1]; overwritten by the next row.</param>
    /// <param name="label">0 to K − 1.</param>
    public delegate void Visitor(ReadOnlySpan<float> picture, long label);

    /// <summary>Rows left out in the last pass.</summary>
    public long Skipped { get; private set; }

    /// <summary>Why the first of them was.</summary>
    public string? FirstProblem { get; private set; }

    /// <summary>Reads one pass.</summary>
    /// <param name="visit">Called for each usable row.</param>
    /// <exception cref="BrokenImageException">A row cannot be used, and the policy is to fail.</exception>
    public void ForEach(Visitor visit)
    {
        (Skipped, FirstProblem) = (0, null);
        using DataViewRowCursor cursor = data.GetRowCursor([data.Schema[images.Index], data.Schema[labels.Index]]);
        ImageRowReader reader = images.Open(cursor);
        Func<long> label = labels.Open(cursor);
        float[] picture = new float[input.ValueCount];
        while (cursor.MoveNext())
        {
            HostSettings.CheckAlive(env);
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                long value = label();
                if (value < 0)
                {
                    throw new BrokenImageException($"Label column '{labels.Name}', row {cursor.Position}: the label is missing.");
                }

                reader.Read(picture);
                visit(picture, value);
            }
            catch (BrokenImageException problem) when (policy == BrokenRows.Skip)
            {
                Skipped++;
                FirstProblem ??= problem.Message;
            }
            catch (BrokenImageException problem)
            {
                throw new BrokenImageException($"{problem.Message} To leave such rows out, set BrokenRows = BrokenRows.Skip.", problem);
            }
        }
    }

    /// <summary>Reads all rows into memory.</summary>
    public CachedImages Cache()
    {
        var pixels = new PixelStore(input.ValueCount);
        List<long> classes = [];
        ForEach((picture, label) =>
        {
            pixels.Add(picture);
            classes.Add(label);
        });
        return new CachedImages(input, pixels, classes);
    }
}
