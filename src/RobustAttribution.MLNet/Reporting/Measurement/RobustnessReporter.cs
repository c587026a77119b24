using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Runtime;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet.Evaluation;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Serialization;
using RobustAttribution.Similarities;

namespace RobustAttribution.MLNet.Reporting;

/// <summary>Measures models on a view and writes down what a <see cref="RobustnessReport"/> shows.</summary>
internal static class RobustnessReporter
{
    /// <summary>Measures every image.</summary>
    public static RobustnessReport Create(
        IHostEnvironment env, IReadOnlyList<(string Name, ITransformer Model)> models, IDataView data, RobustnessReportOptions options)
    {
        using IChannel channel = env.Start("RobustnessReport");
        using var clock = new ReportClock(env, options, models.Count);
        List<ReportedView> views = Bind(models, data, options);
        long rows = SampleImages.CountRows(data);
        return Create(channel, clock, views, rows, options, model => Read(env, views[model], rows, options, clock, 1), (_, examination) =>
        {
            foreach ((long _, ExaminedBatch batch) in examination.Measure(Shard.Whole, clock))
            {
                examination.Add(batch);
            }
        });
    }

    /// <summary>Measures the images of one shard.</summary>
    public static MeasuredShard MeasureShard(
        IHostEnvironment env, IReadOnlyList<(string Name, ITransformer Model)> models, IDataView data, RobustnessReportOptions options, Shard shard)
    {
        using var clock = new ReportClock(env, options, models.Count);
        List<ReportedView> views = Bind(models, data, options);
        long rows = SampleImages.CountRows(data);
        List<SampleImages> samples = [];
        List<ShardBatch> batches = [];
        foreach ((int model, ReportedView view) in views.Index())
        {
            SampleImages images = Read(env, view, rows, options, clock, shard.Count);
            samples.Add(images);
            batches.AddRange(new ModelExamination(view.Network, images, options)
                .Measure(shard, clock).Select(batch => ShardBatch.Of(model, batch.Batch, batch.Result)));
            clock.EndModel();
        }

        return new MeasuredShard(shard, rows, Settings(views, samples, options), batches);
    }

    /// <summary>Makes the report of all shards; reads the images, and measures none.</summary>
    public static RobustnessReport Create(
        IHostEnvironment env,
        IReadOnlyList<(string Name, ITransformer Model)> models,
        IDataView data,
        RobustnessReportOptions options,
        IReadOnlyList<MeasuredShard> shards)
    {
        using IChannel channel = env.Start("RobustnessReport");
        using var clock = new ReportClock(env, options, models.Count);
        List<ReportedView> views = Bind(models, data, options);
        long rows = SampleImages.CountRows(data);
        List<SampleImages> samples = [.. views.Select(view => SampleImages.Read(env, view.Scored, rows, view.Network, options))];
        MeasuredShard.RequireRows(shards, rows);
        ILookup<int, ShardBatch> batches = MeasuredShard.Together(shards, Settings(views, samples, options)).ToLookup(batch => batch.Model);
        return Create(channel, clock, views, rows, options, model => samples[model], (model, examination) =>
        {
            foreach (ShardBatch batch in batches[model])
            {
                examination.Add(batch.Read<ExaminedBatch>());
            }
        }, isMerged: true);
    }

    private static RobustnessReport Create(
        IChannel channel,
        ReportClock clock,
        List<ReportedView> views,
        long rows,
        RobustnessReportOptions options,
        Func<int, SampleImages> read,
        Action<int, ModelExamination> fill,
        bool isMerged = false)
    {
        List<ReportedModel> reported = [];
        List<OtherImages> others = [];
        SampleImages? sample = null;
        foreach ((int model, ReportedView view) in views.Index())
        {
            TimeSpan start = clock.Elapsed;
            SampleImages images = read(model);
            sample ??= images;
            var examination = new ModelExamination(view.Network, images, options);
            fill(model, examination);
            clock.EndModel();
            reported.Add(Describe(view.Name, examination, options) with
            {
                Card = ReportCards.Of(view.Network, examination, options, isMerged ? null : clock.Elapsed - start),
            });
            others.Add(examination.OtherImages(0)[0]);
            MeanSimilarity first = MeanSimilarity.Of(options.Similarities, examination.Rows(0))[0];
            channel.Info(
                MessageSensitivity.None,
                "{0}: accuracy {1:F4}, {2} {3:F4}",
                view.Name,
                examination.Accuracy.Mean,
                first.Similarity.Name,
                first.Mean);
        }

        return new RobustnessReport(options.Title, reported)
        {
            Summary = Summary(reported, sample!, options),
            Verdicts = ReportVerdicts.Of(reported, others, options),
            Card = ReportCards.OfAll(views[0].Network, sample!, rows, options, isMerged ? null : clock.Elapsed),
            Options = ReportCards.Components(options),
            ExamplesAtEachEnd = options.ExamplesAtEachEnd,
        };
    }

