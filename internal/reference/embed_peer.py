#!/usr/bin/env python3
"""The peer of BenchmarkEmbed: crops of 64x128 through an RN50 of PLIP's kind at 256x128 in eager PyTorch, read by a
DataLoader with Pillow, with PyTorch's own choice of threads; prints the processor time an image, that of the loader's
worker included, and images a second.

  python embed_peer.py --images 64 --precision fp32

Against: go test ./cmd/plip -run '^$' -bench Embed. The weights are random: only the time is compared.
"""
import argparse
import os
import pathlib
import tempfile
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from PIL import Image


def conv_bn(inputs, outputs, kernel, stride=1):
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs))


class Bottleneck(nn.Module):
    def __init__(self, inputs, planes, stride):
        super().__init__()
        self.first, self.second = conv_bn(inputs, planes, 1), conv_bn(planes, planes, 3)
        self.third = conv_bn(planes, 4 * planes, 1)
        self.pool = nn.AvgPool2d(stride) if stride > 1 else nn.Identity()
        self.skip = None
        if stride > 1 or inputs != 4 * planes:
            self.skip = nn.Sequential(self.pool, conv_bn(inputs, 4 * planes, 1))

    def forward(self, x):
        y = F.relu(self.first(x))
        y = self.third(self.pool(F.relu(self.second(y))))
        return F.relu(y + (x if self.skip is None else self.skip(x)))


class Encoder(nn.Module):
    def __init__(self, width=64, layers=(3, 4, 6, 3), dim=768):
        super().__init__()
        half = width // 2
        self.stem = nn.ModuleList([conv_bn(3, half, 3, 2), conv_bn(half, half, 3), conv_bn(half, width, 3)])
        blocks, inputs = [], width
        for stage, n in enumerate(layers):
            for i in range(n):
                planes = width * 2**stage
                blocks.append(Bottleneck(inputs, planes, 2 if stage and i == 0 else 1))
                inputs = 4 * planes
        self.blocks, self.project = nn.Sequential(*blocks), nn.Linear(inputs, dim)

    def forward(self, x):
        for layer in self.stem:
            x = F.relu(layer(x))
        return self.project(self.blocks(F.avg_pool2d(x, 2)).amax((2, 3)))


class Crops(torch.utils.data.Dataset):
    def __init__(self, files):
        self.files = files
        self.mean = torch.tensor([0.357, 0.323, 0.328])[:, None, None]
        self.std = torch.tensor([0.252, 0.242, 0.239])[:, None, None]

    def __len__(self):
        return len(self.files)

    def __getitem__(self, i):
        picture = Image.open(self.files[i]).convert("RGB").resize((128, 256), Image.BICUBIC)
        x = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255
        return (x - self.mean) / self.std


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    a = parser.parse_args()
    rng = np.random.default_rng(1)
    model = Encoder().eval()

    def embed(files):
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=a.precision == "bf16"):
            for x in torch.utils.data.DataLoader(Crops(files), 64, num_workers=1):
                model(x).float().numpy()

    with tempfile.TemporaryDirectory() as folder:
        for i in range(a.images):
            ramp = (np.arange(3 * 64 * 128) // 96).reshape(128, 64, 3)
            picture = (ramp + rng.integers(0, 64, ramp.shape)).astype(np.uint8)
            Image.fromarray(picture).save(os.path.join(folder, f"{i:05}.jpg"), quality=90)
        files = sorted(pathlib.Path(folder).glob("*.jpg"))
        embed(files[:64])  # PyTorch prepares its kernels at the first batch
        began = sum(os.times()[:4])
        start = time.time()
        embed(files)
        spent = sum(os.times()[:4]) - began
    rate = a.images / (time.time() - start)
    print(f"{a.precision}: {1e3 * spent / a.images:.2f} ms of processor time an image, {rate:.2f} images/s, {torch.get_num_threads()} threads")


if __name__ == "__main__":
    main()
