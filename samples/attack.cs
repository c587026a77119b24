#:package RobustAttribution.MLNet@0.1.0
#:package TorchSharp-cpu@0.107.0
#:property PublishAot=false
#:property CreateSymbolicLinksForCopyLocalIfPossible=true

// Attacks the explanation of one image: the copy looks the same and keeps its answer, the map moves. Writes both side by side.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using RobustAttribution.Attacks;
using RobustAttribution.MLNet;

const int Levels = 8; // of 255 grey levels: how far a pixel may move
if (args is not [string modelPath, string imagePath, string sheetPath])
{
    Console.Error.WriteLine("usage: dotnet run attack.cs MODEL.zip IMAGE SHEET.png");
    return 1;
}

try
{
    var mlContext = new MLContext();
    new FileStream(sheetPath + ".new", FileMode.Create, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose).Dispose(); // can it be written?
    ITransformer model = mlContext.Model.Load(modelPath, out _);
    using MLImage image = ImageDecoder.Decode(imagePath);
    IDataView scored = model.Transform(mlContext.Data.LoadFromEnumerable([new Photo { Image = image }]));
    var pipeline = mlContext.Transforms.Saliency(new() { OutputColumnName = "Map", SeenImageColumnName = "Seen" })
        .Append(mlContext.Transforms.AttributionAttack(new()
            { Attack = new TopKAttack { ThreatModel = new LinfBall(Levels / 255.0), Restarts = 3 }, OutputColumnName = "Attacked" }))
        .Append(mlContext.Transforms.Saliency(new() { ImageColumnName = "Attacked", OutputColumnName = "AttackedMap" }));
    IDataView attacked = pipeline.Fit(scored).Transform(scored);
    Row row = mlContext.Data.CreateEnumerable<Row>(attacked, reuseRowObject: false).Single();
    var shape = ((VectorDataViewType)attacked.Schema["Seen"].Type).Dimensions; // channels, height, width
    float[] Unit(float[] pixels) => [.. pixels.Select(value => value / (row.Seen.Max() > 1 ? 255 : 1))];
    var sheet = new ContactSheet($"Moved by at most {Levels} of 255") { Columns = ["image", "map", "attacked image", "its map"], CellSize = 224 };
    sheet.Add("", [Image(row.Seen), Map(row.Map), Image(row.Attacked), Map(row.AttackedMap)]);
    sheet.Render().Save(sheetPath);
    Console.WriteLine(row.AttackValid ? $"{row.TopKIntersection:P0} of the 100 strongest pixels stay." : "No copy keeps the answer.");
    return 0;
    ContactSheetCell Image(float[] pixels) => ContactSheetCell.Image(Unit(pixels), shape[0], shape[1], shape[2]);
    ContactSheetCell Map(float[] values) => ContactSheetCell.Map(values, shape[1], shape[2], SaliencyImage.ClipValue(row.Map));
}
catch (Exception error)
{
    Console.Error.WriteLine($"error: {error.GetBaseException().Message}");
    return 1;
}

internal sealed class Photo
{
    [ImageType(1, 1)] // the attribute asks for a size; images of any size are taken
    public required MLImage Image { get; init; }
    public string Label { get; init; } = ""; // of models that were saved with MapValueToKey
}
internal sealed class Row
{
    public float[] Seen = [], Map = [], Attacked = [], AttackedMap = [];
    public bool AttackValid { get; set; }
    public float TopKIntersection { get; set; }
}
