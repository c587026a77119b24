using Microsoft.ML.Transforms;

namespace StandIns.FreshProcess;

/// <summary>A mapping that is stored by name: the length of a text.</summary>
[CustomMappingFactoryAttribute(Contract)]
public sealed class LengthMapping : CustomMappingFactory<LengthMapping.Source, LengthMapping.Target>
{
    public const string Contract = "LengthOfText";

    public override Action<Source, Target> GetMapping() => Map;

    private static void Map(Source source, Target target) => target.Length = source.Text.Length;

    public sealed class Source
    {
        public string Text { get; set; } = "";
    }

    public sealed class Target
    {
        public int Length { get; set; }
    }
}
