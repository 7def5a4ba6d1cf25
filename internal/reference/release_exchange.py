"""Weights to and from the Python release's layout and the hub's, against plip. Needs torch, transformers, safetensors,
pyarrow and Pillow; run by hand:

    python3 release_exchange.py write DIR        # PLIP_RN50.pth.tar of full size with random weights, pictures, texts
    plip embed --model DIR/PLIP_RN50.pth.tar --images DIR/images -o DIR/images.parquet
    plip embed --model DIR/PLIP_RN50.pth.tar --texts DIR/texts.txt -o DIR/texts.parquet
    plip export release DIR/PLIP_RN50.pth.tar -o DIR/released
    plip export safetensors DIR/PLIP_RN50.pth.tar -o DIR/hub
    python3 release_exchange.py compare DIR      # embeddings of both sides
    python3 release_exchange.py strict DIR/released/plip.pth.tar [DIR/PLIP_RN50.pth.tar]   # strict loading; same numbers
    python3 release_exchange.py hub DIR/hub DIR/texts.parquet pooler                        # transformers opens the folder
"""

import json
import pathlib
import sys

import numpy as np
import pyarrow.parquet as pq
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from release_model import ImageEncoder, TextEncoder, normalise

TEXTS = ["a man in a red jacket with a black backpack", "a woman wears a long white skirt and brown shoes", "person", "the boy , who holds an umbrella , wears shorts"]
TOLERANCE = 1e-4


def words():
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    known = sorted({w for t in TEXTS for w in t.split()} | {","})
    return special + known + [f"word{i}" for i in range(30522 - len(special) - len(known))]


def tokens(vocabulary):
    rows = [[2] + [vocabulary.index(w) for w in t.split()] + [3] for t in TEXTS]
    width = max(map(len, rows))
    ids = torch.tensor([r + [0] * (width - len(r)) for r in rows])
    return ids, (torch.arange(width)[None] < torch.tensor([len(r) for r in rows])[:, None]).long()


def write(folder):
    torch.manual_seed(7)
    image, text = ImageEncoder(), TextEncoder(vocab_size=30522)
    for m in image.modules():
        if isinstance(m, torch.nn.BatchNorm2d):
            m.running_mean.normal_(0, 0.1)
            m.running_var.uniform_(0.5, 1.5)
            torch.nn.init.uniform_(m.weight, 0.5, 1.5)
            torch.nn.init.normal_(m.bias, 0, 0.1)
    (folder / "images").mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    pictures = []
    for i in range(4):
        x = np.asarray(Image.fromarray(rng.integers(0, 256, (16, 8, 3), dtype=np.uint8)).resize((128, 256), Image.BICUBIC))
        Image.fromarray(x).save(folder / "images" / f"{i}.png")
        pictures.append(x)
    vocabulary = words()
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    (folder / "texts.txt").write_text("\n".join(TEXTS) + "\n")
    state = text.state_dict()
    state["encoder.embeddings.position_ids"] = torch.arange(512)[None]  # as the released file has it
    torch.save({"epoch": 70, "ImgEncoder_state_dict": image.state_dict(), "TxtEncoder_state_dict": state}, folder / "PLIP_RN50.pth.tar")
    image.eval(), text.eval()
    with torch.no_grad():
        out = {"image": image(normalise(torch.from_numpy(np.stack(pictures)))), "text": text(*tokens(vocabulary))}
    save_file({k: x.contiguous() for k, x in out.items()}, folder / "expected.safetensors")
    print({k: tuple(x.shape) for k, x in out.items()})


def embeddings(file):
    table = pq.read_table(file)
    return table["key"].to_pylist(), np.stack([np.asarray(x) for x in table["embedding"].to_pylist()])


def report(name, want, got):
    error = np.abs(want - got).max() / np.abs(want).max()
    print(f"{name}: largest difference {error:.2e} of the largest value, want {TOLERANCE:.0e} or less")
    return error <= TOLERANCE


def compare(folder):
    want = load_file(folder / "expected.safetensors")
    keys, image = embeddings(folder / "images.parquet")
    order = np.argsort([pathlib.PurePath(k).name for k in keys])
    _, text = embeddings(folder / "texts.parquet")
    return all([report("images", want["image"].numpy(), image[order]), report("texts", want["text"].numpy(), text)])


def strict(file, original=None):
    held = torch.load(file, weights_only=True)
    config = json.loads((file.parent / "config.json").read_text())
    image, text = held["ImgEncoder_state_dict"], held["TxtEncoder_state_dict"]
    layers = [len({k.split(".")[1] for k in image if k.startswith(f"layer{i}.")}) for i in (1, 2, 3, 4)]
    side = round(((image["attnpool.positional_embedding"].shape[0] - 1) / 2) ** 0.5)
    encoder = ImageEncoder(layers, image["conv3.weight"].shape[0], 64 * side, 32 * side, image["attnpool.c_proj.weight"].shape[0])
    bert = TextEncoder(**{k: v for k, v in config.items() if k not in ("architectures", "model_type")})
    print("image encoder:", encoder.load_state_dict(image, strict=True), "text encoder:", bert.load_state_dict(text, strict=True), "epoch:", held["epoch"])
    if original is None:
        return True
    theirs = torch.load(original, weights_only=True)
    same = True
    for part in ("ImgEncoder_state_dict", "TxtEncoder_state_dict"):
        for name, x in theirs[part].items():
            if not name.endswith("position_ids") and not torch.equal(x, held[part][name]):
                same = False
                print("differs:", part, name)
    print("all numbers equal" if same else "numbers differ")
    return same


def hub(folder, parquet, pool):
    from transformers import AutoModel, AutoTokenizer

    model, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    model.eval()
    keys, got = embeddings(parquet)
    batch = tokenizer(keys, padding=True, truncation=True, max_length=64, return_tensors="pt")
    with torch.no_grad():
        out = model(**batch)
    mask = batch["attention_mask"][:, :, None].float()
    want = out.pooler_output if pool == "pooler" else (out.last_hidden_state * mask).sum(1) / mask.sum(1)
    print(type(model).__name__, type(tokenizer).__name__, f"{sum(p.numel() for p in model.parameters())} parameters")
    return report("texts", want.numpy(), got)


def main(command, *args):
    paths = [pathlib.Path(a) for a in args]
    done = {"write": lambda: write(*paths), "compare": lambda: compare(*paths), "strict": lambda: strict(*paths), "hub": lambda: hub(paths[0], paths[1], args[2])}[command]()
    sys.exit(0 if done in (True, None) else 1)


main(*sys.argv[1:])
