"""The losses of DESIGN: each returns the loss and its unweighted terms. `draw` is a seeded torch.Generator."""
import torch
import torch.nn.functional as F

from attacks import alignment_last, correlation, integrated_norm, pgd as walk, pgd_last, strongest_wrong, trades
from model import cosine, divergence, gradient, integrated_logit, integrated_loss, pearson, pick


def cross_entropy(m, x, y, draw):
    ce = F.cross_entropy(m.logits(x), y)
    return ce, {"cross-entropy": ce}


def pgd(m, x, y, draw):
    ce = F.cross_entropy(m.logits(pgd_last(m, x, y, draw)), y)
    return ce, {"cross-entropy": ce}


def hessian(m, x, y, draw, weight=1e-3):
    z = m.normalize(x).requires_grad_()
    logits = m.network(z)
    ce = F.cross_entropy(logits, y)
    g = gradient(pick(logits, y), z, create_graph=True)
    v = torch.randn(z.shape, dtype=z.dtype, generator=draw)
    hv = gradient(g * v, z, create_graph=True)
    term = (hv ** 2).flatten(1).sum(1).mean()
    return ce + weight * term, {"cross-entropy": ce, "hessian": term}


def aga(m, x, y, draw, kind="uniform", attach=False, epsilon=4 / 255, l2=0.01, cos=1.0):
    z = m.normalize(x).requires_grad_()
    logits = m.network(z)
    ce = F.cross_entropy(logits, y)
    g = gradient(pick(logits, y), z, create_graph=True)
    if not attach:
        g = g.detach()
    plain = g.detach()
    radius = epsilon / m.std
    if kind == "uniform":
        noise = (2 * torch.rand(z.shape, dtype=z.dtype, generator=draw) - 1) * radius
    elif kind == "gaussian":
        noise = torch.randn(z.shape, dtype=z.dtype, generator=draw) * radius
    elif kind == "gradient":
        noise = plain / plain.flatten(1).norm(dim=1).reshape(-1, 1, 1, 1) * radius
    else:
        noise = plain.sign() * radius
    moved = (z.detach() + noise).requires_grad_()
    gm = gradient(pick(m.network(moved), y), moved, create_graph=True)
    l2_term = ((g - gm) ** 2).flatten(1).sum(1).mean()
    cos_term = (1 - cosine(g, gm).mean()) / 2
    return ce + l2 * l2_term + cos * cos_term, {"cross-entropy": ce, "l2": l2_term, "cosine": cos_term}


def art(m, x, y, draw, weight=0.5, beta=50):
    attacked = alignment_last(m, x, y, draw, beta=beta)

    def look(images):
        with m.surrogate(beta):
            z = m.normalize(images).requires_grad_()
            logits = m.network(z)
            own = gradient(pick(logits, y), z, create_graph=True)
            rival = gradient(pick(logits, strongest_wrong(logits, y)), z, create_graph=True)
        return z.detach(), own, rival

    d = lambda u, v: 1 - cosine(u, v)
    (xa, ya, ja), (xb, yb, jb) = look(x), look(attacked)
    losses = []
    for anchor in (xa, xb):
        own = torch.maximum(d(anchor, ya), d(anchor, yb))
        rival = torch.minimum(d(anchor, ja), d(anchor, jb))
        losses.append(torch.log1p(torch.exp(-(rival - own))))
    triplet = torch.cat(losses).mean()
    ce = F.cross_entropy(m.logits(attacked), y)
    return ce + weight * triplet, {"cross-entropy": ce, "triplet": triplet}


def ig_norm(m, x, y, draw, weight=1.0, both=False, points=4):
    attacked = integrated_norm(m, x, y, draw, share=1 / (1 + weight) if both else 0.0)[3]
    ce = F.cross_entropy(m.logits(attacked if both else x), y)
    norm = integrated_loss(m, x, attacked, y, points, True).abs().flatten(1).sum(1).mean()
    return ce + weight * norm, {"cross-entropy": ce, "norm": norm}


