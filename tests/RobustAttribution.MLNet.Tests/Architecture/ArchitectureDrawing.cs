using System.Globalization;
using System.Text;

namespace RobustAttribution.MLNet.Tests.Architecture;

/// <summary>docs/images/architecture.svg: the floors of both projects, one box for each folder, with the walks as lines through the boxes.</summary>
internal static class ArchitectureDrawing
{
    private const int Width = 900;
    private const int Left = 24;
    private const int BoxWidth = 128;
    private const int BoxHeight = 44;
    private const int Gap = 14;
    private const int LaneGap = 9;

    private static readonly string[] LaneColors = ["#d55e00", "#0072b2", "#009e73"]; // Okabe and Ito (2008): distinct for every kind of colour vision

    /// <summary>Writes the drawing; run as <c>dotnet RobustAttribution.MLNet.Tests.dll draw-architecture FILE</c>.</summary>
    public static int Write(string path)
    {
        File.WriteAllText(path, Draw());
        return 0;
    }

    /// <summary>The drawing as SVG text.</summary>
    public static string Draw()
    {
        var boxes = new Dictionary<(string Project, string Folder), (int X, int Y)>();
        var body = new StringBuilder();
        int y = 16;
        foreach (string project in new[] { "RobustAttribution.MLNet", "RobustAttribution" })
        {
            var source = new SourceFolders(project);
            Line($"""<text x="{Left}" y="{y + 12}" class="project">{project}</text>""");
            y += 24;
            foreach (var floor in ArchitecturePage.Floors(project).GroupBy(row => row.Floor).OrderByDescending(floor => floor.Key))
            {
                int x = Left;
                foreach ((_, string folder, _) in floor)
                {
                    boxes[(project, folder)] = (x, y);
                    Line($"""<rect x="{x}" y="{y}" width="{BoxWidth}" height="{BoxHeight}" rx="5" class="box"/>""");
                    Line($"""<text x="{x + 8}" y="{y + 18}" class="folder">{folder}</text><text x="{x + 8}" y="{y + 34}" class="files">{source.Files[folder]} files</text>""");
                    x += BoxWidth + Gap;
                }

                y += BoxHeight + Gap;
            }

            y += Gap;
        }

        foreach (((string title, var steps), int lane) in ArchitecturePage.Walks.Zip(Enumerable.Range(0, LaneColors.Length)))
        {
            (int X, int Y)[] points = [.. steps.Select(step => boxes[(step.Project, step.Folder)]).Select(box => (box.X + BoxWidth - 12 - (lane * LaneGap), box.Y + 10 + (lane * LaneGap)))];
            points = [.. points.Where((point, i) => i == 0 || point != points[i - 1])];
            Line($"""<polyline points="{string.Join(' ', points.Select(point => $"{point.X},{point.Y}"))}" fill="none" stroke="{LaneColors[lane]}" stroke-width="2"/>""");
            foreach ((int X, int Y) in points)
            {
                Line($"""<circle cx="{X}" cy="{Y}" r="3" fill="{LaneColors[lane]}"/>""");
            }

            Line($"""<circle cx="{Left + 6}" cy="{y + 6}" r="4" fill="{LaneColors[lane]}"/><text x="{Left + 18}" y="{y + 10}" class="walk">{title}</text>""");
            y += 20;
        }

        return string.Create(CultureInfo.InvariantCulture, $$"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{Width}} {{y + 8}}" font-family="system-ui, sans-serif" role="img" aria-label="The folders of both projects, floor by floor, and three walks through them">
            <style>
            .project { font-size: 15px; font-weight: 600; fill: #888 } .folder { font-size: 13px; font-weight: 600; fill: #888 } .files, .walk { font-size: 12px; fill: #888 }
            .box { fill: #8881; stroke: #888 }
            </style>
            {{body}}</svg>

            """).ReplaceLineEndings("\n");

        void Line(string text) => body.Append(text).Append('\n');
    }
}
