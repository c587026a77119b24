using RobustAttribution.Benchmarks.Steps;
using TorchSharp;
using static TorchSharp.torch;
int threads = int.Parse(args[0]); int batch = int.Parse(args[1]); int reps = int.Parse(args[2]);
set_num_threads(threads);
Console.WriteLine($"threads {threads}, batch {batch}, repeats {reps}; wall / processor ms");
double peak = StepProfile.PeakOperationsPerSecond(5, CPU);
Console.WriteLine($"peak {peak/1e9:F1} GFLOP/s");
foreach (var net in NetworkCase.All.Where(n => args[3].Split(',').Contains(n.Name))) foreach (var o in Objectives.All.Where(n => args[4].Split(',').Contains(n.Name))) {
 var s = new Setup(net, o, batch, CPU, "float32");
 using var plain = new PlainTraining(s);
 var d = new StepDuel(s, [plain], reps);
 d.Run();
 Cost a = Cost.Median(d.Own), b = Cost.Median(d.Others[0]);
 Console.WriteLine($"{net.Name} {o.Name}: ours {a.Wall:F1} / {a.Processor:F1} ms, plain {b.Wall:F1} / {b.Processor:F1} ms, ratio plain/ours {Cost.Median(d.Others[0].Zip(d.Own, (x,y)=>x.Wall/y.Wall)):F2} / {Cost.Median(d.Others[0].Zip(d.Own, (x,y)=>x.Processor/y.Processor)):F2}; loss {d.OwnFirstLoss:F4} {d.OtherFirstLosses[0]:F4}");
 if (o.Name is "aga" or "art") {
   var (kinds, ops) = StepProfile.Of(s, o.Name == "aga" ? Passes.LocalGradientAlignment : Passes.SpatialAlignment, reps);
   Cost sum = kinds.Aggregate(new Cost(0,0), (x, k) => x + k.Cost);
   foreach (var (kind, cost) in kinds) Console.WriteLine($"    {kind}: {cost.Wall:F1} / {cost.Processor:F1}  ({100*cost.Processor/a.Processor:F1} %)");
   Console.WriteLine($"    sum {sum.Wall:F1} / {sum.Processor:F1}, rest {(a-sum).Wall:F1} / {(a-sum).Processor:F1}; {ops/1e9:F1} GFLOP, at peak {ops/peak*1000:F1} ms");
 }
}
if (args.Length > 5) foreach (var net in NetworkCase.All.Where(n => args[3].Split(',').Contains(n.Name))) {
  var s = new Setup(net, Objectives.All[0], batch, CPU, "float32");
  using var network = net.Plain(new ActivationSwitch(3));
  var (images, classes) = s.NewBatch();
  foreach (var layer in Layer.Of(network, images).Where(l => l.IsConvolution)) {
    using var scope = NewDisposeScope();
    var c = LayerCost.Of(layer, reps, CPU);
    var x = layer.Input.detach().requires_grad_(true);
    var y = layer.Forward(x);
    var gy = randn_like(y).requires_grad_(true);
    var t = layer.ConvolveTransposed(gy);
    var gx = autograd.grad([y], [x], [gy], true, true)[0];
    var ggx = randn_like(x);
    Cost tf = Clock.Median(reps, CPU, () => { using var m = no_grad(); layer.ConvolveTransposed(gy); });
    Cost tb = Clock.Median(reps, CPU, () => autograd.grad([t], [gy, layer.Weight!], [ggx], true));
    Cost ti = Clock.Median(reps, CPU, () => autograd.grad([t], [gy], [ggx], true));
    Cost cf = Clock.Median(reps, CPU, () => { using var m = no_grad(); layer.Convolve(ggx); });
    Cost cw = c.Weight;
    Console.WriteLine($"  {net.Name} {layer.Name} [{string.Join(',', layer.Input.shape)}]: processor ms: forward {c.Forward.Processor:F1}, to input {c.Input.Processor:F1}, to weights {c.Weight.Processor:F1}; double backward (gy) {c.DoubleInput.Processor:F1}, (gy,w) {c.DoubleBoth.Processor:F1}; explicit conv2d(ggx) {cf.Processor:F1} + weight gradient {cw.Processor:F1}; conv_transpose2d forward {tf.Processor:F1}, its backward (gy) {ti.Processor:F1} (gy,w) {tb.Processor:F1}; max difference {(t-gx).abs().max().item<float>():E1}; {c.Operations/1e9/c.Forward.Processor*1000:F1} GFLOP/s forward");
  }
}
