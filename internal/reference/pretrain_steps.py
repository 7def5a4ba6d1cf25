"""Writes the reference numbers of a whole pre-training step with torch 2.11.0, numpy, Pillow and safetensors:

    python3 pretrain_steps.py ../../trainer/testdata/fixtures

pretrain-steps.safetensors: both encoders and the heads of the three pretext tasks at small size, ten steps of Adan on
one batch. The model is written out here from its definition (modified ResNet, BERT, CMPM, colourisation, masked
attributes), in float64, so that what differs is the other side's rounding.

    param.NAME   parameters and buffers at first, under the names of a checkpoint
    input.*      images as 8-bit RGB [N, H, W, 3], identities, captions and masked captions with their masks [N, L]
    loss.PART    of the ten steps: ivlc, tic, iap and their weighted sum, total
    grad.NAME    gradients of the first step's total; what is not there is frozen
    after.NAME   parameters and buffers after the tenth step
    config       in the metadata: the trainer's settings
"""

import json
import math
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file

STEPS = 10
N, L, MASK = 6, 12, 4
CONFIG = {
    "visual": {"layers": [1, 1, 1, 1], "width": 4, "height": 64, "px": 32, "pool": "max", "dim": 32},
    "text": {"vocab": 60, "width": 32, "layers": 2, "heads": 4, "inner": 64, "positions": 16, "types": 2, "eps": 1e-12,
             "dropout": 0, "attention_dropout": 0, "max_length": L, "pool": "mean", "frozen_layers": 1},
    "contrast": "cmpm",
    "cmpm": {"norm": "l2", "epsilon": 1e-8},
    "loss": {"ivlc": 1, "tic": 0.02, "iap": 0.1},
    "colorize": {"distance": "l2", "channels": 4},
    "attributes": {"fusion": "sum", "heads": 8},
    "optimizer": "adan", "betas": [0.98, 0.92, 0.99], "eps": 1e-8, "weight-decay": 0.02, "no-prox": False,
    "lr": 0.002, "text-lr-scale": 0.1,
}
MEAN, STD = (0.357, 0.323, 0.328), (0.252, 0.242, 0.239)
rng = torch.Generator().manual_seed(6)


class Parameters:
    """Values by name, rounded to float32 before they are widened."""

    def __init__(self):
        self.params, self.buffers = {}, {}

    def draw(self, name, *shape, std, mean=0.0):
        x = torch.randn(shape, generator=rng) * std + mean
        self.params[name] = x.double().requires_grad_()

    def linear(self, name, inputs, outputs):
        self.draw(name + ".weight", outputs, inputs, std=inputs**-0.5)
        self.draw(name + ".bias", outputs, std=0.1)

    def conv(self, name, inputs, outputs, kernel, bias=False):
        self.draw(name + ".weight", outputs, inputs, kernel, kernel, std=(inputs * kernel**2) ** -0.5)
        if bias:
            self.draw(name + ".bias", outputs, std=0.1)

    def norm(self, name, channels):
        self.draw(name + ".weight", channels, std=0.1, mean=1)
        self.draw(name + ".bias", channels, std=0.1)

    def batch_norm(self, name, channels):
        self.norm(name, channels)
        self.buffers[name + ".running_mean"] = torch.zeros(channels, dtype=torch.float64)
        self.buffers[name + ".running_var"] = torch.ones(channels, dtype=torch.float64)
        self.buffers[name + ".num_batches_tracked"] = torch.zeros((), dtype=torch.int64)

    def all(self):
        return {**self.params, **self.buffers}


def stages():
    """Name, input channels, planes and stride of the four stages' blocks."""
    inputs = CONFIG["visual"]["width"]
    for k, count in enumerate(CONFIG["visual"]["layers"]):
        planes = CONFIG["visual"]["width"] << k
        for b in range(count):
            yield f"visual.layer{k + 1}.{b}", inputs, planes, 2 if k and not b else 1, k
            inputs = 4 * planes


