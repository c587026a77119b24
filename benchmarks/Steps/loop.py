"""The plain training loops of Steps in PyTorch: the same passes, networks and numbers as PlainTraining.cs.

Reads one command a line from standard input: "step" trains once and answers "wall-ms processor-ms loss"; "memory" answers the largest resident size
in KiB; the end of the input ends the process. Weights (safetensors) and the batch (raw float32) come from the program that started it.
"""
import json
import struct
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

EPSILON = 8 / 255


class Activation(nn.Module):
    def __init__(self, switch):
        super().__init__()
        self.switch = switch

    def forward(self, x):
        beta = self.switch["beta"]
        return F.relu(x) if beta is None else F.softplus(x, beta, 20)


class Block(nn.Module):
    def __init__(self, channels, width, stride, switch):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu1 = Activation(switch)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = None
        if channels != width:
            self.downsample = nn.Sequential(nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width))
        self.relu2 = Activation(switch)

    def forward(self, x):
        branch = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x)))))
        return self.relu2(branch + (x if self.downsample is None else self.downsample(x)))


def named(*parts):
    network = nn.Sequential()
    for name, part in parts:
        network.add_module(name, part)
    return network


def chain(first, second, hidden, switch):
    return named(
        ("conv1", nn.Conv2d(3, first, 3, padding=1)), ("relu1", Activation(switch)),
        ("conv2", nn.Conv2d(first, first, 3, padding=1)), ("relu2", Activation(switch)), ("pool1", nn.MaxPool2d(2)),
        ("conv3", nn.Conv2d(first, second, 3, padding=1)), ("relu3", Activation(switch)),
        ("conv4", nn.Conv2d(second, second, 3, padding=1)), ("relu4", Activation(switch)), ("pool2", nn.MaxPool2d(2)),
        ("flatten", nn.Flatten()), ("fc1", nn.Linear(second * 64, hidden)), ("relu5", Activation(switch)), ("fc2", nn.Linear(hidden, 10)))


def resnet18(switch):
    def stage(channels, width, stride):
        return nn.Sequential(Block(channels, width, stride, switch), Block(width, width, 1, switch))

    return named(
        ("conv1", nn.Conv2d(3, 64, 3, padding=1, bias=False)), ("bn1", nn.BatchNorm2d(64)), ("relu", Activation(switch)),
        ("layer1", stage(64, 64, 1)), ("layer2", stage(64, 128, 2)), ("layer3", stage(128, 256, 2)), ("layer4", stage(256, 512, 2)),
        ("avgpool", nn.AdaptiveAvgPool2d(1)), ("flatten", nn.Flatten()), ("fc", nn.Linear(512, 10)))


def read_safetensors(path):
    types = {"F32": torch.float32, "I64": torch.int64}
    with open(path, "rb") as file:
        content = bytearray(file.read())
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8:8 + length])
    found = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            values = torch.frombuffer(content[8 + length + begin:8 + length + end], dtype=types[entry["dtype"]])
            found[name] = values.reshape(entry["shape"])
    return found


def normalized(pixels):
    return (pixels - 0.5) / 0.5


def gradient(values, at):
    return torch.autograd.grad(values.sum(), at, retain_graph=True, create_graph=True)[0]


def of_class(logits, classes):
    return logits.gather(1, classes.unsqueeze(1))


def cosine(a, b):
    return F.cosine_similarity(a.flatten(1), b.flatten(1), dim=1)


def soft_margin(margin):
    return F.softplus(-margin, 1, 20)


def random_start(pixels):
    return (pixels + (torch.rand_like(pixels) * 2 - 1) * EPSILON).clamp(0, 1)


def project(moved, pixels):
    return torch.maximum(torch.minimum(moved, pixels + EPSILON), pixels - EPSILON).clamp(0, 1)


