namespace RobustAttribution.MLNet.Reporting;

/// <summary>The style sheet of the report: light, dark (as the reader's system has it), and paper.</summary>
internal static class Style
{
    public const string Value = """
        :root { color-scheme: light dark; --ink: #1c1e22; --paper: #fff; --faint: #5b616b; --rule: #d6dae0; --mark: #eef5fb; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --paper: #16181c; --faint: #a2a9b4; --rule: #3a3f47; --mark: #1f2b36; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
        main { max-width: 1120px; margin: 0 auto; padding: 32px 24px 64px; }
        h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 12px; }
        h2 { font-size: 1.3rem; margin: 40px 0 12px; padding-bottom: 4px; border-bottom: 1px solid var(--rule); }
        h3 { font-size: 1.05rem; margin: 24px 0 8px; } .lead { max-width: 46rem; margin: 0 0 8px; }
        .note, .caption, figcaption, small { color: var(--faint); font-size: .86rem; }
        .wide { overflow-x: auto; } table { border-collapse: collapse; }
        th, td { padding: 7px 12px; border-bottom: 1px solid var(--rule); text-align: right; vertical-align: top;
            font-variant-numeric: tabular-nums; }
        thead th { vertical-align: bottom; font-weight: 600; } th[scope=row], thead th:first-child { text-align: left; }
        .verdicts { margin: 16px 0 0; padding: 12px 16px 12px 34px; border-left: 4px solid #0072B2; background: var(--mark); max-width: 60rem; }
        .verdicts li { margin: 2px 0; }
        .chart .reference { stroke-width: 1.3; stroke-dasharray: 1.5 3; } .chart .whisker { stroke-width: 1.4; opacity: .75; }
        .headline td small { display: block; line-height: 1.2; } .headline td svg { display: block; margin: 3px 0 0 auto; }
        .headline svg .axis { stroke: var(--rule); } .headline svg .range { stroke: var(--faint); stroke-width: 2; }
        .headline svg .mean { fill: var(--ink); }
        td.best { background: var(--mark); }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 24px; } figure { margin: 0; break-inside: avoid; }
        .chart svg { max-width: 100%; height: auto; }
        .chart text { fill: var(--ink); font-size: 12px; } .chart .grid { stroke: var(--rule); } .chart .axis { stroke: var(--faint); }
        .legend { display: flex; flex-wrap: wrap; gap: 4px 18px; }
        .legend svg { margin-right: 6px; vertical-align: middle; }
        .gallery td, .gallery th { text-align: center; padding: 8px; }
        .gallery img { image-rendering: pixelated; border: 1px solid var(--rule); background: #000; }
        .gallery .numbers { text-align: left; white-space: nowrap; }
        .gallery tr { break-inside: avoid; } .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(320px, 1fr)); gap: 24px; }
        .card { border: 1px solid var(--rule); border-radius: 6px; padding: 4px 16px 12px; break-inside: avoid; }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; margin: 12px 0 0; } dt { font-weight: 600; }
        dd { margin: 0; overflow-wrap: anywhere; }
        .headline th[scope=row] { font-weight: 600; max-width: 27rem; }
        .headline th[scope=row] small { display: block; font-weight: 400; line-height: 1.35; }
        .headline th.group { text-align: left; padding-top: 20px; color: var(--faint); font-size: .86rem; letter-spacing: .02em; }
        .headline td { white-space: nowrap; } .gallery .first { border-left: 2px solid var(--rule); }
        .gallery .model { border-left: 2px solid var(--rule); font-weight: 600; }
        .gallery .caption { max-width: 10.5rem; margin: 2px auto 0; line-height: 1.3; overflow-wrap: anywhere; }
        .gallery thead th:first-child { text-align: center; } .gallery td.numbers { font-size: .9rem; } .card:first-child { grid-column: 1 / -1; }
        .option { margin: 12px 0 0; font-weight: 600; font-size: .86rem; }
        pre { margin: 2px 0 0; color: var(--faint); font: .78rem/1.4 ui-monospace, "DejaVu Sans Mono", monospace; white-space: pre-wrap;
            overflow-wrap: anywhere; }
        .bar { display: flex; align-items: center; gap: 8px; } .bar img { border: 1px solid var(--rule); }
        @media print {
            :root { --ink: #000; --paper: #fff; --faint: #444; --rule: #bbb; --mark: #f0f0f0; } main { max-width: none; padding: 0; }
            body { font-size: 11pt; } section { break-inside: auto; } h2, h3 { break-after: avoid; } .charts { grid-template-columns: 1fr 1fr; }
            .gallery img { width: 88px; height: auto; }
        }
        """;
}