def make():
    p, v, t = Parameters(), CONFIG["visual"], CONFIG["text"]
    w, d = v["width"], t["width"]
    for k, (a, b) in enumerate(((3, w // 2), (w // 2, w // 2), (w // 2, w))):
        p.conv(f"visual.conv{k + 1}", a, b, 3)
        p.batch_norm(f"visual.bn{k + 1}", b)
    for name, inputs, planes, stride, _ in stages():
        for k, (a, b, kernel) in enumerate(((inputs, planes, 1), (planes, planes, 3), (planes, 4 * planes, 1))):
            p.conv(f"{name}.conv{k + 1}", a, b, kernel)
            p.batch_norm(f"{name}.bn{k + 1}", b)
        if stride > 1 or inputs != 4 * planes:
            p.conv(f"{name}.downsample.0", inputs, 4 * planes, 1)
            p.batch_norm(f"{name}.downsample.1", 4 * planes)
    p.linear("visual.proj", 32 * w, v["dim"])

    e = "text.embeddings."
    for name, count in (("word", t["vocab"]), ("position", t["positions"]), ("token_type", t["types"])):
        p.draw(f"{e}{name}_embeddings.weight", count, d, std=0.3)
    p.norm(e + "LayerNorm", d)
    for k in range(t["layers"]):
        layer = f"text.encoder.layer.{k}."
        for name in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            p.linear(layer + name, d, d)
        p.norm(layer + "attention.output.LayerNorm", d)
        p.linear(layer + "intermediate.dense", d, t["inner"])
        p.linear(layer + "output.dense", t["inner"], d)
        p.norm(layer + "output.LayerNorm", d)
    p.linear("text.pooler.dense", d, d)

    c = CONFIG["colorize"]["channels"]
    for k in range(4):
        p.conv(f"tic.reduce.{k}", 4 * w << k, c, 1, bias=True)
    for k, (a, b) in enumerate(((4 * c, c), (c, 3))):
        p.linear(f"tic.mse{k + 1}.fc1", a + d, a)
        p.linear(f"tic.mse{k + 1}.fc2", a, a)
        p.draw(f"tic.deconv{k + 1}.weight", a, b, 3, 3, std=(a * 2) ** -0.5)
        p.draw(f"tic.deconv{k + 1}.bias", b, std=0.1)

    for name, a, b in (("q", d, d), ("k", d, d), ("v", d, d), ("proj", d, d), ("fc1", d, 4 * d), ("fc2", 4 * d, d), ("vocab", d, t["vocab"])):
        p.linear("iap." + name, a, b)
    for name in ("ln1", "ln2"):
        p.norm("iap." + name, d)
    return p


def frozen(name):
    """The embeddings, the lower layers, and the pooler, which averaging leaves out."""
    layers = [f"text.encoder.layer.{k}." for k in range(CONFIG["text"]["frozen_layers"])]
    return name.startswith(("text.embeddings.", "text.pooler.", *layers))


def visual(p, x):
    """The maps of the four stages and the embedding, in training: running statistics move."""
    w = p.params

    def conv(x, name, padding=0, stride=1):
        return F.conv2d(x, w[name + ".weight"], stride=stride, padding=padding)

    def norm(x, name):
        p.buffers[name + ".num_batches_tracked"] += 1
        mean, var = p.buffers[name + ".running_mean"], p.buffers[name + ".running_var"]
        return F.batch_norm(x, mean, var, w[name + ".weight"], w[name + ".bias"], training=True, momentum=0.1, eps=1e-5)

    for k in (1, 2, 3):
        x = norm(conv(x, f"visual.conv{k}", 1, 2 if k == 1 else 1), f"visual.bn{k}").relu()
    x = F.avg_pool2d(x, 2)
    maps = [None] * 4
    for name, inputs, planes, stride, stage in stages():
        y = norm(conv(x, name + ".conv1"), name + ".bn1").relu()
        y = norm(conv(y, name + ".conv2", 1), name + ".bn2").relu()
        if stride > 1:
            y, x = F.avg_pool2d(y, stride), F.avg_pool2d(x, stride)
        if stride > 1 or inputs != 4 * planes:
            x = norm(conv(x, name + ".downsample.0"), name + ".downsample.1")
        x = (norm(conv(y, name + ".conv3"), name + ".bn3") + x).relu()
        maps[stage] = x
    return maps, F.linear(x.amax((2, 3)), w["visual.proj.weight"], w["visual.proj.bias"])


def attention(q, k, v, mask, heads):
    n, l, d = q.shape
    split = lambda x: x.view(n, -1, heads, d // heads).transpose(1, 2)
    scores = split(q) @ split(k).transpose(2, 3) / math.sqrt(d // heads)
    scores = scores.masked_fill(mask[:, None, None, :] == 0, -math.inf)
    return (scores.softmax(3) @ split(v)).transpose(1, 2).reshape(n, l, d)


def text(p, ids, mask):
    """The last hidden states and their mean over the attended tokens."""
    w, t = p.params, CONFIG["text"]
    linear = lambda x, name: F.linear(x, w[name + ".weight"], w[name + ".bias"])
    norm = lambda x, name: F.layer_norm(x, (t["width"],), w[name + ".weight"], w[name + ".bias"], t["eps"])
    e = "text.embeddings."
    x = w[e + "word_embeddings.weight"][ids] + w[e + "position_embeddings.weight"][:ids.shape[1]] + w[e + "token_type_embeddings.weight"][0]
    x = norm(x, e + "LayerNorm")
    for k in range(t["layers"]):
        layer = f"text.encoder.layer.{k}."
        q, key, v = (linear(x, layer + "attention.self." + s) for s in ("query", "key", "value"))
        y = linear(attention(q, key, v, mask, t["heads"]), layer + "attention.output.dense")
        x = norm(x + y, layer + "attention.output.LayerNorm")
        y = linear(F.gelu(linear(x, layer + "intermediate.dense")), layer + "output.dense")
        x = norm(x + y, layer + "output.LayerNorm")
    m = mask.double()[:, :, None]
    return x, (x * m).sum(1) / m.sum(1)


def contrast(v, t, identities):
    """CMPM in both directions."""
    y = (identities[:, None] == identities[None, :]).double()
    q = y / y.norm(dim=1, keepdim=True)
    loss = 0
    for a, b in ((v, t), (t, v)):
        scores = a @ F.normalize(b, dim=1).T
        p = scores.softmax(1)
        loss = loss + (p * (scores.log_softmax(1) - (q + CONFIG["cmpm"]["epsilon"]).log())).sum(1).mean()
    return loss


def colorize(p, maps, caption):
    w = p.params
    linear = lambda x, name: F.linear(x, w[name + ".weight"], w[name + ".bias"])
    parts = [F.conv2d(m, w[f"tic.reduce.{k}.weight"], w[f"tic.reduce.{k}.bias"]) for k, m in enumerate(maps)]
    x = torch.cat([F.interpolate(m, scale_factor=2**k, mode="bilinear", align_corners=False) if k else m for k, m in enumerate(parts)], 1)
    for k in (1, 2):
        s = torch.cat([x.mean((2, 3)), caption], 1)
        s = linear(linear(s, f"tic.mse{k}.fc1").relu(), f"tic.mse{k}.fc2").sigmoid()
        x = F.conv_transpose2d(x * s[:, :, None, None], w[f"tic.deconv{k}.weight"], w[f"tic.deconv{k}.bias"], stride=2, padding=1, output_padding=1)
    return x


def predict(p, hidden, mask, image, masked, targets):
    """Cross entropy of the masked tokens."""
    w, d = p.params, hidden.shape[2]
    linear = lambda x, name: F.linear(x, w[f"iap.{name}.weight"], w[f"iap.{name}.bias"])
    norm = lambda x, name: F.layer_norm(x, (d,), w[f"iap.{name}.weight"], w[f"iap.{name}.bias"], 1e-5)
    x = hidden + image[:, None, :]
    h = norm(x, "ln1")
    x = x + linear(attention(linear(h, "q"), linear(h, "k"), linear(h, "v"), mask, CONFIG["attributes"]["heads"]), "proj")
    x = x + linear(F.gelu(linear(norm(x, "ln2"), "fc1")), "fc2")
    return F.cross_entropy(linear(x[masked], "vocab"), targets)


class Adan:
    """One state a parameter; the text encoder's rate is scaled."""

    def __init__(self, params):
        self.params, self.step_count = params, 0
        self.state = {k: [torch.zeros_like(x) for _ in range(4)] for k, x in params.items()}

    def step(self):
        self.step_count += 1
        b1, b2, b3 = CONFIG["betas"]
        c1, c2, c3 = (1 - b**self.step_count for b in (b1, b2, b3))
        for name, x in self.params.items():
            lr = CONFIG["lr"] * (CONFIG["text-lr-scale"] if name.startswith("text.") else 1)
            m, v, n, previous = self.state[name]
            g = x.grad
            diff = torch.zeros_like(g) if self.step_count == 1 else g - previous
            m.mul_(b1).add_(g, alpha=1 - b1)
            v.mul_(b2).add_(diff, alpha=1 - b2)
            n.mul_(b3).add_((g + b2 * diff) ** 2, alpha=1 - b3)
            previous.copy_(g)
            update = (m / c1 + b2 * v / c2) / ((n / c3).sqrt() + CONFIG["eps"])
            with torch.no_grad():
                x.sub_(lr * update).div_(1 + lr * CONFIG["weight-decay"])


def images():
    """Smooth 8-bit pictures [N, H, W, 3] and their gray twins."""
    v = CONFIG["visual"]
    coarse = torch.rand(N, 3, v["height"] // 8, v["px"] // 8, generator=rng)
    fine = F.interpolate(coarse, size=(v["height"], v["px"]), mode="bilinear") + 0.1 * torch.rand(N, 3, v["height"], v["px"], generator=rng)
    rgb = (fine.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).contiguous()
    gray = [np.array(Image.fromarray(x.numpy()).convert("L")) for x in rgb]
    gray = torch.from_numpy(np.stack(gray))[..., None].expand_as(rgb)
    return rgb, gray


def normalise(x):
    """[N, 3, H, W]"""
    mean, std = torch.tensor(MEAN), torch.tensor(STD)
    return ((x.float() / 255 - mean) / std).permute(0, 3, 1, 2).double()


def captions():
    """Random tokens with padding; some are masked, in one caption none."""
    ids, mask = torch.randint(5, CONFIG["text"]["vocab"], (N, L), generator=rng), torch.ones(N, L, dtype=torch.int64)
    masked = torch.zeros(N, L, dtype=torch.bool)
    for i in range(N):
        length = L - 2 * i % 5
        ids[i, 0], ids[i, length - 1], ids[i, length:], mask[i, length:] = 2, 3, 0, 0
        if i != 3:
            masked[i, 2 + i % 2:4 + i % 3] = True
    return ids, mask, torch.where(masked, MASK, ids), masked


def main(path):
    p = make()
    rgb, gray8 = images()
    image, gray = normalise(rgb), normalise(gray8)
    ids, mask, hidden_ids, masked = captions()
    identities = torch.tensor([7, 9, 7, 8, 9, 5])
    out = {f"param.{k}": x.detach().clone() for k, x in p.all().items()}
    out |= {"input.rgb": rgb, "input.gray": gray8[..., 0].contiguous(), "input.identities": identities, "input.ids": ids, "input.mask": mask,
            "input.masked_ids": hidden_ids, "input.masked": masked.long()}
    trained = {k: x for k, x in p.params.items() if not frozen(k)}
    optimizer = Adan(trained)
    losses = {k: [] for k in ("ivlc", "tic", "iap", "total")}
    for step in range(STEPS):
        for x in p.params.values():
            x.grad = None
        _, v = visual(p, image)
        maps, _ = visual(p, gray)
        _, t = text(p, ids, mask)
        h, _ = text(p, hidden_ids, mask)
        parts = {"ivlc": contrast(v, t, identities), "tic": ((colorize(p, maps, t) - image) ** 2).mean(), "iap": predict(p, h, mask, v, masked, ids[masked])}
        total = sum(CONFIG["loss"][k] * x for k, x in parts.items())
        for k, x in {**parts, "total": total}.items():
            losses[k].append(x.detach())
        total.backward()
        if step == 0:
            out |= {f"grad.{k}": x.grad.clone() for k, x in trained.items()}
        optimizer.step()
    out |= {f"loss.{k}": torch.stack(x) for k, x in losses.items()}
    out |= {f"after.{k}": x.detach() for k, x in p.all().items() if not frozen(k)}
    out = {k: x.float().contiguous() if x.dtype == torch.float64 else x.contiguous() for k, x in out.items()}
    save_file(out, path / "pretrain-steps.safetensors", {"config": json.dumps(CONFIG)})
    for k, x in losses.items():
        print(k, *(f"{y.item():.5f}" for y in x))


main(pathlib.Path(sys.argv[1]))
