"""The attacks of DESIGN: ascent on an objective, the best iterate that keeps the prediction. `draw` is a seeded torch.Generator."""
import torch
import torch.nn.functional as F

from model import cosine, divergence, gradient, integrated_logit, integrated_loss, pearson, pick


class Linf:
    def __init__(self, radius):
        self.radius = radius

    def start(self, x, draw):
        return self.project(x + torch.rand(x.shape, dtype=x.dtype, generator=draw) * (2 * self.radius) - self.radius, x)

    def step(self, x, g, size):
        return x + g.sign() * size

    def project(self, candidate, x):
        return torch.minimum(torch.maximum(candidate, x - self.radius), x + self.radius).clamp(0, 1)


class L2:
    def __init__(self, radius):
        self.radius = radius

    @staticmethod
    def norm(v):
        return v.flatten(1).norm(dim=1).reshape(-1, 1, 1, 1)

    def start(self, x, draw):
        direction = torch.randn(x.shape, dtype=x.dtype, generator=draw)
        share = torch.rand((len(x), 1, 1, 1), dtype=x.dtype, generator=draw) ** (1 / x[0].numel())
        return self.project(x + direction / self.norm(direction) * share * self.radius, x)

    def step(self, x, g, size):
        return x + g / self.norm(g) * size

    def project(self, candidate, x):
        offset = candidate - x
        return (x + offset * (self.radius / self.norm(offset)).clamp(max=1)).clamp(0, 1)


class Adam:
    def __init__(self, size):
        self.size, self.t, self.m, self.v = size, 0, 0, 0

    def advance(self, x, g):
        self.t += 1
        self.m = 0.9 * self.m + 0.1 * g
        self.v = 0.999 * self.v + 0.001 * g * g
        return x + self.size * (self.m / (1 - 0.9 ** self.t)) / ((self.v / (1 - 0.999 ** self.t)).sqrt() + 1e-8)


def saliency(m, images, y, scale, create_graph):
    """|gradient of the class at the picture| summed over channels; the scale divides by the sum or the maximum of each map."""
    point = images if images.requires_grad else images.detach().requires_grad_()
    logits = m.logits(point)
    g = gradient(pick(logits, y), point, create_graph=create_graph).abs().sum(1)
    if scale == "sum":
        g = g / g.flatten(1).sum(1).reshape(-1, 1, 1)
    elif scale == "max":
        g = g / g.flatten(1).amax(1).reshape(-1, 1, 1)
    return (g, logits) if create_graph else (g.detach(), logits.detach())


def run(m, x, y, ball, steps, size, objective, draw, random_start=False, adam=False, keep=True, beta=None):
    """The walk. `objective(true_network, images, create_graph)` gives one value a picture; walks on the surrogate, judges on the true network."""
    training = m.network.training
    m.network.eval()
    current = ball.start(x, draw) if random_start else x.clone()
    values = objective(current)
    predicted = m.logits(x).argmax(1).detach()
    best_images, best, valid = x.clone(), torch.full((len(x),), -float("inf"), dtype=torch.float64), torch.zeros(len(x), dtype=torch.bool)
    optimizer = Adam(size)
    for step in range(steps + 1):
        judged = values(current.detach(), False, True).detach().double()
        allowed = ~judged.isnan()
        if keep:
            allowed &= m.logits(current).argmax(1).eq(predicted)
        better = allowed & (judged > best)
        best_images[better], best[better] = current.detach()[better], judged[better]
        if random_start or step > 0:
            valid |= allowed
        if step == steps:
            break
        point = current.detach().requires_grad_()
        if beta is None:
            g = gradient(values(point, True, True), point)
        else:
            with m.surrogate(beta):
                g = gradient(values(point, True, False), point)
        g = torch.nan_to_num(g, 0, 0, 0)
        current = ball.project(optimizer.advance(current, g) if adam else ball.step(current, g, size), x).detach()
    m.network.train(training)
    best[~valid] = float("nan")
    return best_images, valid, best, current


def pgd(m, x, y, draw, steps=7, size=2 / 255, epsilon=8 / 255):
    values = lambda start: lambda images, graph, true: F.cross_entropy(m.logits(images), y, reduction="none")
    return run(m, x, y, Linf(epsilon), steps, size, values, draw, random_start=True, keep=False)


def pgd_last(m, x, y, draw):
    return pgd(m, x, y, draw)[3]


def strongest_wrong(logits, y):
    masked = logits.detach().clone()
    masked[torch.arange(len(y)), y] = -float("inf")
    return masked.argmax(1)