    /// <summary>Finds everything that can be wrong with columns, before the first image is attacked.</summary>
    private static List<ReportedView> Bind(IReadOnlyList<(string Name, ITransformer Model)> models, IDataView data, RobustnessReportOptions options)
    {
        if (models.Count == 0)
        {
            throw new ArgumentException("There is no model to report on; at least one is needed.", nameof(models));
        }

        List<ReportedView> views = [];
        foreach ((string name, ITransformer model) in models)
        {
            IDataView scored = Require.NotNull(model, nameof(models)).Transform(data);
            NetworkHandle network = NetworkHandle.Find(scored.Schema, options.ScoreColumnName, "RobustnessReport");
            network.BindLabels(scored.Schema, options.LabelColumnName);
            views.Add(new(Require.NotNull(name, nameof(models)), scored, network));
        }

        return views;
    }

    private static SampleImages Read(
        IHostEnvironment env, ReportedView view, long rows, RobustnessReportOptions options, ReportClock clock, int shards)
    {
        clock.Begin(view.Name, 1);
        SampleImages images = SampleImages.Read(env, view.Scored, rows, view.Network, options);
        clock.Begin(view.Name, ModelExamination.Work(images.Count, options) / shards);
        return images;
    }

    private static IReadOnlyList<ShardSetting> Settings(List<ReportedView> views, List<SampleImages> samples, RobustnessReportOptions options)
    {
        ShardSettings settings = new ShardSettings().With("evaluation", "report");
        foreach ((ReportedView view, SampleImages images) in views.Zip(samples))
        {
            settings.With($"model {view.Name}", view.Network)
                .With($"batch size of {view.Name}", ModelExamination.BatchSizeOf(view.Network, options))
                .With($"number of images of {view.Name}", images.Count)
                .With($"images of {view.Name}", images.Hash());
        }

        settings.With("seed", options.Seed)
            .WithComponents("measures", options.Similarities)
            .WithComponents("controls", options.Controls)
            .With("radii", string.Join(' ', options.Radii))
            .With("points of curves", options.PixelCurveSteps)
            .With("examples", options.ExamplesAtEachEnd)
            .WithComponents("other measures in the worst case", options.WorstCase?.AlsoJudged ?? []);
        foreach ((string name, string text) in ReportCards.Components(options))
        {
            settings.With(name, text);
        }

        return settings.All;
    }

    private static IReadOnlyList<string> Summary(List<ReportedModel> models, SampleImages images, RobustnessReportOptions options)
    {
        string attack = ReportTexts.Name(options.Attacks[0]);
        string measured = models.Count == 1 ? "Measured" : $"Compared: {string.Join(", ", models.Select(model => model.Name))},";
        string data = options.DataName is null ? string.Empty : $" ({options.DataName})";
        return
        [
            "A saliency map shows which pixels a classifier's answer rests on. An explanation is robust if its map stays the same when the image "
                + "changes by less than an eye can see. This page shows how far an attacker can bend the maps while the answer stays the same.",
            $"{measured} on {images.Count} images{data}. The attack shown in the images is the {attack} with "
                + $"{ReportTexts.Budget(options.Attacks[0].ThreatModel)}: no pixel moves further, and copies that change the answer do not count.",
        ];
    }

