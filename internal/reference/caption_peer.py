#!/usr/bin/env python3
"""The peer of BenchmarkCaptionStage: the captioner of spac.md, section 3, at base size in eager PyTorch, as one would
write it from the paper: the prefix encoder once a batch, then each of the six attributes and two captions generated for
the whole batch with a key/value cache. Prints processor time an image and images a second.

  python caption_peer.py --batch 8 --runs 2

Against: go test ./spac -run '^$' -bench CaptionStage. The weights are random, so that every text runs to its limit on
both sides: 12 tokens an attribute, 60 a caption. Reading images is in neither.
"""
import argparse
import json
import math
import resource
import statistics
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


def conv_bn(inputs, outputs, kernel, stride=1):
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs))


class Bottleneck(nn.Module):
    def __init__(self, inputs, planes, stride):
        super().__init__()
        self.body = nn.Sequential(conv_bn(inputs, planes, 1), nn.ReLU(), conv_bn(planes, planes, 3, stride), nn.ReLU(), conv_bn(planes, 4 * planes, 1))
        self.skip = conv_bn(inputs, 4 * planes, 1, stride) if stride > 1 or inputs != 4 * planes else nn.Identity()

    def forward(self, x):
        return F.relu(self.body(x) + self.skip(x))


class PrefixEncoder(nn.Module):
    """ResNet-101 with a feature pyramid, six attribute branches, the sentence branch and two styles."""

    def __init__(self, dim=768, channels=256):
        super().__init__()
        self.stem = nn.Sequential(conv_bn(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        self.stages, inputs = nn.ModuleList(), 64
        for i, blocks in enumerate((3, 4, 23, 3)):
            layers = []
            for k in range(blocks):
                layers.append(Bottleneck(inputs, 64 * 2**i, 2 if i and not k else 1))
                inputs = 256 * 2**i
            self.stages.append(nn.Sequential(*layers))
        self.inner = nn.ModuleList(nn.Conv2d(256 * 2**i, channels, 1) for i in range(4))
        self.outer = nn.Conv2d(channels, channels, 3, padding=1)

        def branch(convs, hidden, tokens):
            return nn.Sequential(*[nn.Conv2d(channels, channels, 3, 2, 1) for _ in range(convs)], nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                                 nn.Linear(channels, hidden), nn.Linear(hidden, tokens * dim), nn.LeakyReLU(1 / 5.5), nn.Unflatten(1, (tokens, dim)))
        self.attributes = nn.ModuleList(branch(1, dim, 3) for _ in range(6))
        self.sentence = branch(2, 2 * dim, 5)
        self.styles = nn.ModuleList(nn.Linear(dim, dim) for _ in range(2))

    def forward(self, x):
        x, maps = self.stem(x), []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        y = self.inner[3](maps[3])
        for i in (2, 1):
            y = self.inner[i](maps[i]) + F.interpolate(y, size=maps[i].shape[-2:])
        y = self.outer(y)
        slots = [b(y) for b in self.attributes]
        whole = torch.cat(slots + [self.sentence(y)], 1)
        return slots, [s(whole) for s in self.styles]


class GPT2(nn.Module):
    def __init__(self, depth=12, dim=768, heads=12, vocab=50257):
        super().__init__()
        self.heads = heads
        self.tokens, self.places, self.norm = nn.Embedding(vocab, dim), nn.Embedding(1024, dim), nn.LayerNorm(dim)
        self.layers = nn.ModuleList(nn.ModuleDict(dict(qkv=nn.Linear(dim, 3 * dim), out=nn.Linear(dim, dim), up=nn.Linear(dim, 4 * dim),
                                                       down=nn.Linear(4 * dim, dim), n1=nn.LayerNorm(dim), n2=nn.LayerNorm(dim))) for _ in range(depth))

    def step(self, x, cache, at):
        n, l, dim = x.shape
        x = x + self.places.weight[at:at + l]
        for i, w in enumerate(self.layers):
            q, k, v = w["qkv"](w["n1"](x)).view(n, l, 3, self.heads, dim // self.heads).permute(2, 0, 3, 1, 4)
            if cache[i] is not None:
                k, v = torch.cat([cache[i][0], k], 2), torch.cat([cache[i][1], v], 2)
            cache[i] = (k, v)
            s = q @ k.transpose(-1, -2) / math.sqrt(dim // self.heads)
            if l > 1:
                s = s.masked_fill(torch.ones(l, l, dtype=torch.bool).triu(1), -math.inf)
            x = x + w["out"]((s.softmax(-1) @ v).transpose(1, 2).reshape(n, l, dim))
            x = x + w["down"](F.gelu(w["up"](w["n2"](x)), approximate="tanh"))
        return self.norm(x[:, -1]) @ self.tokens.weight.t()

    def generate(self, prefix, limit):
        cache, x, at, out = [None] * len(self.layers), prefix, 0, []
        for _ in range(limit):
            best = self.step(x, cache, at).argmax(-1)
            out.append(best)
            at, x = at + x.shape[1], self.tokens(best)[:, None]
        return torch.stack(out, 1)


def processor():
    r = resource.getrusage(resource.RUSAGE_SELF)
    return r.ru_utime + r.ru_stime


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in dict(batch=8, runs=2, threads=2, warm=1).items():
        p.add_argument("--" + name, type=int, default=default)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    encoder, generator = PrefixEncoder().eval(), GPT2().eval()
    images = torch.randn(a.batch, 3, 384, 128)
    clock, cpu = [], []
    with torch.no_grad():
        for run in range(a.warm + a.runs):
            began, used = time.perf_counter(), processor()
            slots, styles = encoder(images)
            for prefix in slots:
                generator.generate(prefix, 12)
            for prefix in styles:
                generator.generate(prefix, 60)
            if run >= a.warm:
                clock.append(time.perf_counter() - began)
                cpu.append(processor() - used)
    print(json.dumps(dict(images_per_s=round(a.batch / statistics.median(clock), 3), cpu_s_per_image=round(statistics.median(cpu) / a.batch, 3),
                          batch=a.batch, threads=a.threads, torch=torch.__version__)))


if __name__ == "__main__":
    main()
