"""The encoders of the Python release of PLIP, written anew from their description: the modules carry the names of its
state dicts, so that strict loading is the test of a layout. BERT is the transformers library's.
"""

import torch
import torch.nn.functional as F
from torch import nn
from transformers import BertConfig, BertModel

MEAN, STD = (0.357, 0.323, 0.328), (0.252, 0.242, 0.239)


class Block(nn.Module):
    """Bottleneck whose convolutions never stride: averages reduce, before the last one and in the shortcut."""

    def __init__(self, inputs, planes, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, planes, 1, bias=False), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False), nn.BatchNorm2d(planes)
        self.conv3, self.bn3 = nn.Conv2d(planes, 4 * planes, 1, bias=False), nn.BatchNorm2d(4 * planes)
        self.stride, self.downsample = stride, None
        if stride > 1 or inputs != 4 * planes:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, 4 * planes, 1, bias=False), nn.BatchNorm2d(4 * planes))

    def forward(self, x):
        y = self.bn1(self.conv1(x)).relu()
        y = self.bn2(self.conv2(y)).relu()
        if self.stride > 1:
            x, y = F.avg_pool2d(x, self.stride), F.avg_pool2d(y, self.stride)
        if self.downsample is not None:
            x = self.downsample(x)
        return (self.bn3(self.conv3(y)) + x).relu()


class AttentionPool(nn.Module):
    def __init__(self, positions, width, dim, heads):
        super().__init__()
        self.positional_embedding = nn.Parameter(torch.randn(positions + 1, width) / width**0.5)
        self.q_proj, self.k_proj, self.v_proj = (nn.Linear(width, width) for _ in range(3))
        self.c_proj = nn.Linear(width, dim)
        self.heads = heads

    def forward(self, x):
        x = x.flatten(2).transpose(1, 2)  # [N, P, C]
        x = torch.cat([x.mean(1, keepdim=True), x], 1) + self.positional_embedding
        n, length, c = x.shape
        split = lambda y: y.view(n, -1, self.heads, c // self.heads).transpose(1, 2)
        q, k, v = split(self.q_proj(x[:, :1])), split(self.k_proj(x)), split(self.v_proj(x))
        scores = q @ k.transpose(2, 3) / (c // self.heads) ** 0.5
        return self.c_proj((scores.softmax(3) @ v).transpose(1, 2).reshape(n, c))


class ImageEncoder(nn.Module):
    def __init__(self, layers=(3, 4, 6, 3), width=64, height=256, px=128, dim=768, heads=8):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, width // 2, 3, 2, 1, bias=False), nn.BatchNorm2d(width // 2)
        self.conv2, self.bn2 = nn.Conv2d(width // 2, width // 2, 3, 1, 1, bias=False), nn.BatchNorm2d(width // 2)
        self.conv3, self.bn3 = nn.Conv2d(width // 2, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        inputs = width
        for k, count in enumerate(layers):
            blocks = []
            for b in range(count):
                blocks.append(Block(inputs, width << k, 2 if k and not b else 1))
                inputs = 4 * width << k
            setattr(self, f"layer{k + 1}", nn.Sequential(*blocks))
        self.attnpool = AttentionPool(height // 32 * px // 32, inputs, dim, heads)

    def forward(self, x):
        for k in (1, 2, 3):
            x = getattr(self, f"bn{k}")(getattr(self, f"conv{k}")(x)).relu()
        x = F.avg_pool2d(x, 2)
        for k in (1, 2, 3, 4):
            x = getattr(self, f"layer{k}")(x)
        return self.attnpool(x)


class TextEncoder(nn.Module):
    def __init__(self, **config):
        super().__init__()
        self.encoder = BertModel(BertConfig(**config))

    def forward(self, ids, mask):
        return self.encoder(ids, attention_mask=mask).pooler_output


def normalise(rgb):
    """8-bit pictures [N, H, W, 3] as the encoder's input [N, 3, H, W]."""
    return ((rgb.float() / 255 - torch.tensor(MEAN)) / torch.tensor(STD)).permute(0, 3, 1, 2)
