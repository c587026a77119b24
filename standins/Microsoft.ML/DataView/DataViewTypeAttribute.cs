namespace Microsoft.ML.Data;

/// <summary>Put on a member of a row class whose .NET type is not one of the built-in column types; it registers the column type on use.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property, AllowMultiple = false, Inherited = true)]
public abstract class DataViewTypeAttribute : Attribute, IEquatable<DataViewTypeAttribute>
{
    /// <summary>Adds the column type to <see cref="DataViewTypeManager"/>.</summary>
    public abstract void Register();

    public abstract bool Equals(DataViewTypeAttribute other);

    public override bool Equals(object obj) => obj is DataViewTypeAttribute other && Equals(other);

    public override int GetHashCode() => base.GetHashCode();
}