def adv_aat(m, x, y, draw, weight=1.0, points=3):
    attacked = correlation(m, x, y, draw, share=1 / (1 + weight))[3]
    ce = F.cross_entropy(m.logits(attacked), y)
    maps = [integrated_logit(m, images, y, points, True).sum(1) for images in (x, attacked)]
    term = 1 - pearson(*maps).mean()
    return ce + weight * term, {"cross-entropy": ce, "correlation": term}


def igr(m, x, y, draw, weight=1.0, points=3):
    attacked = walk(m, x, y, draw, steps=3)[3]
    ce = F.cross_entropy(m.logits(attacked), y)
    term = 1 - cosine(*(integrated_logit(m, images, y, points, True) for images in (x, attacked))).mean()
    return ce + weight * term, {"cross-entropy": ce, "cosine": term}


def r2et(m, x, y, draw, k=20, pairs=None, gap_weight=0.3, hessian_weight=0.2, epsilon=4 / 255):
    z = m.normalize(x).requires_grad_()
    logits = m.network(z)
    ce = F.cross_entropy(logits, y)
    g = gradient(pick(logits, y), z, create_graph=True)
    h = g.abs().sum(1).flatten(1).sort(1, descending=True).values
    top, rest = (h[:, :k], h[:, k:]) if pairs is None else (h[:, k - pairs:k], h[:, k:k + pairs])
    gap = (rest[:, None, :] - top[:, :, None]).mean()
    terms = {"cross-entropy": ce, "gap": gap}
    loss = ce + gap_weight * gap
    if hessian_weight:
        step = g.detach().sign() * (epsilon / m.std)
        moved = (z.detach() + step).requires_grad_()
        gm = gradient(pick(m.network(moved), y), moved, create_graph=True)
        terms["hessian"] = ((gm - g).flatten(1).norm(dim=1) / step.flatten(1).norm(dim=1)).mean()
        loss = loss + hessian_weight * terms["hessian"]
    return loss, terms


def trades_loss(m, x, y, draw, weight=6.0):
    attacked = trades(m, x, y, draw)[3]
    logits = m.logits(x)
    ce, term = F.cross_entropy(logits, y), divergence(logits, m.logits(attacked)).mean()
    return ce + weight * term, {"cross-entropy": ce, "divergence": term}


def gradient_penalty(m, x, y, draw, weight=1.0):
    z = m.normalize(x).requires_grad_()
    losses = F.cross_entropy(m.network(z), y, reduction="none")
    term = (gradient(losses, z, create_graph=True) ** 2).flatten(1).sum(1).mean()
    return losses.mean() + weight * term, {"cross-entropy": losses.mean(), "gradient": term}


OBJECTIVES = {
    "CrossEntropy": cross_entropy,
    "AdversarialCrossEntropy": pgd,
    "HessianNormPenalty": hessian,
    "LocalGradientAlignment": aga,
    "LocalGradientAlignment.Gaussian": lambda *a: aga(*a, kind="gaussian"),
    "LocalGradientAlignment.Gradient": lambda *a: aga(*a, kind="gradient"),
    "LocalGradientAlignment.GradientSign": lambda *a: aga(*a, kind="sign"),
    "LocalGradientAlignment.Attached": lambda *a: aga(*a, attach=True),
    "SpatialAlignment": art,
    "IntegratedGradientNorm": ig_norm,
    "IntegratedGradientNorm.Sum": lambda *a: ig_norm(*a, weight=0.5, both=True),
    "AdversarialAttributionTraining": adv_aat,
    "IntegratedGradientRegularization": igr,
    "RankThickness": r2et,
    "RankThickness.Pairs": lambda *a: r2et(*a, pairs=5, hessian_weight=0),
    "Trades": trades_loss,
    "InputGradientPenalty": gradient_penalty,
}
