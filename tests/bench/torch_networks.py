"""torch_networks.py: the networks of the benchmark in PyTorch, for images of 32x32x3, held to their number of trained values.
The definitions are those of src/nn/zoo; what changes no time (names, initial values) is left out."""
import torch
import torch.nn as nn
import torch.nn.functional as F


def conv_bn(c_in, c_out, kernel=3, stride=1, groups=1, bias=False, relu=True):
    layers = [nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, groups=groups, bias=bias), nn.BatchNorm2d(c_out)]
    return layers + [nn.ReLU(inplace=True)] * relu


def head(channels, classes):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)]


class Residual(nn.Module):
    """body(x) + shortcut(x), with or without a relu behind it."""

    def __init__(self, body, shortcut, relu):
        super().__init__()
        self.body, self.shortcut, self.relu = nn.Sequential(*body), nn.Sequential(*shortcut), relu

    def forward(self, x):
        y = self.body(x) + self.shortcut(x)
        return F.relu(y, inplace=True) if self.relu else y


def resnet(depth, stem, stages, classes):
    layers, c_in = conv_bn(3, stem), stem
    for stage, c_out in enumerate(stages):
        for block in range((depth - 2) // 6):
            stride = 2 if stage > 0 and block == 0 else 1
            fit = conv_bn(c_in, c_out, 1, stride, relu=False) if stride != 1 or c_in != c_out else []
            layers.append(Residual(conv_bn(c_in, c_out, 3, stride) + conv_bn(c_out, c_out, relu=False), fit, True))
            c_in = c_out
    return nn.Sequential(*layers, *head(c_in, classes))


class WideBlock(nn.Module):
    """Batch norm and relu first; a block that changes the shape projects the activated input."""

    def __init__(self, c_in, c_out, stride):
        super().__init__()
        self.activate = nn.Sequential(nn.BatchNorm2d(c_in), nn.ReLU(inplace=False))
        self.body = nn.Sequential(*conv_bn(c_in, c_out, 3, stride), nn.Conv2d(c_out, c_out, 3, 1, 1, bias=False))
        self.fit = nn.Conv2d(c_in, c_out, 1, stride, bias=False) if c_in != c_out else None

    def forward(self, x):
        active = self.activate(x)
        return self.body(active) + (self.fit(active) if self.fit else x)


def wrn(depth, width, classes):
    layers, c_in = [nn.Conv2d(3, 16, 3, 1, 1, bias=False)], 16
    for stage in range(3):
        for block in range((depth - 4) // 6):
            c_out = (16 << stage) * width
            layers.append(WideBlock(c_in, c_out, 2 if stage > 0 and block == 0 else 1))
            c_in = c_out
    return nn.Sequential(*layers, nn.BatchNorm2d(c_in), nn.ReLU(inplace=True), *head(c_in, classes))


def vgg(depths, classes):
    layers, c_in = [], 3
    for block, (depth, c_out) in enumerate(zip(depths, (64, 128, 256, 512, 512))):
        for _ in range(depth):
            layers += conv_bn(c_in, c_out, bias=True)
            c_in = c_out
        if block < 3:
            layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, *head(c_in, classes))


def mobilenet_v2_half(classes):
    stages = ((1, 8, 1, 1), (6, 12, 2, 1), (6, 16, 3, 2), (6, 32, 4, 2), (6, 48, 3, 1), (6, 80, 3, 2), (6, 160, 1, 1))
    layers, c_in = conv_bn(3, 16, stride=2), 16
    for expansion, c_out, blocks, first_stride in stages:
        for block in range(blocks):
            stride, wide = first_stride if block == 0 else 1, c_in * expansion
            body = conv_bn(c_in, wide, 1) + conv_bn(wide, wide, 3, stride, wide) + conv_bn(wide, c_out, 1, relu=False)
            layers += [Residual(body, [], False)] if stride == 1 and c_in == c_out else body
            c_in = c_out
    return nn.Sequential(*layers, *conv_bn(c_in, 1280, 1), *head(1280, classes))


class ShuffleBlock(nn.Module):
    """Two branches, concatenated and interleaved; without a stride the first is half of the input as it is."""

    def __init__(self, c_in, c_out, stride):
        super().__init__()
        half = c_out // 2
        self.split = stride == 1
        into = half if self.split else c_in
        self.right = nn.Sequential(*conv_bn(into, half, 1), *conv_bn(half, half, 3, stride, half, relu=False),
                                   *conv_bn(half, half, 1))
        self.left = nn.Sequential() if self.split else nn.Sequential(
            *conv_bn(c_in, c_in, 3, stride, c_in, relu=False), *conv_bn(c_in, half, 1))

    def forward(self, x):
        left, right = x.chunk(2, 1) if self.split else (x, x)
        y = torch.cat((self.left(left), self.right(right)), 1)
        n, c, h, w = y.shape
        return y.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)


def shufflenet_v2(classes):
    layers, c_in = conv_bn(3, 24, 1), 24
    for c_out, blocks in ((116, 3), (232, 7), (464, 3)):
        layers.append(ShuffleBlock(c_in, c_out, 2))
        layers += [ShuffleBlock(c_out, c_out, 1) for _ in range(blocks)]
        c_in = c_out
    return nn.Sequential(*layers, *conv_bn(c_in, 1024, 1), *head(1024, classes))


# name: (how it is made, trained values for 100 classes, as the public tables and `sld models` count them)
NETWORKS = {
    "resnet8": (lambda k: resnet(8, 16, (16, 32, 64), k), 83_892),
    "resnet20": (lambda k: resnet(20, 16, (16, 32, 64), k), 278_324),
    "resnet32": (lambda k: resnet(32, 16, (16, 32, 64), k), 472_756),
    "resnet56": (lambda k: resnet(56, 16, (16, 32, 64), k), 861_620),
    "resnet110": (lambda k: resnet(110, 16, (16, 32, 64), k), 1_736_564),
    "resnet8x4": (lambda k: resnet(8, 32, (64, 128, 256), k), 1_233_540),
    "resnet32x4": (lambda k: resnet(32, 32, (64, 128, 256), k), 7_433_860),
    "wrn_16_2": (lambda k: wrn(16, 2, k), 703_284),
    "wrn_40_2": (lambda k: wrn(40, 2, k), 2_255_156),
    "vgg8": (lambda k: vgg((1, 1, 1, 1, 1), k), 3_965_028),
    "vgg13": (lambda k: vgg((2, 2, 2, 2, 2), k), 9_462_180),
    "MobileNetV2": (mobilenet_v2_half, 812_836),
    "ShuffleV2": (shufflenet_v2, 1_355_528),
}


def make_network(name, classes=100):
    make, trained = NETWORKS[name]
    network = make(classes)
    found = sum(p.numel() for p in network.parameters())
    if classes == 100 and found != trained:
        raise ValueError(f"{name}: {found} trained values, {trained} wanted")
    return network
