using Microsoft.ML;
using RobustAttribution.Metrics;

namespace RobustAttribution.MLNet.Tests.Docs;

/// <summary>The code of docs/how-to/certify-a-map.md.</summary>
internal static class CertificateSnippets
{
    public static IDataView Certify(MLContext mlContext, IDataView scored)
    {
        #region Certify
        var certify = mlContext.Transforms.CertifiedSaliency(new()
        {
            TopShare = 0.25, // important: among the quarter of the pixels with the largest values
            Sigma = 0.15, // noise in pixel units, so that the radius is 0.15 · Φ⁻¹(0.75) = 0.101
            Samples = 100,
            DrawingPngColumnName = "CertificatePng",
        });
        IDataView certified = certify.Fit(scored).Transform(scored); // + Certificate, CertifiedShare, CertificatePng
        #endregion
        return certified;
    }

    public static SanityReport Check(MLContext mlContext, IDataView scored)
    {
        #region Sanity
        SanityReport sanity = mlContext.MulticlassClassification.EvaluateSaliencySanity(mlContext.Data.TakeRows(scored, 100), new SanityChecks { Map = new() });
        Console.WriteLine(sanity); // verdicts in words, and the similarity after each layer
        #endregion
        return sanity;
    }
}
