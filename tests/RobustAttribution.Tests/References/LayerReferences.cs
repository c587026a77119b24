namespace RobustAttribution.Tests.References;

/// <summary>Layers by their definition, one picture at a time, as plain loops over [C,H,W] arrays.</summary>
internal static class LayerReferences
{
    /// <summary>out[o,y,x] = bias[o] + Σ_{c,i,j} weight[o,c,i,j] · in[c, y·stride + i − padding, x·stride + j − padding].</summary>
    public static double[,,] Convolution(double[,,] input, double[,,,] weight, double[]? bias, int stride, int padding)
    {
        int kernel = weight.GetLength(2);
        int height = ((input.GetLength(1) + (2 * padding) - kernel) / stride) + 1, width = ((input.GetLength(2) + (2 * padding) - kernel) / stride) + 1;
        var output = new double[weight.GetLength(0), height, width];
        for (int o = 0; o < weight.GetLength(0); o++)
        for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
        {
            double sum = bias?[o] ?? 0;
            for (int c = 0; c < input.GetLength(0); c++)
            for (int i = 0; i < kernel; i++)
            for (int j = 0; j < kernel; j++)
            {
                int row = (y * stride) + i - padding, column = (x * stride) + j - padding;
                if (row >= 0 && row < input.GetLength(1) && column >= 0 && column < input.GetLength(2))
                {
                    sum += weight[o, c, i, j] * input[c, row, column];
                }
            }

            output[o, y, x] = sum;
        }

        return output;
    }

    /// <summary>The largest value of each window; the border counts as −∞.</summary>
    public static double[,,] MaxPool(double[,,] input, int size, int stride, int padding)
    {
        int height = ((input.GetLength(1) + (2 * padding) - size) / stride) + 1, width = ((input.GetLength(2) + (2 * padding) - size) / stride) + 1;
        var output = new double[input.GetLength(0), height, width];
        for (int c = 0; c < input.GetLength(0); c++)
        for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
        {
            double largest = double.NegativeInfinity;
            for (int row = Math.Max(0, (y * stride) - padding); row < Math.Min(input.GetLength(1), (y * stride) - padding + size); row++)
            for (int column = Math.Max(0, (x * stride) - padding); column < Math.Min(input.GetLength(2), (x * stride) - padding + size); column++)
            {
                largest = Math.Max(largest, input[c, row, column]);
            }

            output[c, y, x] = largest;
        }

        return output;
    }

    /// <summary>out[o] = bias[o] + Σ_i weight[o,i]·in[i].</summary>
    public static double[] Linear(double[] input, double[,] weight, double[] bias)
    {
        var output = new double[bias.Length];
        for (int o = 0; o < output.Length; o++)
        {
            output[o] = bias[o];
            for (int i = 0; i < input.Length; i++)
            {
                output[o] += weight[o, i] * input[i];
            }
        }

        return output;
    }
}
