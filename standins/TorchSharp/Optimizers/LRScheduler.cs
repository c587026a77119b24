namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static partial class lr_scheduler
        {
            public static LRScheduler StepLR(Optimizer optimizer, int step_size, double gamma = 0.1, int last_epoch = -1, bool verbose = false) =>
                new Step(optimizer, step_size, gamma, last_epoch);

            public static LRScheduler MultiStepLR(Optimizer optimizer, IList<int> milestones, double gamma = 0.1, int last_epoch = -1, bool verbose = false) =>
                new MultiStep(optimizer, milestones, gamma, last_epoch);

            public static LRScheduler ExponentialLR(Optimizer optimizer, double gamma = 0.1, int last_epoch = -1, bool verbose = false) =>
                new Exponential(optimizer, gamma, last_epoch);

            public static LRScheduler LambdaLR(Optimizer optimizer, Func<int, double> lr_lambda, int last_epoch = -1, bool verbose = false) =>
                new Lambda(optimizer, lr_lambda, last_epoch);

            public static LRScheduler CosineAnnealingLR(Optimizer optimizer, double T_max, double eta_min = 0, int last_epoch = -1, bool verbose = false) =>
                new CosineAnnealing(optimizer, T_max, eta_min, last_epoch);

            /// <summary>Sets the learning rates of an optimizer's groups. Construction takes the first step, to epoch 0.</summary>
            public abstract class LRScheduler
            {
                private readonly Optimizer optimizer;
                private readonly double[] initial;
                private double[] last;

                private protected LRScheduler(Optimizer optimizer, int last_epoch)
                {
                    ArgumentNullException.ThrowIfNull(optimizer);
                    this.optimizer = optimizer;
                    Epoch = last_epoch;
                    initial = [.. optimizer.ParamGroups.Select(group => group.InitialLearningRate)];
                    last = [.. optimizer.ParamGroups.Select(group => group.LearningRate)];
                }

                private protected int Epoch { get; private set; }

                public virtual void step() => step(null);

                /// <summary>Goes to the next epoch, or to the given one by the closed form.</summary>
                public virtual void step(int? epoch)
                {
                    Epoch = epoch ?? Epoch + 1;
                    var groups = optimizer.ParamGroups.ToList();
                    var rates = new double[groups.Count];
                    for (var i = 0; i < rates.Length; i++)
                        rates[i] = epoch is null ? Next(groups[i].LearningRate, initial[i]) : At(initial[i]);
                    for (var i = 0; i < rates.Length; i++) groups[i].LearningRate = rates[i];
                    last = rates;
                }

                public IEnumerable<double> get_last_lr() => last;

                /// <summary>The rate of a group in <see cref="Epoch"/> from its rate in the epoch before.</summary>
                private protected abstract double Next(double current, double initial);

                /// <summary>The rate of a group in <see cref="Epoch"/>, in closed form.</summary>
                private protected abstract double At(double initial);
            }

            private sealed class Step : LRScheduler
            {
                private readonly int size;
                private readonly double gamma;

                internal Step(Optimizer optimizer, int size, double gamma, int last_epoch) : base(optimizer, last_epoch)
                {
                    (this.size, this.gamma) = (size, gamma);
                    step();
                }

                private protected override double Next(double current, double initial) =>
                    Epoch == 0 || Epoch % size != 0 ? current : current * gamma;

                private protected override double At(double initial) => initial * Math.Pow(gamma, Epoch / size);
            }

            private sealed class MultiStep : LRScheduler
            {
                private readonly IList<int> milestones;
                private readonly double gamma;

                internal MultiStep(Optimizer optimizer, IList<int> milestones, double gamma, int last_epoch) : base(optimizer, last_epoch)
                {
                    (this.milestones, this.gamma) = (milestones, gamma);
                    step();
                }

                private protected override double Next(double current, double initial) =>
                    milestones.Contains(Epoch) ? current * gamma : current;

                private protected override double At(double initial) =>
                    initial * Math.Pow(gamma, milestones.Distinct().Count(milestone => milestone <= Epoch));
            }

            private sealed class Exponential : LRScheduler
            {
                private readonly double gamma;

                internal Exponential(Optimizer optimizer, double gamma, int last_epoch) : base(optimizer, last_epoch)
                {
                    this.gamma = gamma;
                    step();
                }

                private protected override double Next(double current, double initial) => Epoch == 0 ? current : current * gamma;

                private protected override double At(double initial) => initial * Math.Pow(gamma, Epoch);
            }

            private sealed class Lambda : LRScheduler
            {
                private readonly Func<int, double> factor;

                internal Lambda(Optimizer optimizer, Func<int, double> factor, int last_epoch) : base(optimizer, last_epoch)
                {
                    this.factor = factor;
                    step();
                }

                private protected override double Next(double current, double initial) => At(initial);

                private protected override double At(double initial) => initial * factor(Epoch);
            }

            private sealed class CosineAnnealing : LRScheduler
            {
                private readonly double half, floor;

                internal CosineAnnealing(Optimizer optimizer, double half, double floor, int last_epoch) : base(optimizer, last_epoch)
                {
                    (this.half, this.floor) = (half, floor);
                    step();
                }

                private protected override double Next(double current, double initial)
                {
                    if (Epoch == 0) return current;
                    if ((Epoch - 1 - half) % (2 * half) == 0) return current + ((initial - floor) * (1 - Math.Cos(Math.PI / half)) / 2);
                    var ratio = (1 + Math.Cos(Math.PI * Epoch / half)) / (1 + Math.Cos(Math.PI * (Epoch - 1) / half));
                    return (ratio * (current - floor)) + floor;
                }

                private protected override double At(double initial) => floor + ((initial - floor) * (1 + Math.Cos(Math.PI * Epoch / half)) / 2);
            }
        }
    }
}
