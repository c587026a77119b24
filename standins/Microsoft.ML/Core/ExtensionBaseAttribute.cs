namespace Microsoft.ML;

/// <summary>Marks a class that the component catalog can make by contract name.</summary>
[AttributeUsage(AttributeTargets.Class)]
public abstract class ExtensionBaseAttribute : Attribute
{
    private protected ExtensionBaseAttribute(string contractName) => ContractName = contractName;

    public string ContractName { get; }
}
