namespace Microsoft.ML.Data;

/// <summary>Computes added columns of a row from its present columns. It is bound to one input schema.</summary>
internal interface IRowMapper
{
    /// <summary>Which input columns the active added columns need.</summary>
    Func<int, bool> GetDependencies(Func<int, bool> activeOutput);

    /// <summary>A getter for each active added column; null for the others.</summary>
    Delegate[] CreateGetters(DataViewRow input, Func<int, bool> activeOutput, out Action disposer);

    DataViewSchema.DetachedColumn[] GetOutputColumns();
}