    private static ReportedModel Describe(string name, ModelExamination examination, RobustnessReportOptions options)
    {
        string firstAttack = ReportTexts.Name(options.Attacks[0]);
        WorstCaseMetrics? worst = examination.WorstCase;
        return new ReportedModel(name)
        {
            Findings = [.. worst?.Findings.Select(finding => finding.Text) ?? []],
            Numbers =
            [
                .. ClassificationNumbers(examination, options),
                .. options.Attacks.SelectMany((_, i) => MapNumbers(i, examination, options)),
                .. WorstCaseNumbers(worst, examination, options),
                .. CertificateNumbers(examination, options),
                .. ControlNumbers(examination, options),
                .. CurveNumbers(examination),
            ],
            Curves = [.. RadiusCurves(examination, options), .. WorstCaseCurves(worst), .. PixelCurves(examination)],
            Spreads =
            [
                .. options.Similarities.Select((similarity, i) => (
                    $"{similarity.Name} under {firstAttack}", (IReadOnlyList<double>)[.. MeanSimilarity.Values(examination.Rows(0), i)])),
            ],
            Examples = examination.Examples,
            Samples = examination.Samples,
        };
    }

    private static IEnumerable<ReportedNumber> ClassificationNumbers(ModelExamination examination, RobustnessReportOptions options)
    {
        const string Group = "Answers";
        SampleMean accuracy = examination.Accuracy;
        yield return new(ReportVerdicts.Accuracy, accuracy.Mean, HigherIsBetter: true, accuracy.StandardError, "Share of right answers.", Group)
        {
            Interval = ConfidenceInterval.OfShare(examination.Rows(0).Count(row => row.IsCorrect), accuracy.Count),
            Values = examination.AccuracyByRow,
        };
        if (examination.Security.Count > 0)
        {
            double radius = options.Attacks[0].ThreatModel.Radius;
            SecurityPoint point = examination.Security.MinBy(candidate => Math.Abs(candidate.Radius - radius))!;
            string budget = ReportTexts.Budget(options.PredictionAttack.ThreatModel.WithRadius(point.Radius));
            yield return new(
                $"Accuracy under {ReportTexts.Name(options.PredictionAttack)}, {budget}",
                point.Accuracy,
                HigherIsBetter: true,
                null,
                "Share of right answers that stay right when the attacker aims at the answer.",
                Group)
            {
                Interval = point.AccuracyInterval,
                Values = examination.AccuracyByRowAt(point),
            };
        }
    }

    private static IEnumerable<ReportedNumber> MapNumbers(int attack, ModelExamination examination, RobustnessReportOptions options)
    {
        string group = $"{ReportVerdicts.Under} {AttackName(options.Attacks[attack])}";
        foreach ((int i, MeanSimilarity mean) in MeanSimilarity.Of(options.Similarities, examination.Rows(attack)).Index())
        {
            string? meaning = ReportTexts.Meaning(mean.Similarity);
            yield return new(mean.Similarity.Name, mean.Mean, mean.Similarity.HigherIsMoreSimilar, mean.StandardError, meaning, group)
            {
                Interval = mean.Interval,
                Values = examination.SimilaritiesByRow(attack, i),
            };
        }

        foreach (OtherImages others in examination.OtherImages(attack).Take(ModelExamination.CurveMeasures))
        {
            MeanSimilarity same = others.SameClass;
            if (attack == 0) // the others are over much the same images
            {
                yield return new(
                    $"{same.Similarity.Name} of different images",
                    same.Mean,
                    same.Similarity.HigherIsMoreSimilar,
                    same.StandardError,
                    "Of the maps of two images with the same answer, nothing attacked.",
                    group)
                {
                    Interval = same.Interval,
                    IsReference = true,
                };
            }

            if (others.Lift is { } lift)
            {
                yield return new(
                    $"Lift of {same.Similarity.Name}",
                    lift.Value,
                    HigherIsBetter: true,
                    null,
                    ReportTexts.LiftMeaning,
                    group)
                {
                    Interval = lift.Interval,
                };
            }
        }
    }

