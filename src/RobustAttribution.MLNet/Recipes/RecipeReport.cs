using System.Globalization;
using System.Text;
using RobustAttribution.Metrics;

namespace RobustAttribution.MLNet;

/// <summary>What came out of a <see cref="Recipe"/>. Owns the model.</summary>
public sealed class RecipeReport : IDisposable
{
    internal RecipeReport(Recipe recipe, RobustAttributionModelTransformer model, IReadOnlyList<KeyValuePair<string, double>> numbers)
    {
        Recipe = recipe;
        Model = model;
        Numbers = numbers;
    }

    /// <summary>What was run: after a dry run, the shortened recipe.</summary>
    public Recipe Recipe { get; }

    /// <summary>The trained model, ready for <c>mlContext.Model.Save</c>.</summary>
    public RobustAttributionModelTransformer Model { get; }

    /// <summary>Every number by name, in the order in which they were measured; NaN where one is undefined.</summary>
    public IReadOnlyList<KeyValuePair<string, double>> Numbers { get; }

    /// <summary>One of the numbers.</summary>
    /// <exception cref="KeyNotFoundException">There is none of that name.</exception>
    public double this[string name]
        => Numbers.FirstOrDefault(number => number.Key == name) is { Key: not null } found
            ? found.Value
            : throw new KeyNotFoundException(
                $"The recipe {Recipe.Name} has no number '{name}'; it has {string.Join(", ", Numbers.Select(number => number.Key))}.");

    /// <summary>Frees the model.</summary>
    public void Dispose() => Model.Dispose();

    /// <summary>One line for each number.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach ((string name, double value) in Numbers)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{name}: {value:G5}");
        }

        return text.ToString();
    }

    /// <summary>Name and numbers as JSON; numbers that are undefined are null.</summary>
    public string ToJson()
        => MetricsJson.Write(new { recipe = Recipe.Name, source = Recipe.Source, numbers = new OrderedDictionary<string, double>(Numbers) });
}
