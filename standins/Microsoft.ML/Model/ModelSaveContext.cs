using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>One component's part of a model file while it is written.</summary>
public sealed class ModelSaveContext : IDisposable
{
    internal readonly RepositoryWriter Repository;
    internal readonly string Directory;
    internal readonly BinaryWriter Writer;
    internal readonly long FpMin;
    internal ModelHeader Header;

    private readonly Stream _entry;
    private readonly List<string> _strings = [];
    private string _loaderAssemblyName;

    internal ModelSaveContext(RepositoryWriter rep, string dir, string name)
    {
        Repository = rep;
        Directory = dir;
        _entry = rep.CreateEntry(dir, name);
        Writer = new BinaryWriter(_entry, Encoding.UTF8, leaveOpen: true);
        Header = ModelHeader.BeginWrite(Writer);
    }

    public void Dispose()
    {
        Writer.Dispose();
        _entry.Dispose();
    }

    internal void CheckAtModel()
        => Contracts.Check(Writer.BaseStream.Position == FpMin + Header.FpModel, "The component's data must start right after the header.");

    internal void SetVersionInfo(VersionInfo ver)
    {
        ModelHeader.SetVersionInfo(ref Header, ver);
        _loaderAssemblyName = ver.LoaderAssemblyName;
    }

    internal void SaveStringOrNull(string str)
    {
        if (str == null)
            Writer.Write(-1);
        else
            SaveString(str);
    }

    internal void SaveString(string str)
    {
        Contracts.CheckValue(str, nameof(str));
        int id = _strings.IndexOf(str);
        if (id < 0)
        {
            id = _strings.Count;
            _strings.Add(str);
        }

        Writer.Write(id);
    }

    internal void SaveNonEmptyString(string str)
    {
        Contracts.CheckParam(!string.IsNullOrEmpty(str), nameof(str));
        SaveString(str);
    }

    /// <summary>Writes a further entry of the model file, beside the component's own.</summary>
    internal void SaveBinaryStream(string name, Action<BinaryWriter> action)
    {
        Contracts.CheckNonEmpty(name, nameof(name));
        using var entry = Repository.CreateEntry(Directory, name);
        using var writer = new BinaryWriter(entry, Encoding.UTF8, leaveOpen: true);
        action(writer);
    }

    /// <summary>Writes a further part, which has no loader of its own, into a folder below this one.</summary>
    internal void SaveSubModel(string dir, Action<ModelSaveContext> fn)
    {
        Contracts.CheckNonEmpty(dir, nameof(dir));
        using var ctx = new ModelSaveContext(Repository, Path.Combine(Directory ?? "", dir), ModelLoadContext.ModelStreamName);
        fn(ctx);
        ctx.Done();
    }

    /// <summary>Writes a further component into a folder below this one.</summary>
    internal void SaveModel<T>(T value, string name)
        where T : class => SaveModel(Repository, value, Path.Combine(Directory ?? "", name));

    internal static void SaveModel<T>(RepositoryWriter rep, T value, string path)
        where T : class
    {
        if (value is not ICanSaveModel model)
            return;
        using var ctx = new ModelSaveContext(rep, path, ModelLoadContext.ModelStreamName);
        model.Save(ctx);
        ctx.Done();
    }

    internal void Done()
    {
        Contracts.Check(Header.ModelSignature != 0, "ModelSignature not specified!");
        ModelHeader.EndWrite(Writer, FpMin, ref Header, _strings, _loaderAssemblyName);
    }
}