    private static IEnumerable<ReportedNumber> WorstCaseNumbers(
        WorstCaseMetrics? worst, ModelExamination examination, RobustnessReportOptions options)
    {
        if (worst is null)
        {
            yield break;
        }

        string budget = ReportTexts.Budget(options.WorstCase!.Attack.ThreatModel);
        string group = $"{ReportVerdicts.WorstCase} of {worst.Measures[0].ByAttack.Count} attacks, {budget}";
        foreach (WorstCaseMeasure measure in worst.Measures)
        {
            string name = measure.Similarity.Name;
            yield return new(name, measure.Mean, measure.Similarity.HigherIsMoreSimilar, null, ReportTexts.Meaning(measure.Similarity), group)
            {
                Interval = measure.Interval,
                Values = examination.ByRow(measure.Values),
            };
            if (measure.Others?.Lift is { } lift)
            {
                yield return new($"Lift of {name}", lift.Value, HigherIsBetter: true, null, ReportTexts.LiftMeaning, group)
                {
                    Interval = lift.Interval,
                };
            }
        }
    }

    private static IEnumerable<ReportedNumber> CertificateNumbers(ModelExamination examination, RobustnessReportOptions options)
    {
        if (options.Certificate is not { } certificate)
        {
            yield break;
        }

        string group = $"Maps, proven, L2 radius {Text(certificate.Radius)} with noise of σ {Text(certificate.Sigma)}";
        yield return Share(
            "Certified pixels",
            image => image.Certified,
            $"Share of the pixels of which no perturbation within the radius decides otherwise whether they are among the most salient "
                + $"{Text(certificate.TopShare * 100)} %.");
        yield return Share(
            "Certified as important",
            image => image.Important,
            $"Those of them that stay among the most salient; {Text(certificate.TopShare)} at most. A constant map has none.");

        ReportedNumber Share(string name, Func<(double Certified, double Important), double> value, string meaning)
        {
            double[] values = [.. examination.Certificates.Select(value)];
            SampleMean mean = SampleMean.Of(values);
            return new(name, mean.Mean, HigherIsBetter: true, mean.StandardError, meaning, group)
            {
                Interval = Bootstrap.OfMean(values),
                Values = examination.ByRow(values),
            };
        }

        static string Text(double number) => number.ToString("0.###", CultureInfo.InvariantCulture);
    }

    private static IEnumerable<ReportedCurve> WorstCaseCurves(WorstCaseMetrics? worst)
        => worst is null
            ? []
            : worst.Measures.Select(measure => new ReportedCurve(
                $"{measure.Similarity.Name} in the worst case, restart by restart",
                "restarts",
                measure.Similarity.Name,
                [.. measure.ByRestart.Select((mean, restart) => (restart + 1.0, mean))]));

    private static IEnumerable<ReportedNumber> ControlNumbers(ModelExamination examination, RobustnessReportOptions options)
    {
        string group = $"Controls: maps that know nothing of the network, under {AttackName(options.Attacks[0])}";
        for (int control = 0; control < options.Controls.Count; control++)
        {
            RobustnessRow[] rows =
                [.. examination.Rows(0).Select(row => row with { Similarities = row.ControlSimilarities[control] })];
            foreach (MeanSimilarity mean in MeanSimilarity.Of([.. options.Similarities.Take(ModelExamination.CurveMeasures)], rows))
            {
                string name = $"{ReportTexts.Name(options.Controls[control])}: {mean.Similarity.Name}";
                string? meaning = ReportTexts.ControlMeaning(options.Controls[control]);
                yield return new(name, mean.Mean, mean.Similarity.HigherIsMoreSimilar, mean.StandardError, meaning, group)
                {
                    Interval = mean.Interval,
                    IsReference = true,
                };
            }
        }
    }

    private static string AttackName(IAttributionAttack attack) => $"{ReportTexts.Name(attack)}, {ReportTexts.Budget(attack.ThreatModel)}";

