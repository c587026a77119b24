"""The networks, written from their papers' layer lists with PyTorch's own layers. `activation` is a function, switched from outside."""
import torch.nn as nn
import torch.nn.functional as F


class Switch(nn.Module):
    """All activations of a network are one object, so that it can be switched."""

    def __init__(self):
        super().__init__()
        self.function = F.relu

    def forward(self, x):
        return self.function(x)


class LeNet(nn.Module):
    features = "conv4"

    def __init__(self, channels, size, classes, act):
        super().__init__()
        self.act = act
        self.conv1 = nn.Conv2d(channels, 32, 3, padding=1)
        self.conv2 = nn.Conv2d(32, 32, 3, padding=1)
        self.conv3 = nn.Conv2d(32, 64, 3, padding=1)
        self.conv4 = nn.Conv2d(64, 64, 3, padding=1)
        self.fc1 = nn.Linear(64 * (size // 4) ** 2, 256)
        self.fc2 = nn.Linear(256, classes)

    def feature_maps(self, x):
        x = F.max_pool2d(self.act(self.conv2(self.act(self.conv1(x)))), 2)
        return self.act(self.conv4(self.act(self.conv3(x))))

    def head(self, maps):
        return self.fc2(self.act(self.fc1(F.max_pool2d(maps, 2).flatten(1))))

    def forward(self, x):
        return self.head(self.feature_maps(x))


def conv(i, o, kernel, stride=1):
    return nn.Conv2d(i, o, kernel, stride, kernel // 2, bias=False)


class BasicBlock(nn.Module):
    def __init__(self, i, o, stride, act):
        super().__init__()
        self.act = act
        self.conv1, self.bn1 = conv(i, o, 3, stride), nn.BatchNorm2d(o)
        self.conv2, self.bn2 = conv(o, o, 3), nn.BatchNorm2d(o)
        self.downsample = nn.Sequential(conv(i, o, 1, stride), nn.BatchNorm2d(o)) if i != o or stride != 1 else None

    def forward(self, x):
        out = self.bn2(self.conv2(self.act(self.bn1(self.conv1(x)))))
        return self.act(out + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """ResNet-18 with the 3×3 stem for small pictures."""

    def __init__(self, width, channels, classes, act):
        super().__init__()
        self.act = act
        self.conv1, self.bn1 = conv(channels, width, 3), nn.BatchNorm2d(width)
        i = width
        for stage in range(4):
            o = width * 2 ** stage
            first = BasicBlock(i, o, 2 if stage > 0 else 1, act)
            setattr(self, f"layer{stage + 1}", nn.Sequential(first, BasicBlock(o, o, 1, act)))
            i = o
        self.fc = nn.Linear(i, classes)

    def feature_maps(self, x):
        x = self.act(self.bn1(self.conv1(x)))
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))

    def head(self, maps):
        return self.fc(maps.mean((2, 3)))

    def forward(self, x):
        return self.head(self.feature_maps(x))


class WideBlock(nn.Module):
    """Pre-activation; where channels change, the shortcut starts behind the first activation."""

    def __init__(self, i, o, stride, act):
        super().__init__()
        self.act = act
        self.bn1, self.conv1 = nn.BatchNorm2d(i), conv(i, o, 3, stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(o), conv(o, o, 3)
        self.convShortcut = nn.Conv2d(i, o, 1, stride, bias=False) if i != o else None

    def forward(self, x):
        ready = self.act(self.bn1(x))
        out = self.conv2(self.act(self.bn2(self.conv1(ready))))
        return out + (x if self.convShortcut is None else self.convShortcut(ready))


class Stage(nn.Module):
    def __init__(self, i, o, blocks, stride, act):
        super().__init__()
        self.layer = nn.Sequential(*[WideBlock(i if b == 0 else o, o, stride if b == 0 else 1, act) for b in range(blocks)])

    def forward(self, x):
        return self.layer(x)


class WideResNet(nn.Module):
    def __init__(self, depth, factor, channels, classes, act):
        super().__init__()
        self.act = act
        blocks = (depth - 4) // 6
        self.conv1 = conv(channels, 16, 3)
        self.block1 = Stage(16, 16 * factor, blocks, 1, act)
        self.block2 = Stage(16 * factor, 32 * factor, blocks, 2, act)
        self.block3 = Stage(32 * factor, 64 * factor, blocks, 2, act)
        self.bn1 = nn.BatchNorm2d(64 * factor)
        self.fc = nn.Linear(64 * factor, classes)

    def feature_maps(self, x):
        return self.act(self.bn1(self.block3(self.block2(self.block1(self.conv1(x))))))

    def head(self, maps):
        return self.fc(maps.mean((2, 3)))

    def forward(self, x):
        return self.head(self.feature_maps(x))
