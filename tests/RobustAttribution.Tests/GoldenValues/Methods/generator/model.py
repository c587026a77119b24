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
