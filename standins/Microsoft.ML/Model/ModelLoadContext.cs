using System.Reflection;
using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>The signature of components that are made from a model file.</summary>
internal delegate void SignatureLoadModel(ModelLoadContext ctx);

/// <summary>One component's part of a model file while it is read.</summary>
internal sealed class ModelLoadContext : IDisposable
{
    public const string ModelStreamName = "Model.key";

    public readonly RepositoryReader Repository;
    public readonly string Directory;
    public readonly BinaryReader Reader;
    public readonly string[] Strings;
    public readonly string LoaderAssemblyName;
    public readonly long FpMin;
    internal ModelHeader Header;

    private ModelLoadContext(RepositoryReader rep, Stream entry, string dir)
    {
        Repository = rep;
        Directory = dir;
        Reader = new BinaryReader(entry, Encoding.UTF8);
        Header = ModelHeader.Read(Reader, out Strings, out LoaderAssemblyName);
    }

    /// <summary>The component in folder <paramref name="dir"/>; false where the file has none there.</summary>
    public static bool LoadModelOrNull<TRes, TSig>(IHostEnvironment env, out TRes result, RepositoryReader rep, string dir, params object[] extra)
        where TRes : class
    {
        var entry = rep.OpenEntryOrNull(dir, ModelStreamName);
        result = null;
        if (entry == null)
            return false;
        using (entry)
        using (var ctx = new ModelLoadContext(rep, entry, dir))
            result = ctx.Create<TRes, TSig>(env, extra) ?? throw env.ExceptDecode($"Couldn't load model: '{dir}'");
        return true;
    }

    public static void LoadModel<TRes, TSig>(IHostEnvironment env, out TRes result, RepositoryReader rep, string dir, params object[] extra)
        where TRes : class
    {
        if (!LoadModelOrNull<TRes, TSig>(env, out result, rep, dir, extra))
            throw env.ExceptDecode("Corrupt model file");
    }

    public bool LoadModelOrNull<TRes, TSig>(IHostEnvironment env, out TRes result, string name, params object[] extra)
        where TRes : class => LoadModelOrNull<TRes, TSig>(env, out result, Repository, Path.Combine(Directory ?? "", name), extra);

    public void LoadModel<TRes, TSig>(IHostEnvironment env, out TRes result, string name, params object[] extra)
        where TRes : class => LoadModel<TRes, TSig>(env, out result, Repository, Path.Combine(Directory ?? "", name), extra);

    /// <summary>Reads a part that has no loader of its own from a folder below this one; false where there is none.</summary>
    public bool TryProcessSubModel(string dir, Action<ModelLoadContext> action)
    {
        Contracts.CheckNonEmpty(dir, nameof(dir));
        string path = Path.Combine(Directory ?? "", dir);
        using var entry = Repository.OpenEntryOrNull(path, ModelStreamName);
        if (entry == null)
            return false;
        using var ctx = new ModelLoadContext(Repository, entry, path);
        action(ctx);
        ctx.CheckAtEnd(dir);
        return true;
    }

    public void CheckAtModel()
        => Contracts.Check(Reader.BaseStream.Position == FpMin + Header.FpModel, "The component's data must be read from right after the header.");

    public void CheckAtModel(VersionInfo ver)
    {
        CheckAtModel();
        ModelHeader.CheckVersionInfo(ref Header, ver);
    }

    public string LoadStringOrNull()
    {
        int id = Reader.ReadInt32();
        Contracts.CheckDecode(-1 <= id && id < Strings.Length, $"Corrupt model file: string {id} of {Strings.Length}");
        return id < 0 ? null : Strings[id];
    }

    public string LoadString() => LoadStringOrNull() ?? throw Contracts.ExceptDecode("Corrupt model file: a string is missing");

    public string LoadNonEmptyString()
    {
        string text = LoadString();
        Contracts.CheckDecode(text.Length > 0, "Corrupt model file: a string is empty");
        return text;
    }

    /// <summary>Reads a further entry of the model file, beside the component's own; false where there is none.</summary>
    public bool TryLoadBinaryStream(string name, Action<BinaryReader> action)
    {
        Contracts.CheckNonEmpty(name, nameof(name));
        using var entry = Repository.OpenEntryOrNull(Directory, name);
        if (entry == null)
            return false;
        using var reader = new BinaryReader(entry, Encoding.UTF8);
        action(reader);
        return true;
    }

    public void Dispose() => Reader.Dispose();

    private TRes Create<TRes, TSig>(IHostEnvironment env, object[] extra)
        where TRes : class
    {
        if (!string.IsNullOrEmpty(LoaderAssemblyName))
            env.ComponentCatalog.RegisterAssembly(FindAssembly(LoaderAssemblyName));
        object[] arguments = [this, .. extra];
        foreach (string name in new[] { Header.Loader.ToString(), Header.LoaderAlt.ToString() })
        {
            if (name.Length > 0 && env.ComponentCatalog.TryCreateInstance<object, TSig>(env, out var made, name, arguments) && made is TRes result)
            {
                CheckAtEnd(name);
                return result;
            }
        }

        return null;
    }

    private void CheckAtEnd(string name)
        => Contracts.CheckDecode(Header.FpModel + Header.CbModel == Reader.BaseStream.Position - FpMin,
            $"Corrupt model file: component '{name}' did not read exactly what was written");

    /// <summary>The components that the originals spread over several assemblies are all here.</summary>
    private static Assembly FindAssembly(string name)
        => OwnAssemblies.Contains(name.Split(',')[0]) ? typeof(ModelLoadContext).Assembly : Assembly.Load(name);

    private static readonly HashSet<string> OwnAssemblies =
        ["Microsoft.ML.Core", "Microsoft.ML.Data", "Microsoft.ML.Transforms", "Microsoft.ML.ImageAnalytics"];
}
