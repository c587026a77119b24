"""The losses of DESIGN: each returns the loss and its unweighted terms. `draw` is a seeded torch.Generator."""
import torch
import torch.nn.functional as F

from attacks import alignment_last, pgd_last, strongest_wrong
from model import cosine, gradient, pick


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
}