    private static IEnumerable<ReportedNumber> CurveNumbers(ModelExamination examination)
    {
        const string Group = "Do the maps point at what matters?";
        PixelCurveMetrics curves = examination.Curves;
        yield return Area(
            "Insertion",
            curves.Insertion,
            "Area under the insertion curve: how fast the answer comes back as the most important pixels are put in.",
            nameof(curves.Insertion));
        yield return Area(
            "Deletion",
            curves.Deletion,
            "Area under the deletion curve: how fast the answer goes as the most important pixels are taken out.",
            nameof(curves.Deletion));
        yield return Area(
            "Adversarial insertion",
            curves.AdversarialInsertion!,
            "Insertion in the order of the attacked map: what the map is still worth after the attack.",
            nameof(curves.AdversarialInsertion));
        yield return Area("Insertion in random order", examination.RandomOrder.Insertion, "What a map without any order gets.", null);
        yield return Area("Deletion in random order", examination.RandomOrder.Deletion, "What a map without any order gets.", null);

        ReportedNumber Area(string name, PixelCurveStatistics curve, string meaning, string? byRow)
            => new(name, curve.MeanArea, curve.HigherIsBetter, curve.StandardError, meaning, Group)
            {
                Interval = curve.Interval,
                Values = byRow is null ? [] : examination.AreasByRow(byRow),
                IsReference = byRow is null,
            };
    }

    private static IEnumerable<ReportedCurve> RadiusCurves(ModelExamination examination, RobustnessReportOptions options)
    {
        if (examination.Security.Count == 0)
        {
            yield break;
        }

        bool inBytes = options.Attacks[0].ThreatModel is LinfBall;
        string horizontal = inBytes ? "ε in 1/255" : "ε";
        double unit = inBytes ? 255 : 1;
        yield return new(
            $"Accuracy under {ReportTexts.Name(options.PredictionAttack)}",
            horizontal,
            "accuracy",
            [.. examination.Security.Select(point => (point.Radius * unit, point.Accuracy))])
        {
            Intervals = [.. examination.Security.Select(point => point.AccuracyInterval)],
            Reference = [.. examination.Security.Select(point => (point.Radius * unit, 1.0 / examination.ClassCount))],
            ReferenceName = "chance",
        };
        for (int i = 0; i < examination.Security[0].Similarities.Count; i++)
        {
            IMapSimilarity similarity = examination.Security[0].Similarities[i].Similarity;
            yield return new(
                $"{similarity.Name} under {ReportTexts.Name(options.Attacks[0])}",
                horizontal,
                similarity.Name,
                [.. examination.Security.Select(point => (point.Radius * unit, point.Similarities[i].Mean))])
            {
                Intervals = [.. examination.Security.Select(point => point.Similarities[i].Interval)],
            };
        }
    }

    private static IEnumerable<ReportedCurve> PixelCurves(ModelExamination examination)
    {
        PixelCurveMetrics curves = examination.Curves;
        (PixelCurveStatistics insertion, PixelCurveStatistics deletion) = (examination.RandomOrder.Insertion, examination.RandomOrder.Deletion);
        yield return Curve("Insertion: the most important pixels are put in", "share of pixels put in", curves.Insertion, insertion);
        yield return Curve("Deletion: the most important pixels are taken out", "share of pixels taken out", curves.Deletion, deletion);
        yield return Curve(
            "Adversarial insertion: in the order of the attacked map", "share of pixels put in", curves.AdversarialInsertion!, insertion);

        static ReportedCurve Curve(string title, string horizontal, PixelCurveStatistics curve, PixelCurveStatistics random)
            => new(title, horizontal, "probability of the answer", [.. curve.Shares.Zip(curve.Values)])
            {
                Reference = [.. random.Shares.Zip(random.Values)],
                ReferenceName = "random order",
            };
    }
}

/// <summary>A model and the view that it scored.</summary>
internal sealed record ReportedView(string Name, IDataView Scored, NetworkHandle Network);

