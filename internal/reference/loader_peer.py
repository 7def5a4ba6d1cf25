#!/usr/bin/env python3
"""The peer of BenchmarkLoader: files of crops and their captions through a PyTorch DataLoader with Pillow and the
tokenizers library's BERT tokenizer, as training code for person retrieval does; prints images by processor time.

    plip export imagefolder SHARDS -o FOLDER
    loader_peer.py FOLDER/train VOCAB [--images 4000]

Against: go test ./internal/feed -run '^$' -bench Loader -args -dataset SHARDS -vocab VOCAB
"""
import argparse
import json
import os
import pathlib
import random
import time

import numpy as np
import torch
from PIL import Image
from tokenizers import BertWordPieceTokenizer
from torch.utils.data import DataLoader, Dataset

MEAN = np.array([0.357, 0.323, 0.328], np.float32)[:, None, None]
STD = np.array([0.252, 0.242, 0.239], np.float32)[:, None, None]


class Crops(Dataset):
    def __init__(self, folder, lines, vocab):
        self.folder, self.lines = pathlib.Path(folder), lines
        self.tokenizer = BertWordPieceTokenizer(vocab, lowercase=True)
        self.tokenizer.enable_truncation(64)
        self.tokenizer.enable_padding(length=64)

    def __len__(self):
        return len(self.lines)

    def __getitem__(self, i):
        line = self.lines[i]
        with Image.open(self.folder / line["file_name"]) as f:
            image = f.convert("RGB").resize((128, 256), Image.BICUBIC)
        if random.random() < 0.5:
            image = image.transpose(Image.FLIP_LEFT_RIGHT)
        x = np.asarray(image, np.float32).transpose(2, 0, 1) / 255
        e = self.tokenizer.encode(line["captions"][0])
        return torch.from_numpy((x - MEAN) / STD), torch.tensor(e.ids), torch.tensor(e.attention_mask)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder", help="with metadata.jsonl")
    p.add_argument("vocab")
    p.add_argument("--images", type=int, default=4000)
    p.add_argument("--workers", type=int, default=0, help="0: in the process itself, which costs least processor time")
    o = p.parse_args()
    torch.set_num_threads(1)
    with open(os.path.join(o.folder, "metadata.jsonl")) as f:
        lines = [json.loads(line) for line in f]
    loader = DataLoader(Crops(o.folder, lines, o.vocab), batch_size=32, shuffle=True, num_workers=o.workers)
    for _ in range(3):
        n, before, began = 0, os.times(), time.perf_counter()
        for images, _, _ in loader:
            n += len(images)
            if n >= o.images:
                break
        after = os.times()
        spent = sum(after[:4]) - sum(before[:4])  # workers that have ended included
        print(f"{n} images, {n / spent:.0f} images/cpu-s, {n / (time.perf_counter() - began):.0f} images/s by the clock", flush=True)


main()
