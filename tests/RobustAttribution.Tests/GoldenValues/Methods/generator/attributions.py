"""The attributions of DESIGN. Gradients come from autograd; relevance and guided signals are passed on by hand, step by step, as their papers write them."""
import torch
import torch.nn.functional as F

from model import gradient, pick
from networks import LeNet, ResNet

BOX, GAMMA, STABILIZER, EPSILON = "box", 0.25, 1e-9, 1e-6


def input_gradient(m, x, y):
    point = x.detach().requires_grad_()
    return gradient(pick(m.logits(point), y), point)


def integrated(m, x, y, steps=8):
    total = torch.zeros_like(x)
    for i in range(steps + 1):
        total += input_gradient(m, x * (i / steps), y) * ((0.5 if i in (0, steps) else 1.0) / steps)
    return x * total


def noisy(m, x, y, samples=6, level=0.15, seed=0):
    draw = torch.Generator().manual_seed(seed)
    found = []
    for _ in range(samples):
        noise = torch.randn((1,) + x.shape[1:], dtype=torch.float32, generator=draw).to(x.dtype)
        found.append(input_gradient(m, x + level * noise, y))
    return torch.stack(found)


def grad_cam(m, x, y):
    maps = m.network.feature_maps(m.normalize(x)).detach().requires_grad_()
    weights = gradient(pick(m.network.head(maps), y), maps).mean((2, 3), keepdim=True)
    return F.interpolate(F.relu((weights * maps).sum(1, keepdim=True)), x.shape[2:], mode="bilinear", align_corners=False)


def class_activation(m, x, y):
    maps = m.network.feature_maps(m.normalize(x))
    return F.interpolate((m.network.fc.weight[y][:, :, None, None] * maps).sum(1, keepdim=True), x.shape[2:], mode="bilinear", align_corners=False)


class Steps:
    """A forward pass written down: (kind, inputs, output, detail)."""

    def __init__(self, act):
        self.act, self.steps = act, []

    def note(self, kind, inputs, output, detail=None):
        self.steps.append((kind, [i.detach() for i in inputs], output.detach(), detail))
        return output

    def conv(self, x, conv, bn=None, first=False):
        weight, bias = conv.weight, conv.bias if conv.bias is not None else torch.zeros(conv.out_channels, dtype=x.dtype)
        if bn is not None:
            scale = bn.weight / (bn.running_var + bn.eps).sqrt()
            weight, bias = weight * scale[:, None, None, None], bias * scale + bn.bias - bn.running_mean * scale
        op = lambda v, w, b: F.conv2d(v, w, b, conv.stride, conv.padding)
        return self.note("conv", [x], op(x, weight, bias), (op, weight.detach(), bias.detach(), first))

    def dense(self, x, layer):
        return self.note("dense", [x], F.linear(x, layer.weight, layer.bias), (F.linear, layer.weight.detach(), layer.bias.detach(), False))

    def affine(self, x, bn):
        scale = (bn.weight / (bn.running_var + bn.eps).sqrt()).reshape(1, -1, 1, 1)
        shift = bn.bias.reshape(1, -1, 1, 1) - bn.running_mean.reshape(1, -1, 1, 1) * scale
        op = lambda v, w, b: v * w + (0 if b is None else b)
        return self.note("dense", [x], op(x, scale, shift), (op, scale.detach(), shift.detach(), False))

    def activate(self, x):
        return self.note("act", [x], self.act(x))

    def plain(self, x, op):
        return self.note("plain", [x], op(x), op)

    def add(self, a, b):
        return self.note("add", [a, b], a + b)

    # detach() makes a new object over the same memory, so memory is what identifies a tensor.
    @staticmethod
    def key(tensor):
        return (tensor.data_ptr(), tuple(tensor.shape))


def write_down(m, z):
    """The network's forward pass as steps."""
    n, s = m.network, Steps(m.act)
    if isinstance(n, LeNet):
        pool = lambda v: F.max_pool2d(v, 2)
        h = s.activate(s.conv(z, n.conv1, first=True))
        h = s.plain(s.activate(s.conv(h, n.conv2)), pool)
        h = s.activate(s.conv(h, n.conv3))
        h = s.plain(s.plain(s.activate(s.conv(h, n.conv4)), pool), lambda v: v.flatten(1).clone())
        return s, s.dense(s.activate(s.dense(h, n.fc1)), n.fc2)
    average = lambda v: v.mean((2, 3))
    if isinstance(n, ResNet):
        h = s.activate(s.conv(z, n.conv1, n.bn1, first=True))
        for block in [b for stage in (n.layer1, n.layer2, n.layer3, n.layer4) for b in stage]:
            branch = s.conv(s.activate(s.conv(h, block.conv1, block.bn1)), block.conv2, block.bn2)
            h = s.activate(s.add(branch, h if block.downsample is None else s.conv(h, block.downsample[0], block.downsample[1])))
        return s, s.dense(s.plain(h, average), n.fc)
    h = s.conv(z, n.conv1, first=True)
    for block in [b for stage in (n.block1, n.block2, n.block3) for b in stage.layer]:
        ready = s.activate(s.affine(h, block.bn1))
        branch = s.conv(s.activate(s.conv(ready, block.conv1, block.bn2)), block.conv2)
        h = s.add(branch, h if block.convShortcut is None else s.conv(ready, block.convShortcut))
    return s, s.dense(s.plain(s.activate(s.affine(h, n.bn1)), average), n.fc)


def backward(op, at, signal):
    """The transposed derivative of op at a point, applied to a signal."""
    point = at.detach().requires_grad_()
    return torch.autograd.grad(op(point), point, signal)[0]


