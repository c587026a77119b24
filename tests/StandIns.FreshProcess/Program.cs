using Microsoft.ML;
using Microsoft.ML.Data;

var context = new MLContext();
var model = context.Model.Load(args[0], out _);
using var output = File.Create(args[2]);
context.Data.SaveAsBinary(model.Transform(context.Data.LoadFromBinary(args[1])), output);
