using System.Globalization;
using System.Text;

namespace RobustAttribution.MLNet.Tests.Architecture;

/// <summary>docs/images/architecture.svg: the floors of both projects, one box for each folder, and beside them the walks, a dot for each folder passed through.</summary>
internal static class ArchitectureDrawing
{
    private const int Width = 1060;
    private const int Left = 16;
    private const int BoxWidth = 112;
    private const int BoxHeight = 40;
    private const int Gap = 10;
    private const int LanesLeft = 545;
    private const int LaneWidth = 178;
    private const int DotGap = 54;

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
            Line($"""<text x="{Left}" y="{y + 12}" class="project">{project}</text>""");
            y += 24;
            foreach (var floor in ArchitecturePage.Floors(project).GroupBy(row => row.Floor).OrderByDescending(floor => floor.Key))
            {
                int x = Left;
                foreach ((_, string folder, _) in floor)
                {
                    boxes[(project, folder)] = (x, y);
                    Line($"""<rect x="{x}" y="{y}" width="{BoxWidth}" height="{BoxHeight}" rx="5" class="box"/>""");
                    Line($"""<text x="{x + 7}" y="{y + 25}" class="folder">{folder}</text>""");
                    x += BoxWidth + Gap;
                }

                y += BoxHeight + Gap;
            }

            y += Gap;
        }

        foreach (((string title, var steps), int lane) in ArchitecturePage.Walks.Zip(Enumerable.Range(0, LaneColors.Length)))
        {
            int left = LanesLeft + (lane * LaneWidth);
            Line($"""<text x="{left - 10}" y="28" class="walk" fill="{LaneColors[lane]}">{title}</text>""");
            List<(int X, int Y, string Folder)> dots = [];
            foreach ((string project, string folder, _) in steps)
            {
                int row = boxes[(project, folder)].Y + 14;
                if (dots.Count == 0 || dots[^1].Folder != folder || dots[^1].Y != row)
                {
                    dots.Add((left + (DotGap * dots.Count(dot => dot.Y == row)), row, folder));
                }
            }

            string points = string.Join(' ', dots.Select(dot => $"{dot.X},{dot.Y}"));
            Line($"""<polyline points="{points}" fill="none" stroke="{LaneColors[lane]}" stroke-width="1.5" opacity="0.6"/>""");
            foreach ((int number, (int x, int row, string folder)) in dots.Index())
            {
                Line($"""<circle cx="{x}" cy="{row}" r="9" fill="{LaneColors[lane]}"/><text x="{x}" y="{row + 4}" class="number">{number + 1}</text>""");
                Line($"""<text x="{x}" y="{row + 20}" class="room">{folder}</text>""");
            }
        }

        return string.Create(CultureInfo.InvariantCulture, $$"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{Width}} {{y + 8}}" font-family="system-ui, sans-serif" role="img" aria-label="The folders of both projects, floor by floor, and three walks through them">
            <style>
            .project { font-size: 14px; font-weight: 600; fill: #888 } .folder { font-size: 12px; font-weight: 600; fill: #888 }
            .walk { font-size: 11px; font-weight: 600 } .number { font-size: 10px; font-weight: 600; fill: #fff; text-anchor: middle }
            .room { font-size: 9px; fill: #888; text-anchor: middle } .box { fill: #8881; stroke: #888 }
            </style>
            {{body}}</svg>

            """).ReplaceLineEndings("\n");

        void Line(string text) => body.Append(text).Append('\n');
    }
}