def modified(m, x, y, rule):
    z = m.normalize(x).detach()
    steps, logits = write_down(m, z)

    def through(kind, inputs, out, detail, signal):
        if kind == "add":
            return [signal, signal]
        if kind == "act":
            return [rule(m.act, inputs[0], signal)]
        if kind == "plain":
            return [backward(detail, inputs[0], signal)]
        op, weight, bias, _ = detail
        return [backward(lambda v: op(v, weight, bias), inputs[0], signal)]
    target = F.one_hot(y, logits.shape[1]).to(x.dtype)
    return finish(steps, logits, target, z, through) / m.std


def finish(steps, logits, signal, z, through):
    signals = {Steps.key(logits): signal}
    for kind, inputs, out, detail in reversed(steps.steps):
        behind = signals.pop(Steps.key(out), None)
        if behind is not None:
            for i, value in zip(inputs, through(kind, inputs, out, detail, behind)):
                key = Steps.key(i)
                signals[key] = signals[key] + value if key in signals else value
    return signals[Steps.key(z)]


def guided(m, x, y):
    return modified(m, x, y, lambda act, at, s: backward(act, at, F.relu(s)))


def deconvolution(m, x, y):
    return modified(m, x, y, lambda act, at, s: F.relu(s))


def shares(op, x, relevance, parts, stabilizer):
    """R_i = Σ_parts share · contribution of i · R / (z + stabilizer). A part is (share, [(value, weight)…], bias)."""
    total = torch.zeros_like(x)
    for share, terms, bias in parts:
        z = sum(op(value, weight, None) for value, weight in terms) + (0 if bias is None else bias)
        factor = share * relevance / torch.where(z >= 0, z + stabilizer, z - stabilizer)
        for value, weight in terms:
            total = total + value * backward(lambda v: op(v, weight, None), value, factor)
    return total


def relevance(m, x, y, conv_rule, first_rule=None):
    z = m.normalize(x).detach()
    steps, logits = write_down(m, z)
    lowest, highest = m.normalize(torch.zeros_like(x)), m.normalize(torch.ones_like(x))

    def through(kind, inputs, out, detail, r):
        at = inputs[0]
        if kind == "add":
            a, b = inputs
            return [torch.where(out == 0, r * 0, r * a / out), torch.where(out == 0, r * 0, r * b / out)]
        if kind == "act":  # ReLU passes R on; a smooth activation counts as its tangent, whose offset keeps its share
            return [torch.where(out == 0, r * 0, r * at * backward(m.act, at, torch.ones_like(at)) / out)]
        if kind == "plain":
            c = torch.where(out == 0, r * 0, r / out)
            return [at * backward(detail, at, c)]
        op, w, b, first = detail
        b = b.reshape(1, -1, 1, 1) if w.dim() == 4 else b
        wp, wn, bp, bn = w.clamp(min=0), w.clamp(max=0), b.clamp(min=0), b.clamp(max=0)
        xp, xn = at.clamp(min=0), at.clamp(max=0)
        chosen = first_rule if first and first_rule else conv_rule if kind == "conv" else "epsilon"
        if chosen == BOX:
            return [shares(op, at, r, [(1, [(at, w), (-lowest, wp), (-highest, wn)], None)], STABILIZER)]
        if chosen == "plus":
            return [shares(op, at, r, [(1, [(xp, wp), (xn, wn)], bp)], STABILIZER)]
        if chosen == "alpha2beta1":
            return [shares(op, at, r, [(2, [(xp, wp), (xn, wn)], bp), (-1, [(xp, wn), (xn, wp)], bn)], STABILIZER)]
        if chosen == "gamma":
            positive = (op(at, w, None) + b) > 0
            up = shares(op, at, r * positive, [(1, [(xp, w + GAMMA * wp), (xn, w + GAMMA * wn)], b + GAMMA * bp)], STABILIZER)
            down = shares(op, at, r * ~positive, [(1, [(xp, w + GAMMA * wn), (xn, w + GAMMA * wp)], b + GAMMA * bn)], STABILIZER)
            return [up + down]
        return [shares(op, at, r, [(1, [(at, w)], b)], EPSILON)]
    target = F.one_hot(y, logits.shape[1]).to(x.dtype) * logits.detach()
    return finish(steps, logits, target, z, through)


ATTRIBUTIONS = {
    "InputGradient": input_gradient,
    "GradientTimesInput": lambda m, x, y: x * input_gradient(m, x, y),
    "IntegratedGradients": integrated,
    "SmoothGrad": lambda m, x, y: noisy(m, x, y).mean(0),
    "SquaredSmoothGrad": lambda m, x, y: (noisy(m, x, y) ** 2).mean(0),
    "VarianceGrad": lambda m, x, y: noisy(m, x, y).var(0, unbiased=False),
    "GuidedBackpropagation": guided,
    "Deconvolution": deconvolution,
    "GradCam": grad_cam,
    "ClassActivationMap": class_activation,
    "LayerwiseRelevance.Epsilon": lambda m, x, y: relevance(m, x, y, "epsilon"),
    "LayerwiseRelevance.EpsilonPlus": lambda m, x, y: relevance(m, x, y, "plus"),
    "LayerwiseRelevance.EpsilonGammaBox": lambda m, x, y: relevance(m, x, y, "gamma", BOX),
    "LayerwiseRelevance.EpsilonPlusBox": lambda m, x, y: relevance(m, x, y, "plus", BOX),
    "LayerwiseRelevance.EpsilonAlpha2Beta1": lambda m, x, y: relevance(m, x, y, "alpha2beta1"),
}
