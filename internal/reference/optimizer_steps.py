"""Writes reference numbers of optimizers with torch 2.11.0 and safetensors:

    python3 optimizer_steps.py ../optim/testdata/fixtures ../../spac/testdata/fixtures

adamw-*.safetensors: two parameters over ten steps of torch.optim.AdamW: gI.stepS gradients, pI.stepS parameters after
the step, pI.step0 those at first; the metadata holds the settings.

gpt2-steps.safetensors: losses of ten AdamW steps of gpt2-tiny's model from its weights on its p3 batch, and the
parameters after them. The model is written out here from its definition: pre-norm blocks, tanh GELU, tied output.
"""

import json
import pathlib
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from safetensors import safe_open

STEPS = 10


def adamw(path, name, lr, weight_decay, betas, max_grad_norm):
    rng = torch.Generator().manual_seed(len(name))
    params = [torch.randn(s, generator=rng).requires_grad_() for s in ((5, 3), (7,))]
    optimizer = torch.optim.AdamW(params, lr=lr, betas=betas, eps=1e-8, weight_decay=weight_decay)
    out = {f"p{i}.step0": p.detach().clone() for i, p in enumerate(params)}
    for step in range(1, STEPS + 1):
        for i, p in enumerate(params):
            p.grad = torch.randn(p.shape, generator=rng)
            out[f"g{i}.step{step}"] = p.grad.clone()
        if max_grad_norm:
            torch.nn.utils.clip_grad_norm_(params, max_grad_norm)
        optimizer.step()
        out.update({f"p{i}.step{step}": p.detach().clone() for i, p in enumerate(params)})
    meta = {"lr": lr, "weight_decay": weight_decay, "betas": betas, "max_grad_norm": max_grad_norm}
    save_file(out, path / f"adamw-{name}.safetensors", {k: json.dumps(v) for k, v in meta.items()})


def forward(w, config, prefix, ids):
    """Logits [N, P+T, V]."""
    x = torch.cat([prefix, w["wte.weight"][ids]], 1)
    n, length, d = x.shape
    x = x + w["wpe.weight"][:length]
    heads = config["n_head"]
    for k in range(config["n_layer"]):
        layer = lambda name: (w[f"h.{k}.{name}.weight"], w[f"h.{k}.{name}.bias"])
        weight, bias = layer("attn.c_attn")
        q, key, v = (F.layer_norm(x, (d,), *layer("ln_1"), 1e-5) @ weight + bias).split(d, 2)
        split = lambda t: t.view(n, length, heads, d // heads).transpose(1, 2)
        scores = split(q) @ split(key).transpose(2, 3) / (d // heads) ** 0.5
        hidden = torch.full((length, length), float("-inf")).triu(1)
        y = ((scores + hidden).softmax(3) @ split(v)).transpose(1, 2).reshape(n, length, d)
        weight, bias = layer("attn.c_proj")
        x = x + y @ weight + bias
        weight, bias = layer("mlp.c_fc")
        y = F.gelu(F.layer_norm(x, (d,), *layer("ln_2"), 1e-5) @ weight + bias, approximate="tanh")
        weight, bias = layer("mlp.c_proj")
        x = x + y @ weight + bias
    return F.layer_norm(x, (d,), w["ln_f.weight"], w["ln_f.bias"], 1e-5) @ w["wte.weight"].T


def gpt2(path):
    tensors = load_file(path / "gpt2-tiny.safetensors")
    with safe_open(path / "gpt2-tiny.safetensors", "pt") as f:
        config = json.loads(f.metadata()["config"])
    start = "param.transformer."
    w = {k[len(start):]: v.clone().requires_grad_() for k, v in tensors.items() if k.startswith(start)}
    prefix, ids, mask = (tensors[f"p3.input.{k}"] for k in ("prefix", "ids", "mask"))
    targets = torch.where(mask == 1, ids, -100)
    lr, weight_decay = 1e-3, 0.01
    optimizer = torch.optim.AdamW([w[k] for k in sorted(w)], lr=lr, weight_decay=weight_decay)
    losses = []
    for _ in range(STEPS):
        logits = forward(w, config, prefix, ids)
        p, t = prefix.shape[1], ids.shape[1]
        loss = F.cross_entropy(logits[:, p - 1:p - 1 + t].reshape(-1, logits.shape[2]), targets.reshape(-1))
        losses.append(loss.detach())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    out = {"losses": torch.stack(losses)}
    out.update({"after." + k: v.detach().clone() for k, v in w.items()})
    first = tensors["p3.out.loss"].item()
    assert abs(first - losses[0].item()) < 1e-4, (first, losses[0])
    save_file(out, path / "gpt2-steps.safetensors", {"lr": json.dumps(lr), "weight_decay": json.dumps(weight_decay)})
    print("losses:", *(f"{x.item():.6f}" for x in losses))


optim, spac = map(pathlib.Path, sys.argv[1:3])
adamw(optim, "plain", 0.01, 0.0, [0.9, 0.999], 0.0)
adamw(optim, "decay", 0.02, 0.1, [0.9, 0.98], 0.0)
adamw(optim, "clip", 0.01, 0.01, [0.9, 0.999], 1.0)
gpt2(spac)
