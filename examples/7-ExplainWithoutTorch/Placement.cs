namespace RobustAttribution.Examples.ExplainWithoutTorch;

/// <summary>How an image is laid into the network's size: scaled, then moved.</summary>
internal sealed record Placement(double ScaleX, double ScaleY, double OffsetX, double OffsetY)
{
    public static Placement Of(OnnxClassifier model, int width, int height)
    {
        (double x, double y) = ((double)model.Width / width, (double)model.Height / height);
        (double scaleX, double scaleY) = model.Resize switch
        {
            "Fill" => (x, y),
            "Crop" => (Math.Max(x, y), Math.Max(x, y)),
            "Pad" => (Math.Min(x, y), Math.Min(x, y)),
            "CenterCrop" => (8.0 / 7 * Math.Max(x, y), 8.0 / 7 * Math.Max(x, y)),
            var other => throw new InvalidDataException($"The model resizes by '{other}'; known are Fill, Crop, Pad and CenterCrop."),
        };
        return new Placement(scaleX, scaleY, (model.Width - (width * scaleX)) / 2, (model.Height - (height * scaleY)) / 2);
    }
}