/// <summary>How everything was made.</summary>
internal static class ReportCards
{
    public static IReadOnlyList<(string Name, string Value)> Of(
        NetworkHandle network, ModelExamination examination, RobustnessReportOptions options, TimeSpan? time) =>
    [
        ("network", $"{network.Network.Architecture?.ToString() ?? network.Network.Backbone.GetName()}"),
        ("parameters", Number(network.Network.Backbone.parameters().Sum(parameter => parameter.numel()))),
        ("activation", network.Network.Activation?.ToString() ?? (network.Network.HasSwitchableActivation ? "several" : "the architecture's own")),
        ("device", network.Network.Device.ToString()),
        .. options.Attacks.Select((attack, i) => (ReportTexts.Name(attack), Valid(examination.Rows(i)))),
        .. time is { } taken ? [("measured in", Time(taken))] : Array.Empty<(string, string)>(),
    ];

    public static IReadOnlyList<(string Name, string Value)> OfAll(
        NetworkHandle network, SampleImages images, long rows, RobustnessReportOptions options, TimeSpan? time) =>
    [
        ("images", $"{Prefix(options.DataName)}{Number(images.Count)} of {Number(rows)} rows, evenly spaced"),
        .. images.LeftOut > 0 ? [("left out", $"{images.LeftOut} rows: {images.FirstProblem}")] : Array.Empty<(string, string)>(),
        ("size", $"{network.Input.Channels} × {network.Input.Height} × {network.Input.Width} (channels × height × width)"),
        ("classes", string.Join(", ", network.ClassNames?.Names ?? [Number(network.ClassCount)])),
        ("map", $"{ReportTexts.Name(options.Method)} of the predicted class, {Signs(options.Reduction.Sign)} summed over the channels"),
        ("attacks", string.Join(", ", options.Attacks.Append(options.PredictionAttack).Select(Budget))),
        ("seed", options.Seed.ToString(CultureInfo.InvariantCulture)),
        ("versions", string.Join(", ", [.. Packages.Select(Version), $"libtorch {TorchSharp.torch.__version__}", $".NET {Environment.Version}"])),
        ("made", $"{DateTimeOffset.UtcNow.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC"
            + $"{(time is { } taken ? $", in {Time(taken)}" : ", of shards that were measured before")}"),
    ];

    /// <summary>What ran, with every option.</summary>
    public static IReadOnlyList<(string Name, string Text)> Components(RobustnessReportOptions options) =>
    [
        ("attribution", ComponentJson.TextOf(options.Method)),
        ("map", ComponentJson.TextOf(options.Reduction)),
        .. options.Attacks.Select(attack => ("attack on the explanation", ComponentJson.TextOf(attack))),
        ("attack on the answer", ComponentJson.TextOf(options.PredictionAttack)),
        .. options.WorstCase is { } worst ? [("worst case", ComponentJson.TextOf(worst.Attack))] : Array.Empty<(string, string)>(),
        .. options.Certification is { } certificate ? [("certificate", ComponentJson.TextOf(certificate))] : Array.Empty<(string, string)>(),
    ];

    private static IEnumerable<Type> Packages => [typeof(RobustnessReport), typeof(MLContext), typeof(TorchSharp.torch)];

    private static string Prefix(string? dataName) => dataName is null ? string.Empty : dataName + ", ";

    private static string Budget(IAttributionAttack attack) => $"{ReportTexts.Name(attack)} ({ReportTexts.Budget(attack.ThreatModel)})";

    private static string Valid(IReadOnlyList<RobustnessRow> rows)
    {
        int valid = rows.Count(row => row.Valid), unchanged = rows.Count(row => row.Unchanged);
        string found = valid == rows.Count
            ? $"found a copy with the same answer for all {rows.Count} images"
            : $"found a copy with the same answer for {valid} of {rows.Count} images; the others (no such copy, or no gradient) are in no mean";
        return unchanged == 0 ? found : $"{found}; improved nothing on {unchanged} of these, which are shown in no gallery of cases";
    }

    private static string Signs(MapSign sign) => sign switch
    {
        MapSign.Absolute => "magnitudes",
        MapSign.Positive => "positive values",
        _ => "signed values",
    };

    private static string Number(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Time(TimeSpan time) => time.TotalMinutes >= 1
        ? $"{(int)time.TotalMinutes} min {time.Seconds} s"
        : $"{time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s";

    private static string Version(Type type) => $"{type.Assembly.GetName().Name} {type.Assembly.GetName().Version?.ToString(3)}";
}
