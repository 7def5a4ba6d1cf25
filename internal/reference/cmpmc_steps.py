"""Ten steps of fine-tuning by CMPM/C on one batch, written to FOLDER/cmpmc-steps.safetensors:

    python3 cmpmc_steps.py FOLDER

The network is the release's (release_model.py), with dropout 0 and in float64, so that what differs is the other side's
rounding; loss, classifier and Adan are written here from their formulas.

    param.NAME   parameters and buffers at first, under the names of a checkpoint of plip
    input.*      images as 8-bit RGB [N, H, W, 3], identities, captions with their mask [N, L]
    loss.PART    of the ten steps: ivlc (CMPM), cmpc and their sum, total; both precisions
    grad.NAME    gradients of the first step's total
    after.NAME   parameters and buffers after the tenth step
    config       in the metadata: the trainer's settings
"""

import json
import math
import pathlib
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from release_model import ImageEncoder, TextEncoder, normalise

STEPS, N, L = 10, 6, 12
CONFIG = {
    "visual": {"layers": [1, 1, 1, 1], "width": 4, "height": 64, "px": 32, "pool": "attention", "heads": 8, "dim": 32},
    "text": {"vocab": 60, "width": 32, "layers": 2, "heads": 4, "inner": 64, "positions": 16, "types": 2, "eps": 1e-12,
             "dropout": 0, "attention_dropout": 0, "max_length": L, "pool": "pooler", "frozen_layers": 0},
    "contrast": "cmpm",
    "cmpm": {"norm": "l2", "epsilon": 1e-8},
    "loss": {"ivlc": 1, "tic": 0, "iap": 0},
    "finetune": {"cmpc": 1, "classes": 5, "classifier-scale": 10, "labels": "sorted", "pairs": "caption", "short-batch": True, "select": "last", "probe": ""},
    "optimizer": "adan", "betas": [0.98, 0.92, 0.99], "eps": 1e-8, "weight-decay": 0.02, "no-prox": False,
    "lr": 1e-4, "text-lr-scale": 1,
}
IDENTITIES = torch.tensor([7, 9, 7, 8, 9, 5])
LABELS = torch.tensor([1, 3, 1, 2, 3, 0])  # by order among 5, 7, 8, 9 and an 11 that the batch lacks
rng = torch.Generator().manual_seed(11)


def cmpm(v, t, identities, eps):
    same = (identities[:, None] == identities[None]).double()
    logq = (same / same.pow(2).sum(1, keepdim=True).sqrt() + eps).log()
    loss = 0
    for a, b in ((v, t), (t, v)):
        p = (a @ (b / b.norm(dim=1, keepdim=True)).T).softmax(1)
        loss = loss + (p * (p.log() - logq)).sum(1).mean()
    return loss


def cmpc(v, t, w, labels):
    w = w / w.norm(dim=0, keepdim=True)
    vn, tn = v / v.norm(dim=1, keepdim=True), t / t.norm(dim=1, keepdim=True)
    image, text = ((v * tn).sum(1, keepdim=True) * tn) @ w, ((t * vn).sum(1, keepdim=True) * vn) @ w
    right = lambda logits: (logits.argmax(1) == labels).double().mean()
    return F.cross_entropy(image, labels) + F.cross_entropy(text, labels), right(image), right(text)


class Adan:
    def __init__(self, params):
        self.params, self.k = params, 0
        self.state = {name: dict(m=torch.zeros_like(p), v=torch.zeros_like(p), n=torch.zeros_like(p)) for name, p in params.items()}

    def step(self):
        self.k += 1
        b1, b2, b3 = CONFIG["betas"]
        for name, p in self.params.items():
            s, g = self.state[name], p.grad.clone()
            lr = CONFIG["lr"] * (CONFIG["finetune"]["classifier-scale"] if name == "cmpc.weight" else 1)
            d = g - s.get("previous", g)
            s["previous"] = g
            s["m"] = b1 * s["m"] + (1 - b1) * g
            s["v"] = b2 * s["v"] + (1 - b2) * d
            s["n"] = b3 * s["n"] + (1 - b3) * (g + b2 * d) ** 2
            update = (s["m"] / (1 - b1**self.k) + b2 * s["v"] / (1 - b2**self.k)) / (s["n"].sqrt() / math.sqrt(1 - b3**self.k) + CONFIG["eps"])
            with torch.no_grad():
                p.copy_((p - lr * update) / (1 + lr * CONFIG["weight-decay"]))


