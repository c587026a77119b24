#!/usr/bin/env python3
"""Adds golden values to the files beside this folder: logits, attributions, loss terms, parameter gradients and attack results of networks with reproducible weights.

Debian 12: python3-torch 1.13.1, python3-numpy. Usage: /usr/bin/python3 generate.py [NAME …]. The files are a record: cases that they hold stay as they are.
"""
import sys
from pathlib import Path

import torch

from attacks import ATTACKS
from attributions import ATTRIBUTIONS
from golden import add, digest, fill, uniform
from model import Model
from networks import LeNet, ResNet, Switch, WideResNet
from objectives import OBJECTIVES

torch.set_num_threads(1)
FOLDER = Path(__file__).resolve().parent.parent
COUNT, CLASSES, SEED = 3, 5, 20230207

NETWORKS = {
    "lenet": (12, lambda act: LeNet(3, 12, CLASSES, act)),
    "resnet18": (16, lambda act: ResNet(4, 3, CLASSES, act)),
    "wideresnet16": (12, lambda act: WideResNet(16, 1, 3, CLASSES, act)),
}

def generator():
    return torch.Generator().manual_seed(SEED)


def build(size, make, smooth, dtype):
    act = Switch()
    network = fill(make(act).double())
    model = Model(network, act, smooth, dtype)
    images = uniform("images", (COUNT, 3, size, size), 0, 1).to(dtype)
    classes = torch.arange(COUNT) * 2 % CLASSES
    return model, images, classes


def values_of(size, make, dtype):
    found = {}
    for smooth in (False, True):
        prefix = "softplus" if smooth else "relu"
        model, images, _ = build(size, make, smooth, dtype)
        model.network.eval()
        found[f"{prefix}/logits"] = model.logits(images)
        for name, objective in OBJECTIVES.items():
            model, images, classes = build(size, make, smooth, dtype)
            model.network.train()
            loss, terms = objective(model, images, classes, generator())
            found[f"{prefix}/objective/{name}/loss"] = loss
            found.update({f"{prefix}/objective/{name}/term/{term}": value for term, value in terms.items()})
            model.network.zero_grad()
            loss.backward()
            found.update({f"{prefix}/objective/{name}/gradient/{key}": digest(key, parameter.grad) for key, parameter in model.network.named_parameters()})
        model, images, _ = build(size, make, smooth, dtype)
        model.network.eval()
        predicted = model.logits(images).argmax(1)
        for name, attribution in ATTRIBUTIONS.items():
            if name != "ClassActivationMap" or not isinstance(model.network, LeNet):
                found[f"{prefix}/attribution/{name}"] = attribution(model, images, predicted)
        for name, attack in ATTACKS.items():
            model, images, _ = build(size, make, smooth, dtype)
            model.network.eval()
            predicted = model.logits(images).argmax(1)
            attacked, valid, gain, _ = attack(model, images, predicted, generator())
            found.update({f"{prefix}/attack/{name}/images": attacked, f"{prefix}/attack/{name}/valid": valid, f"{prefix}/attack/{name}/gain": gain})
    return found


def main():
    for name in sys.argv[1:] or NETWORKS:
        for dtype, suffix in ((torch.float64, "float64"), (torch.float32, "float32")):
            add(FOLDER / f"{name}.{suffix}.safetensors", values_of(*NETWORKS[name], dtype))


main()
