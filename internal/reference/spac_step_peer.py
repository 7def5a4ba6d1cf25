"""The peer of BenchmarkTrainStep (spac/bench_test.go): one training step of the captioner in PyTorch, eager, as one would
write it down: ResNet with FPN, six attribute branches, the sentence branch, two style encoders, GPT-2, AdamW.

    python internal/reference/spac_step_peer.py base fp32 5     # or: demo bf16 30

Prints seconds and processor seconds a step, and images a second. Needs torch 2.11; the model is written here, so that
no other library plays a part. The batch is random: six attributes of 6 tokens, two captions of 30 an image.
"""
import resource
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

SIZES = {
    "base": dict(layers=[3, 4, 23, 3], width=64, channels=256, height=384, px=128, dim=768, blocks=12, heads=12, vocab=50257, positions=1024, batch=4, dropout=0.25),
    "demo": dict(layers=[1, 1, 1, 1], width=16, channels=64, height=96, px=48, dim=128, blocks=2, heads=4, vocab=800, positions=128, batch=64, dropout=0.1),
}


class Bottleneck(nn.Module):
    def __init__(self, inside, planes, stride):
        super().__init__()
        out = 4 * planes
        self.conv1, self.bn1 = nn.Conv2d(inside, planes, 1, bias=False), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = nn.Conv2d(planes, planes, 3, stride, 1, bias=False), nn.BatchNorm2d(planes)
        self.conv3, self.bn3 = nn.Conv2d(planes, out, 1, bias=False), nn.BatchNorm2d(out)
        self.downsample = None
        if stride > 1 or inside != out:
            self.downsample = nn.Sequential(nn.Conv2d(inside, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class Level(nn.Module):
    """Stride 8 of the pyramid."""

    def __init__(self, c):
        super().__init__()
        w = c["width"]
        self.stem = nn.Sequential(nn.Conv2d(3, w, 7, 2, 3, bias=False), nn.BatchNorm2d(w), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        self.stages, inside = nn.ModuleList(), w
        for i, n in enumerate(c["layers"]):
            blocks = []
            for k in range(n):
                blocks.append(Bottleneck(inside, w << i, 2 if i and k == 0 else 1))
                inside = 4 * (w << i)
            self.stages.append(nn.Sequential(*blocks))
        self.inner = nn.ModuleList(nn.Conv2d(4 * (w << i), c["channels"], 1) for i in range(4))
        self.layer = nn.Conv2d(c["channels"], c["channels"], 3, 1, 1)

    def forward(self, x):
        x, outs = self.stem(x), []
        for s in self.stages:
            x = s(x)
            outs.append(x)
        top = None
        for i in (3, 2, 1):
            y = self.inner[i](outs[i])
            top = y if top is None else y + F.interpolate(top, size=y.shape[2:], mode="nearest")
        return self.layer(top)


class Branch(nn.Module):
    def __init__(self, c, convs, inner, tokens):
        super().__init__()
        n = c["channels"]
        self.convs = nn.ModuleList(nn.Conv2d(n, n, 3, 2, 1) for _ in range(convs))
        self.fc1, self.fc2, self.tokens, self.p = nn.Linear(n, inner), nn.Linear(inner, tokens * c["dim"]), tokens, c["dropout"]

    def forward(self, x):
        for conv in self.convs:
            x = conv(x)
        x = F.dropout(self.fc1(x.mean((2, 3))), self.p, self.training)
        x = F.leaky_relu(F.dropout(self.fc2(x), self.p, self.training), 1 / 5.5)
        return x.view(x.shape[0], self.tokens, -1)


class Block(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.ln1, self.qkv, self.proj = nn.LayerNorm(dim), nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.ln2, self.fc, self.out, self.heads = nn.LayerNorm(dim), nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim), heads

    def forward(self, x):
        b, t, d = x.shape
        q, k, v = (z.view(b, t, self.heads, -1).transpose(1, 2) for z in self.qkv(self.ln1(x)).chunk(3, 2))
        a = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(b, t, d)
        x = x + self.proj(a)
        return x + self.out(F.gelu(self.fc(self.ln2(x)), approximate="tanh"))


class Captioner(nn.Module):
    def __init__(self, c):
        super().__init__()
        d = c["dim"]
        self.level = Level(c)
        self.attributes = nn.ModuleList(Branch(c, 1, d, 3) for _ in range(6))
        self.sentence = Branch(c, 2, 2 * d, 5)
        self.styles = nn.ModuleList(nn.Linear(d, d) for _ in range(2))
        self.wte, self.wpe = nn.Embedding(c["vocab"], d), nn.Embedding(c["positions"], d)
        nn.init.normal_(self.wte.weight, 0, 0.02)
        self.blocks, self.ln = nn.ModuleList(Block(d, c["heads"]) for _ in range(c["blocks"])), nn.LayerNorm(d)

    def generate(self, prefix, ids):
        p, t = prefix.shape[1], ids.shape[1]
        x = torch.cat([prefix, self.wte(ids[:, :-1])], 1)
        x = x + self.wpe(torch.arange(x.shape[1]))
        for b in self.blocks:
            x = b(x)
        logits = self.ln(x)[:, p - 1:] @ self.wte.weight.T
        return F.cross_entropy(logits.reshape(-1, logits.shape[2]).float(), ids.reshape(-1))

    def forward(self, images, attributes, captions):
        level = self.level(images)
        a = [b(level) for b in self.attributes]
        all_ = torch.cat(a + [self.sentence(level)], 1)
        loss = 0.15 * self.generate(torch.cat(a), attributes)
        for style, ids in zip(self.styles, captions):
            loss = loss + 0.5 * self.generate(style(all_), ids)
        return loss


def main():
    c, bf16, n = SIZES[sys.argv[1]], sys.argv[2] == "bf16", int(sys.argv[3])
    torch.manual_seed(1)
    model = Captioner(c)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    b = c["batch"]
    images = torch.randn(b, 3, c["height"], c["px"])
    attributes = torch.randint(c["vocab"], (6 * b, 6))
    captions = [torch.randint(c["vocab"], (b, 30)) for _ in range(2)]

    def step():
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            loss = model(images, attributes, captions)
        loss.backward()
        optimizer.step()

    step()
    began, cpu = time.time(), resource.getrusage(resource.RUSAGE_SELF)
    for _ in range(n):
        step()
    took, after = time.time() - began, resource.getrusage(resource.RUSAGE_SELF)
    used = after.ru_utime + after.ru_stime - cpu.ru_utime - cpu.ru_stime
    print(f"{sys.argv[1]} {sys.argv[2]}: {took / n:.3f} s, {used / n:.3f} processor seconds a step, {b * n / took:.2f} images/s")


main()
