#!/usr/bin/env python3
"""Makes the golden values of this folder with PyTorch and torchvision (Debian: python3-torch 1.13.1, python3-torchvision 0.14.1; no seed is used).
The Debian packages call themselves 1.13.0a0 and 0.14.1a0 in logits.json. Made again on another processor, no logit moves by more than 1.2e-11 (float32: 9e-8).

    python3 make_networks.py            writes keys-*.txt, logits.json, types.safetensors, conv.safetensors, conv.json beside itself

Weights come from a formula (see fill), so that only logits need to be stored. Tolerances are in the tests that read the files.
"""
import json
import math
import os
import struct

import numpy as np
import torch
import torchvision
from torch import nn
from torch.nn import functional as F
from torchvision.models import resnet as models

HERE = os.path.dirname(os.path.abspath(__file__))
TYPES = {torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64", torch.int32: "I32", torch.uint8: "U8", torch.bool: "BOOL"}


def write_safetensors(path, tensors, metadata=None):
    header, data = {}, b""
    if metadata:
        header["__metadata__"] = metadata
    for name, tensor in tensors.items():
        tensor = tensor.detach().contiguous()
        raw = (tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor).numpy().tobytes()
        header[name] = {"dtype": TYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(HERE, path), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def fill(module):
    """Parameter or buffer number t in the order of their sorted names, value i in row-major order: sin(0.37 i + t), scaled to keep signals alive."""
    with torch.no_grad():
        for t, (name, value) in enumerate(sorted(module.state_dict().items())):
            if name.endswith("num_batches_tracked"):
                value.fill_(t)
                continue
            wave = torch.from_numpy(np.sin(0.37 * np.arange(value.numel()) + t)).reshape(value.shape)
            if name.endswith("running_var"):
                wave = 1 + 0.5 * wave
            elif value.dim() == 1 and name.endswith("weight"):
                wave = 1 + 0.3 * wave
            elif value.dim() > 1:
                wave = wave * math.sqrt(2.0 / (value.numel() / value.shape[0]))
            else:
                wave = 0.1 * wave
            value.copy_(wave)
    return module.eval()


def pictures(count, channels, height, width):
    wave = np.sin(0.11 * np.arange(count * channels * height * width) + 0.5)
    return torch.from_numpy(0.5 + 0.5 * wave).reshape(count, channels, height, width)


class ConvNet(nn.Module):
    def __init__(self, channels, size, classes, w1, w2, hidden):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, w1, 3, padding=1)
        self.conv2 = nn.Conv2d(w1, w1, 3, padding=1)
        self.conv3 = nn.Conv2d(w1, w2, 3, padding=1)
        self.conv4 = nn.Conv2d(w2, w2, 3, padding=1)
        self.fc1 = nn.Linear(w2 * (size // 4) ** 2, hidden)
        self.fc2 = nn.Linear(hidden, classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv2(F.relu(self.conv1(x)))), 2)
        x = F.max_pool2d(F.relu(self.conv4(F.relu(self.conv3(x)))), 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


class WideBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.convShortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False) if inputs != outputs or stride != 1 else None

    def forward(self, x):
        activated = F.relu(self.bn1(x))
        branch = self.conv2(F.relu(self.bn2(self.conv1(activated))))
        return branch + (x if self.convShortcut is None else self.convShortcut(activated))


class WideStage(nn.Module):
    def __init__(self, blocks, inputs, outputs, stride):
        super().__init__()
        self.layer = nn.Sequential(*[WideBlock(inputs if i == 0 else outputs, outputs, stride if i == 0 else 1) for i in range(blocks)])

    def forward(self, x):
        return self.layer(x)


class WideResNet(nn.Module):
    def __init__(self, channels, classes, depth, factor):
        super().__init__()
        blocks, width = (depth - 4) // 6, 16 * factor
        self.conv1 = nn.Conv2d(channels, 16, 3, 1, 1, bias=False)
        self.block1 = WideStage(blocks, 16, width, 1)
        self.block2 = WideStage(blocks, width, 2 * width, 2)
        self.block3 = WideStage(blocks, 2 * width, 4 * width, 2)
        self.bn1 = nn.BatchNorm2d(4 * width)
        self.fc = nn.Linear(4 * width, classes)

    def forward(self, x):
        x = self.block3(self.block2(self.block1(self.conv1(x))))
        return self.fc(F.relu(self.bn1(x)).mean((2, 3)))


class ResNet(nn.Module):
    """torchvision's blocks in torchvision's layout, for any width, stem and last stride."""

    def __init__(self, depth, classes, small_stem, last_stride, width=8):
        super().__init__()
        block, counts = (models.BasicBlock, [2, 2, 2, 2]) if depth == 18 else (models.Bottleneck, [3, 4, 6, 3])
        self.conv1 = nn.Conv2d(3, width, 3, 1, 1, bias=False) if small_stem else nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.Identity() if small_stem else nn.MaxPool2d(3, 2, 1)
        self.channels = width
        for i, stride in enumerate([1, 2, 2, last_stride]):
            setattr(self, f"layer{i + 1}", self.stage(block, counts[i], width << i, stride))
        self.fc = nn.Linear(self.channels, classes)

    def stage(self, block, count, planes, stride):
        blocks = []
        for i in range(count):
            step = stride if i == 0 else 1
            out = planes * block.expansion
            fit = nn.Sequential(nn.Conv2d(self.channels, out, 1, step, bias=False), nn.BatchNorm2d(out)) if step != 1 or self.channels != out else None
            blocks.append(block(self.channels, planes, step, fit))
            self.channels = out
        return nn.Sequential(*blocks)

    def forward(self, x):
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


def keys(name, module):
    with open(os.path.join(HERE, f"keys-{name}.txt"), "w") as file:
        for key, value in module.state_dict().items():
            file.write(f"{key} {','.join(map(str, value.shape))}\n")


def main():
    torch.set_num_threads(2)
    keys("resnet18", torchvision.models.resnet18())
    keys("resnet50", torchvision.models.resnet50())
    keys("wideresnet-16-2", WideResNet(3, 10, 16, 2))

    # With its default width the transcription is torchvision's network, name by name and value by value.
    theirs, ours = torchvision.models.resnet18(num_classes=7), ResNet(18, 7, False, 2, 64)
    ours.load_state_dict(theirs.state_dict())
    probe = pictures(1, 3, 64, 64).float()
    assert torch.allclose(theirs.eval()(probe), ours.eval()(probe), atol=1e-6)
    theirs, ours = torchvision.models.resnet50(num_classes=7), ResNet(50, 7, False, 2, 64)
    ours.load_state_dict(theirs.state_dict())
    assert torch.allclose(theirs.eval()(probe), ours.eval()(probe), atol=1e-5)

    cases = {
        "small-conv-net": (ConvNet(1, 28, 10, 16, 32, 128), (2, 1, 28, 28)),
        "lenet": (ConvNet(3, 32, 10, 32, 64, 256), (2, 3, 32, 32)),
        "resnet18-small": (ResNet(18, 10, True, 2), (2, 3, 32, 32)),
        "resnet18": (ResNet(18, 7, False, 2), (1, 3, 96, 64)),
        "resnet50": (ResNet(50, 7, False, 2), (1, 3, 64, 64)),
        "resnet50-localization": (ResNet(50, 7, False, 1), (1, 3, 64, 64)),
        "wideresnet-16-2": (WideResNet(3, 10, 16, 2), (2, 3, 32, 32)),
    }
    logits = {}
    for name, (module, shape) in cases.items():
        with torch.no_grad():
            logits[name] = {"shape": shape, "logits": fill(module.double())(pictures(*shape)).tolist()}
    with open(os.path.join(HERE, "logits.json"), "w") as file:
        json.dump({"torch": torch.__version__, "torchvision": torchvision.__version__, "cases": logits}, file, indent=1)

    ramp = torch.arange(6, dtype=torch.float64).reshape(2, 3) - 2.5
    write_safetensors("types.safetensors", {
        "f64": ramp, "f32": ramp.float(), "f16": ramp.half(), "bf16": ramp.bfloat16(), "i64": torch.tensor([-(2 ** 62), 7]), "i32": torch.tensor([-5, 6], dtype=torch.int32),
        "u8": torch.tensor([0, 255], dtype=torch.uint8), "bool": torch.tensor([[True], [False]]), "scalar": torch.tensor(2.5), "empty": torch.zeros(0, 3), "näme.mit ümlaut": torch.tensor([1.0]),
    }, {"format": "pt", "made by": "make_networks.py"})

    net = fill(ConvNet(2, 8, 4, 3, 4, 5))
    write_safetensors("conv.safetensors", net.state_dict())
    with open(os.path.join(HERE, "conv.json"), "w") as file:
        json.dump({"logits": net(pictures(3, 2, 8, 8).float()).tolist()}, file)


main()