class Training:
    def __init__(self, network, switch):
        self.network, self.switch = network, switch

    def ce(self, pixels, y):
        return F.cross_entropy(self.network(normalized(pixels)), y)

    def pgd(self, pixels, y):
        self.network.eval()
        attacked = random_start(pixels)
        for _ in range(7):
            at = attacked.detach().requires_grad_(True)
            (found,) = torch.autograd.grad(self.ce(at, y), at)
            attacked = project(at.detach() + found.sign() * (2 / 255), pixels)
        self.network.train()
        return self.ce(attacked, y)

    def hessian(self, pixels, y):
        x = normalized(pixels).requires_grad_(True)
        logits = self.network(x)
        g = gradient(of_class(logits, y), x)
        hv = gradient(g * torch.randn_like(x), x)
        return F.cross_entropy(logits, y) + hv.flatten(1).square().sum(1).mean() * 1e-3

    def aga(self, pixels, y):
        x = normalized(pixels).requires_grad_(True)
        logits = self.network(x)
        g = gradient(of_class(logits, y), x)
        moved = (x + (torch.rand_like(x) * 2 - 1) * (4 / 255 / 0.5)).detach().requires_grad_(True)
        g_moved = gradient(of_class(self.network(moved), y), moved)
        l2 = (g - g_moved).flatten(1).square().sum(1).mean()
        return F.cross_entropy(logits, y) + l2 * 0.01 + (1 - cosine(g, g_moved).mean()) / 2

    def gradients(self, pixels, y):
        former, self.switch["beta"] = self.switch["beta"], 50
        x = normalized(pixels)
        logits = self.network(x)
        self.switch["beta"] = former
        wrong = logits.detach().scatter(1, y.unsqueeze(1), float("-inf")).argmax(1)
        return x, gradient(of_class(logits, y), x), gradient(of_class(logits, wrong), x)

    def art(self, pixels, y):
        self.network.eval()
        attacked = random_start(pixels)
        start = normalized(attacked).requires_grad_(True)
        (saliency,) = torch.autograd.grad(of_class(self.network(start), y).sum(), start)
        top = saliency.flatten(1).abs().topk(1000, 1).indices
        for _ in range(3):
            at = attacked.detach().requires_grad_(True)
            x, own, rival = (value.flatten(1).gather(1, top) for value in self.gradients(at, y))
            (found,) = torch.autograd.grad(soft_margin((1 - cosine(x, rival)) - (1 - cosine(x, own))).sum(), at)
            attacked = project(at.detach() + found.sign() * (5 / 255), pixels)
        self.network.train()
        clean = self.gradients(pixels.detach().requires_grad_(True), y)
        moved = self.gradients(attacked.detach().requires_grad_(True), y)

        def triplet(anchor):
            own = torch.maximum(1 - cosine(anchor, clean[1]), 1 - cosine(anchor, moved[1]))
            rival = torch.minimum(1 - cosine(anchor, clean[2]), 1 - cosine(anchor, moved[2]))
            return soft_margin(rival - own)

        loss = torch.cat([triplet(clean[0].detach()), triplet(moved[0].detach())]).mean()
        return self.ce(attacked, y) + loss * 0.5


def main(network_name, objective, threads, device, weights, batch):
    torch.set_num_threads(int(threads))
    switch = {"beta": 3 if objective in ("aga", "hessian") else None}
    if network_name == "resnet18":
        network = resnet18(switch)
    else:
        network = chain(*{"small": (16, 32, 128), "lenet": (32, 64, 256)}[network_name], switch)
    network.load_state_dict(read_safetensors(weights))
    network.to(device).train()
    if objective in ("pgd", "art"):
        optimizer = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9, nesterov=True)
    else:
        optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
    with open(batch, "rb") as file:
        pixels = torch.frombuffer(bytearray(file.read()), dtype=torch.float32).reshape(-1, 3, 32, 32).to(device)
    classes = torch.arange(pixels.shape[0], device=device) % 10
    loss_of = getattr(Training(network, switch), objective)
    print("ready", flush=True)
    for command in sys.stdin:
        if command.strip() == "memory":
            with open("/proc/self/status") as status:
                print(next(line.split()[1] for line in status if line.startswith("VmHWM")), flush=True)
            continue
        wall, processor = time.perf_counter(), time.process_time()
        optimizer.zero_grad()
        loss = loss_of(pixels, classes)
        loss.backward()
        if objective in ("aga", "hessian"):
            nn.utils.clip_grad_norm_(network.parameters(), 0.5)
        optimizer.step()
        value = loss.item()
        if device != "cpu":
            torch.cuda.synchronize()
        print((time.perf_counter() - wall) * 1000, (time.process_time() - processor) * 1000, value, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
