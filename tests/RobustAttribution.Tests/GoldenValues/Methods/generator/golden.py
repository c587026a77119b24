"""What the generators share: reproducible numbers without stored weights, and a safetensors writer."""
import json
import struct

import numpy as np
import torch

TYPES = {torch.float64: "F64", torch.float32: "F32", torch.int64: "I64", torch.bool: "BOOL"}


def uniform(name: str, shape, low: float, high: float) -> torch.Tensor:
    """Numbers in [low, high) from a linear congruential generator whose seed is the name's FNV-1a hash: the C# side makes the same ones."""
    state = 2166136261
    for byte in name.encode():
        state = ((state ^ byte) * 16777619) & 0xFFFFFFFF
    count = int(np.prod(shape))
    values = np.empty(count)
    for i in range(count):
        state = (1664525 * state + 1013904223) & 0xFFFFFFFF
        values[i] = low + (high - low) * (state / 4294967296.0)
    return torch.from_numpy(values).reshape(tuple(shape))


def fill(network: torch.nn.Module) -> torch.nn.Module:
    """Gives every parameter and buffer its reproducible value, so that signals neither fade nor grow."""
    for name, tensor in list(network.named_parameters()) + list(network.named_buffers()):
        if name.endswith("num_batches_tracked"):
            continue
        if tensor.dim() > 1:
            bound = (6.0 / np.prod(tensor.shape[1:])) ** 0.5
            value = uniform(name, tensor.shape, -bound, bound)
        elif name.endswith("running_var"):
            value = uniform(name, tensor.shape, 0.6, 1.4)
        elif name.endswith("weight"):
            value = uniform(name, tensor.shape, 0.8, 1.2)
        else:
            value = uniform(name, tensor.shape, -0.1, 0.1)
        with torch.no_grad():
            tensor.copy_(value)
    return network


def digest(name: str, gradient: torch.Tensor) -> torch.Tensor:
    """Three numbers that a wrong gradient does not share: sum, Euclidean norm, product with a fixed vector."""
    flat = gradient.detach().double().flatten()
    return torch.stack([flat.sum(), flat.norm(), flat @ uniform("probe:" + name, flat.shape, -1, 1)])


def add(path, tensors: dict) -> None:
    """Adds the tensors whose names the file does not hold; the others stay byte for byte."""
    text = path.read_bytes()
    length = struct.unpack("<Q", text[:8])[0]
    entries = {name: (entry["dtype"], entry["shape"], text[8 + length:][slice(*entry["data_offsets"])])
               for name, entry in json.loads(text[8:8 + length]).items()}
    for name, value in tensors.items():
        tensor = value.detach().contiguous()
        entries.setdefault(name, (TYPES[tensor.dtype], list(tensor.shape), tensor.numpy().tobytes()))
    header, data, offset = {}, b"", 0
    for name in sorted(entries):
        kind, shape, raw = entries[name]
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [offset, offset + len(raw)]}
        data += raw
        offset += len(raw)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)