def alignment(m, x, y, draw, epsilon=8 / 255, steps=3, size=5 / 255, share=1000 / 3072, beta=50):
    def prepare(start):
        z = m.normalize(start).detach().requires_grad_()
        own = gradient(pick(m.network(z), y), z).abs().flatten(1)
        top = own.topk(max(1, round(share * own.shape[1])), 1).indices

        def value(images, graph, true):
            z = m.normalize(images)
            if not z.requires_grad:
                z.requires_grad_()
            logits = m.network(z)
            rival = gradient(pick(logits, strongest_wrong(logits, y)), z, create_graph=graph).flatten(1).gather(1, top)
            mine = gradient(pick(logits, y), z, create_graph=graph).flatten(1).gather(1, top)
            at = z.flatten(1).gather(1, top)
            margin = (1 - cosine(at, rival)) - (1 - cosine(at, mine))
            return torch.log1p(torch.exp(-margin))
        return value
    return run(m, x, y, Linf(epsilon), steps, size, prepare, draw, random_start=True, beta=beta)


def alignment_last(m, x, y, draw, beta=50):
    return alignment(m, x, y, draw, beta=beta)[3]


def top_k(m, x, y, draw, k=20, steps=4, ball=None):
    clean, _ = saliency(m, x, y, "sum", False)
    top = clean.flatten(1).topk(k, 1).indices
    values = lambda start: lambda images, graph, true: -saliency(m, images, y, "sum", graph)[0].flatten(1).gather(1, top).sum(1)
    return run(m, x, y, ball or Linf(8 / 255), steps, 1 / 255 if ball is None else 0.05, values, draw, beta=20)


def frame(like, border=5 / 32):
    h, w = like.shape[1:]
    target = torch.zeros_like(like)
    a, b = max(1, round(border * h)), max(1, round(border * w))
    target[:, :a], target[:, h - a:], target[:, :, :b], target[:, :, w - b:] = 1, 1, 1, 1
    return target


def target_map(m, x, y, draw, steps=4, epsilon=4 / 255, gamma=0.5):
    clean, true_logits = saliency(m, x, y, "max", False)
    target = frame(clean)
    with m.surrogate(20):
        surrogate_logits = saliency(m, x, y, "max", False)[1]

    def values(start):
        def value(images, graph, true):
            h, f = saliency(m, images, y, "max", graph)
            held = true_logits if true else surrogate_logits
            return -(gamma * ((h - target) ** 2).flatten(1).sum(1) + (1 - gamma) * ((f - held) ** 2).sum(1))
        return value
    # A smooth network has one set of logits; a ReLU network holds the surrogate's while it looks for steps.
    return run(m, x, y, Linf(epsilon), steps, 4 * epsilon / steps, values, draw, adam=True, beta=20)


def center(h):
    rows, columns = torch.arange(h.shape[1], dtype=h.dtype), torch.arange(h.shape[2], dtype=h.dtype)
    return torch.stack([(h.sum(2) * rows).sum(1), (h.sum(1) * columns).sum(1)], 1) / h.flatten(1).sum(1, keepdim=True)


def center_of_mass(m, x, y, draw, steps=10):
    clean = center(saliency(m, x, y, None, False)[0])

    def value(images, graph, true):
        shift = center(saliency(m, images, y, None, graph)[0]) - clean
        return (shift ** 2).sum(1).clamp(min=1e-30).sqrt()
    return run(m, x, y, Linf(8 / 255), steps, 1 / 255, lambda start: value, draw, random_start=True, beta=20)


def rank_pairs(m, x, y, draw, k=20, border=8, steps=4):
    clean = saliency(m, x, y, "sum", False)[0].flatten(1)
    order = clean.argsort(1, descending=True)
    above, below = order[:, k - border:k], order[:, k:k + border]

    def gaps(h):
        return h.gather(1, above)[:, :, None] - h.gather(1, below)[:, None, :]
    scale = gaps(clean).mean((1, 2), keepdim=True)
    values = lambda start: lambda images, graph, true: -torch.tanh(gaps(saliency(m, images, y, "sum", graph)[0].flatten(1)) / scale).sum((1, 2))
    return run(m, x, y, Linf(8 / 255), steps, 1 / 255, values, draw, random_start=True, beta=20)


def map_distance(m, x, y, draw, squared, steps=4):
    clean = saliency(m, x, y, "sum", False)[0].flatten(1)

    def value(images, graph, true):
        h = saliency(m, images, y, "sum", graph)[0].flatten(1)
        return ((h - clean) ** 2).mean(1) if squared else 1 - cosine(h, clean)
    return run(m, x, y, Linf(8 / 255), steps, 1 / 255, lambda start: value, draw, random_start=True, beta=20)


