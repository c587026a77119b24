using RobustAttribution.Attacks;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;

namespace RobustAttribution.Metrics;

/// <summary>Checks before the first image whether attacks and similarities can be applied to maps of a network's size.</summary>
internal static class MapSize
{
    /// <summary>Throws where the library knows that an attack cannot; null is none.</summary>
    /// <exception cref="ArgumentException">The message names the option, its value and what is allowed.</exception>
    public static void Check(string option, IAttributionAttack? attack, InputSpecification input)
        => Check(option, attack, () => (attack as IMapSized)?.CheckSize(input.Height, input.Width));

    /// <summary>Throws where the library knows that a similarity cannot.</summary>
    /// <exception cref="ArgumentException">The message names the option, its value and what is allowed.</exception>
    public static void Check(string option, IEnumerable<IMapSimilarity> similarities, InputSpecification input)
    {
        foreach ((int i, IMapSimilarity similarity) in similarities.Index())
        {
            Check($"{option}[{i}]", similarity, () => (similarity as MapSimilarity)?.CheckSize(input.Height, input.Width));
        }
    }

    private static void Check(string option, object? component, Action check)
    {
        try
        {
            check();
        }
        catch (ArgumentException error)
        {
            throw new ArgumentException($"{option} is a {component!.GetType().Name}: {error.Message}", error);
        }
    }
}
