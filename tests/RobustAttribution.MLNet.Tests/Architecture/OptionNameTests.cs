using System.Reflection;
using RobustAttribution.Networks;

namespace RobustAttribution.MLNet.Tests.Architecture;

/// <summary>An option that refuses a value is called in the error as it is called in the code.</summary>
[TestClass]
public sealed class OptionNameTests
{
    private static readonly Dictionary<Type, object?[]> Wrong = new()
    {
        [typeof(int)] = [-1, 0, int.MinValue, int.MaxValue],
        [typeof(long)] = [-1L, 0L, long.MinValue],
        [typeof(double)] = [-1.0, 0.0, double.NaN, double.PositiveInfinity, 300.0, 1e300],
        [typeof(TimeSpan)] = [TimeSpan.FromSeconds(-1)],
        [typeof(string)] = [null, string.Empty],
        [typeof(IReadOnlyList<double>)] = [null, Array.Empty<double>(), new[] { double.NaN }, new[] { -1.0 }],
        [typeof(IReadOnlyList<int>)] = [null, Array.Empty<int>(), new[] { -1 }],
        [typeof((int Height, int Width))] = [(0, 1), (1, int.MaxValue)],
    };

    [TestMethod]
    public void ErrorsNameTheProperty()
    {
        int refused = 0;
        List<string> unnamed = [];
        Type[] records = [.. new[] { typeof(ImageNetwork), typeof(SaliencyEstimator) }.SelectMany(type => type.Assembly.GetExportedTypes())
            .Where(type => !type.IsAbstract && !type.ContainsGenericParameters && type.GetMethod("<Clone>$") is not null && Make(type) is not null)];
        foreach (PropertyInfo property in records.SelectMany(type => type.GetProperties()).Where(property => property.SetMethod is { IsPublic: true }))
        {
            foreach (object? value in ValuesFor(property.PropertyType))
            {
                try
                {
                    property.SetValue(Make(property.ReflectedType!), value);
                }
                catch (TargetInvocationException error)
                {
                    refused++;
                    string message = error.InnerException!.Message;
                    if (!message.Contains(property.Name, StringComparison.Ordinal))
                    {
                        unnamed.Add($"{property.ReflectedType!.Name}.{property.Name} = {value}: {message}");
                    }
                }
            }
        }

        Assert.IsEmpty(unnamed, string.Join('\n', unnamed));
        Assert.IsGreaterThan(200, refused);
    }

    private static IEnumerable<object?> ValuesFor(Type type)
    {
        Type plain = Nullable.GetUnderlyingType(type) ?? type;
        return Wrong.TryGetValue(plain, out object?[]? values) ? values
            : plain.IsEnum ? [Enum.ToObject(plain, 999)]
            : type.IsValueType ? []
            : [null];
    }

    private static object? Make(Type type)
    {
        ConstructorInfo? constructor = type.GetConstructors().FirstOrDefault(found => found.GetParameters().All(parameter => parameter.IsOptional));
        return constructor?.Invoke(BindingFlags.OptionalParamBinding, null, [.. constructor.GetParameters().Select(_ => Type.Missing)], null);
    }
}
