namespace Microsoft.ML.Runtime;

/// <summary>What private content a message may hold.</summary>
[Flags]
public enum MessageSensitivity
{
    None = 0,
    UserData = 0x1,
    Schema = 0x2,
    Unknown = ~None,
    All = Unknown,
}
