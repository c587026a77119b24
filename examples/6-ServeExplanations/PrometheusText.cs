using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace RobustAttribution.Examples.ServeExplanations;

/// <summary>Reads the instruments of a meter and writes them in Prometheus' text format (version 0.0.4). OpenTelemetry's exporter is still a preview.</summary>
internal sealed class PrometheusText : IDisposable
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";
    private static readonly double[] Bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
    private readonly MeterListener listener = new();
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, Family> families = new(StringComparer.Ordinal);

    public PrometheusText(string meter)
    {
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == meter)
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Record(instrument, value, tags));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Record(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Record(instrument, value, tags));
        listener.Start();
    }

    public override string ToString()
    {
        listener.RecordObservableInstruments();
        var text = new StringBuilder();
        lock (gate)
        {
            foreach ((string name, Family family) in families)
            {
                text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {family.Description}\n# TYPE {name} {family.Kind}\n");
                foreach ((string tags, Series series) in family.Series)
                {
                    Write(text, name, tags, series);
                }
            }
        }

        return text.ToString();
    }

    public void Dispose() => listener.Dispose();

    private static void Write(StringBuilder text, string name, string tags, Series series)
    {
        if (series.Buckets is null)
        {
            Line(string.Empty, tags, series.Value);
            return;
        }

        long below = 0;
        for (int i = 0; i <= Bounds.Length; i++)
        {
            below += series.Buckets[i];
            string bound = i < Bounds.Length ? Number(Bounds[i]) : "+Inf";
            Line("_bucket", $"{tags}{(tags.Length > 0 ? "," : string.Empty)}le=\"{bound}\"", below);
        }

        Line("_sum", tags, series.Value);
        Line("_count", tags, below);

        void Line(string suffix, string labels, double value)
            => text.Append(name).Append(suffix).Append(labels.Length > 0 ? $"{{{labels}}}" : string.Empty).Append(' ').Append(Number(value)).Append('\n');

        static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
    }

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = new StringBuilder();
        foreach ((string key, object? value) in tags)
        {
            string escaped = $"{value}".Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
            text.Append(text.Length > 0 ? "," : string.Empty).Append(key).Append("=\"").Append(escaped.Replace("\n", "\\n", StringComparison.Ordinal)).Append('"');
        }

        return text.ToString();
    }

    private void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        bool counts = instrument is Counter<long>, observed = instrument.IsObservable, histogram = instrument is Histogram<double>;
        lock (gate)
        {
            if (!families.TryGetValue(instrument.Name, out Family? family))
            {
                string kind = histogram ? "histogram" : counts || instrument is ObservableCounter<double> ? "counter" : "gauge";
                families.Add(instrument.Name, family = new(instrument.Description ?? string.Empty, kind, new(StringComparer.Ordinal)));
            }

            string labels = Labels(tags);
            if (!family.Series.TryGetValue(labels, out Series? series))
            {
                family.Series.Add(labels, series = new() { Buckets = histogram ? new long[Bounds.Length + 1] : null });
            }

            series.Value = observed ? value : series.Value + value;
            if (series.Buckets is { } buckets)
            {
                int place = Array.FindIndex(Bounds, bound => value <= bound);
                buckets[place < 0 ? Bounds.Length : place]++;
            }
        }
    }

    private sealed record Family(string Description, string Kind, SortedDictionary<string, Series> Series);

    private sealed class Series
    {
        public double Value { get; set; }

        public long[]? Buckets { get; init; }
    }
}