def square(m, x, y, draw, queries=12, share=0.8, epsilon=8 / 255):
    """Random search: stripes, then windows; a candidate stays where it keeps the prediction and lowers the cosine of the maps."""
    ball, (n, c, height, width) = Linf(epsilon), x.shape
    clean, logits = saliency(m, x, y, None, False)
    draws = lambda *shape: torch.rand(shape, dtype=x.dtype, generator=draw)
    signs = lambda *shape: torch.where(draws(*shape) >= 0.5, 1.0, -1.0).to(x.dtype)
    current, best, valid = x.clone(), torch.full((n,), float("inf"), dtype=torch.float64), torch.zeros(n, dtype=torch.bool)
    for query in range(queries):
        if query == 0:
            change = signs(n, c, 1, width).expand(x.shape)
        else:
            halvings = sum(query > at * queries for at in (0.001, 0.005, 0.02, 0.1, 0.2, 0.4, 0.6, 0.8))
            side = min(max(1, round((share * 0.5 ** halvings * height * width) ** 0.5)), height, width)
            top, left = (draws(n, 1) * (height - side + 1)).floor().long(), (draws(n, 1) * (width - side + 1)).floor().long()
            color, change = signs(n, c, 1, 1), torch.zeros_like(x)
            for i in range(n):
                change[i, :, top[i]:top[i] + side, left[i]:left[i] + side] = color[i]
        candidate = ball.project(ball.step(current, change, 2 * epsilon), x)
        h, found = saliency(m, candidate, y, None, False)
        similarity = cosine(h.double().flatten(1), clean.double().flatten(1))
        kept = found.argmax(1).eq(logits.argmax(1))
        better = kept & (similarity < best)
        current[better], best[better] = candidate[better], similarity[better]
        valid |= kept
    images = torch.where(valid.reshape(-1, 1, 1, 1), current, x)
    return images, valid, torch.where(valid, -best, float("nan")), images


def noise(m, x, y, draw):
    candidate = Linf(8 / 255).start(x, draw)
    training = m.network.training
    m.network.eval()
    valid = m.logits(candidate).argmax(1).eq(m.logits(x).argmax(1))
    m.network.train(training)
    images = torch.where(valid.reshape(-1, 1, 1, 1), candidate, x)
    return images, valid, torch.where(valid, 0.0, float("nan")).double(), candidate


def integrated_norm(m, x, y, draw, share=0.0, steps=3, points=3, size=2 / 255, epsilon=8 / 255):
    def value(images, graph, true):
        norm = integrated_loss(m, x, images, y, points, graph).abs().flatten(1).sum(1)
        return norm if share == 0 else share * F.cross_entropy(m.logits(images), y, reduction="none") + (1 - share) * norm
    return run(m, x, y, Linf(epsilon), steps, size, lambda start: value, draw, random_start=True)


def correlation(m, x, y, draw, share=0.0, steps=3, points=3, size=2 / 255, epsilon=8 / 255):
    def prepare(start):
        look = lambda images, graph: integrated_logit(m, images, y, points, graph).sum(1)
        held = look(x, False).detach()
        with m.surrogate(20):
            held_surrogate = look(x, False).detach()

        def value(images, graph, true):
            distance = 1 - pearson(held if true else held_surrogate, look(images, graph))
            return distance if share == 0 else share * F.cross_entropy(m.logits(images), y, reduction="none") + (1 - share) * distance
        return value
    return run(m, x, y, Linf(epsilon), steps, size, prepare, draw, random_start=True, beta=20)


def trades(m, x, y, draw, steps=3, size=2 / 255, epsilon=8 / 255):
    def prepare(start):
        held = m.logits(x).detach()
        return lambda images, graph, true: divergence(held, m.logits(images))
    return run(m, x, y, Linf(epsilon), steps, size, prepare, draw, random_start=True, keep=False)


ATTACKS = {
    "TopKAttack": top_k,
    "TopKAttack.L2": lambda m, x, y, draw: top_k(m, x, y, draw, ball=L2(0.5)),
    "TargetMapAttack": target_map,
    "CenterOfMassAttack": center_of_mass,
    "RankPairsAttack": rank_pairs,
    "MapDistanceAttack": lambda m, x, y, draw: map_distance(m, x, y, draw, squared=False),
    "MapDistanceAttack.Squared": lambda m, x, y, draw: map_distance(m, x, y, draw, squared=True),
    "AlignmentAttack": alignment,
    "ProjectedGradientDescent": pgd,
    "SquareAttack": square,
    "RandomNoise": noise,
    "IntegratedGradientNormAttack": integrated_norm,
    "CorrelationAttack": correlation,
    "DivergenceAttack": trades,
}
