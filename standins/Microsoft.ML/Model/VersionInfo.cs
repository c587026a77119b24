using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>What a component writes about itself into the head of its part of a model file.</summary>
internal readonly struct VersionInfo
{
    public readonly ulong ModelSignature;
    public readonly uint VerWrittenCur;
    public readonly uint VerReadableCur;
    public readonly uint VerWeCanReadBack;
    public readonly string LoaderAssemblyName;
    public readonly string LoaderSignature;
    public readonly string LoaderSignatureAlt;

    /// <param name="modelSignature">Exactly eight characters that name the format.</param>
    /// <param name="verWrittenCur">The version that is written.</param>
    /// <param name="verReadableCur">The oldest reader that can read what is written.</param>
    /// <param name="verWeCanReadBack">The oldest file that this reader can read.</param>
    /// <param name="loaderAssemblyName">The assembly to load before the loader is looked up.</param>
    /// <param name="loaderSignature">The name that the component is registered under; at most 24 characters.</param>
    /// <param name="loaderSignatureAlt">A second name.</param>
    public VersionInfo(string modelSignature, uint verWrittenCur, uint verReadableCur, uint verWeCanReadBack,
        string loaderAssemblyName, string loaderSignature = null, string loaderSignatureAlt = null)
    {
        Contracts.Check(modelSignature?.Length == 8, "Model signature must be eight characters");
        ModelSignature = ModelHeader.Pack(modelSignature.Replace(' ', '\0'), 0);
        VerWrittenCur = verWrittenCur;
        VerReadableCur = verReadableCur;
        VerWeCanReadBack = verWeCanReadBack;
        LoaderAssemblyName = loaderAssemblyName;
        LoaderSignature = loaderSignature;
        LoaderSignatureAlt = loaderSignatureAlt;
    }
}