def rounded(module):
    """Parameters of a spread that makes every part matter, as float32 holds them."""
    for name, p in module.named_parameters():
        noise = torch.randn(p.shape, generator=rng)
        scale = p.shape[1] ** -0.5 if p.dim() == 2 else (p[0].numel() ** -0.5 if p.dim() == 4 else 0.1)
        p.data = noise * scale + (1 if p.dim() == 1 and name.endswith("weight") else 0)
    return module.double()


def main(folder):
    v, t = CONFIG["visual"], CONFIG["text"]
    image = rounded(ImageEncoder(v["layers"], v["width"], v["height"], v["px"], v["dim"], v["heads"]))
    text = rounded(TextEncoder(vocab_size=t["vocab"], hidden_size=t["width"], num_hidden_layers=t["layers"], num_attention_heads=t["heads"],
                               intermediate_size=t["inner"], max_position_embeddings=t["positions"], type_vocab_size=t["types"],
                               hidden_dropout_prob=0, attention_probs_dropout_prob=0))
    image.train(), text.train()
    classes = CONFIG["finetune"]["classes"]
    w = ((torch.rand(v["dim"], classes, generator=rng) * 2 - 1) * math.sqrt(6 / (v["dim"] + classes))).double().requires_grad_()

    def named(buffers=False):
        of = lambda m: m.state_dict(keep_vars=True).items() if buffers else m.named_parameters()
        return {"visual." + k: x for k, x in of(image)} | {"text." + k.removeprefix("encoder."): x for k, x in of(text)} | {"cmpc.weight": w}

    rgb = (torch.rand(N, v["height"] // 8, v["px"] // 8, 3, generator=rng).repeat_interleave(8, 1).repeat_interleave(8, 2) * 255).round().byte()
    ids, mask = torch.randint(5, t["vocab"], (N, L), generator=rng), torch.ones(N, L, dtype=torch.int64)
    for i in range(N):
        length = L - 2 * i % 5
        ids[i, 0], ids[i, length - 1], ids[i, length:], mask[i, length:] = 2, 3, 0, 0
    out = {"param." + k: x.detach().clone() for k, x in named(True).items()}
    out |= {"input.rgb": rgb, "input.identities": IDENTITIES, "input.labels": LABELS, "input.ids": ids, "input.mask": mask}
    optimizer = Adan(named())
    losses = {k: [] for k in ("ivlc", "cmpc", "total", "image_precision", "text_precision")}
    for step in range(STEPS):
        for p in optimizer.params.values():
            p.grad = None
        a, b = image(normalise(rgb).double()), text(ids, mask)
        ivlc = cmpm(a, b, IDENTITIES, CONFIG["cmpm"]["epsilon"])
        classified, pv, pt = cmpc(a, b, w, LABELS)
        for k, x in zip(losses, (ivlc, classified, ivlc + classified, pv, pt)):
            losses[k].append(x.detach())
        (ivlc + CONFIG["finetune"]["cmpc"] * classified).backward()
        for name, p in named().items():  # what takes no part, such as the second token type
            p.grad = torch.zeros_like(p) if p.grad is None else p.grad
        if step == 0:
            out |= {"grad." + k: x.grad.clone() for k, x in named().items()}
        optimizer.step()
    out |= {"loss." + k: torch.stack(x) for k, x in losses.items()}
    out |= {"after." + k: x.detach() for k, x in named(True).items()}
    out = {k: (x.float() if x.dtype == torch.float64 else x).contiguous() for k, x in out.items()}
    save_file(out, folder / "cmpmc-steps.safetensors", {"config": json.dumps(CONFIG)})
    for k, x in losses.items():
        print(k, *(f"{y.item():.5f}" for y in x))


main(pathlib.Path(sys.argv[1]))
