using Microsoft.ML;
using RobustAttribution.Networks;
using RobustAttribution.Training;

namespace RobustAttribution.Distributed.Tests;

/// <summary>The code of docs/how-to/train-on-several-machines.md.</summary>
internal static class DistributedSnippets
{
    public static int Train(string path)
    {
        IDataView Load(MLContext context) => TrainingJob.Rows(context);

        #region Ranks
        return MpiCommunicator.Run(ranks =>
        {
            var mlContext = new MLContext(seed: 1);
            if (ranks.Rank == 0)
            {
                mlContext.Log += (_, entry) => Console.WriteLine(entry.Message);
            }

            IDataView train = Load(mlContext); // the same rows on every rank
            var pipeline = mlContext.Transforms.Conversion.MapValueToKey("Label")
                .Append(mlContext.Transforms.RobustImageClassification(new()
                {
                    Input = new InputSpecification(1, 8, 8),
                    Communicator = ranks,
                    BatchSize = 10, // images of all ranks together
                    Epochs = 2,
                    Checkpoints = new CheckpointOptions(Path.Combine(Path.GetDirectoryName(path)!, "checkpoints")),
                }));
            ITransformer model = pipeline.Fit(train); // equal on every rank
            if (ranks.Rank == 0)
            {
                mlContext.Model.Save(model, train.Schema, path);
            }

            return 0;
        });
        #endregion
    }
}
