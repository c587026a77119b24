"""A classifier of pictures in [0, 1]: normalisation, a network, and the activation switch."""
from contextlib import contextmanager

import torch
import torch.nn.functional as F

MEAN, STD = (0.45, 0.5, 0.4), (0.25, 0.2, 0.3)


def softplus(beta):
    return lambda x: F.softplus(x, beta=beta, threshold=20)


class Model:
    def __init__(self, network, act, smooth, dtype):
        self.network, self.act, self.smooth, self.dtype = network.to(dtype), act, smooth, dtype
        self.act.function = softplus(3) if smooth else F.relu
        self.mean = torch.tensor(MEAN, dtype=dtype).reshape(1, -1, 1, 1)
        self.std = torch.tensor(STD, dtype=dtype).reshape(1, -1, 1, 1)

    def normalize(self, images):
        return (images - self.mean) / self.std

    def logits(self, images):
        return self.network(self.normalize(images))

    @contextmanager
    def surrogate(self, beta):
        """Softplus in place of ReLU; a smooth network stays as it is."""
        former = self.act.function
        if not self.smooth:
            self.act.function = softplus(beta)
        try:
            yield
        finally:
            self.act.function = former


def gradient(values, point, create_graph=False):
    return torch.autograd.grad(values.sum(), point, create_graph=create_graph, retain_graph=True)[0]


def pick(logits, classes):
    return logits.gather(1, classes[:, None])[:, 0]


def cosine(a, b):
    a, b = a.flatten(1), b.flatten(1)
    return (a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1))


def pearson(a, b):
    a, b = a.flatten(1), b.flatten(1)
    return cosine(a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True))


def divergence(p, q):
    """KL(softmax(p) || softmax(q)) of logits."""
    return (p.softmax(1) * (p.log_softmax(1) - q.log_softmax(1))).sum(1)


def leaf(point):
    return point if point.requires_grad else point.requires_grad_()


def integrated_loss(m, x, moved, y, points, create_graph):
    """Integrated gradients of the cross-entropy from x to another image: a pass for each middle of equal parts of the way."""
    start = m.normalize(x).detach()
    path = m.normalize(moved) - start
    total = 0
    for i in range(points):
        point = leaf(start + path * ((i + 0.5) / points))
        total = total + gradient(F.cross_entropy(m.network(point), y, reduction="none"), point, create_graph) / points
    return path * total


def integrated_logit(m, x, y, points, create_graph):
    """Integrated gradients from black, in pixel scale: one pass for all middles of equal parts of the way."""
    way = leaf(torch.cat([x * ((i + 0.5) / points) for i in range(points)]))
    g = gradient(pick(m.logits(way), y.repeat(points)), way, create_graph).reshape(points, *x.shape)
    return x * (g / points).sum(0)
