"""The split of an annotation file with Python's json, the peer of `plip split`.

    python3 split_peer.py SRC.json OUT [--make MEGABYTES]

With --make it first writes SRC: records as CUHK-PEDES has them, of that size in all. Then it does what the dataset_split
script of the Python release does: json.load, three lists, json.dump with an indent of four. Prints seconds by the clock
and of processor time, and the peak of memory.
"""

import json
import os
import random
import resource
import sys
import time


def make(path, megabytes):
    words = "a man woman with black blue red white shirt jeans shoes bag is walking to the left and carrying his her".split()
    draw = random.Random(1)
    i = 0
    with open(path, "w") as f:
        f.write("[")
        while f.tell() < megabytes << 20:
            captions = [" ".join(draw.choice(words) for _ in range(25)) + "." for _ in range(2)]
            tokens = [c[:-1].split() for c in captions]
            record = {
                "split": draw.choice(["train", "train", "test", "val"]),
                "captions": captions,
                "file_path": f"CUHK03/{i}.png",
                "processed_tokens": tokens,
                "id": i // 3,
            }
            f.write(("," if i else "") + json.dumps(record))
            i += 1
        f.write("]")


def split(src, out):
    with open(src) as f:
        records = json.load(f)
    parts = {"train": [], "test": [], "valid": []}
    for r in records:
        parts[r["split"] if r["split"] in ("train", "test") else "valid"].append(r)
    for name, part in parts.items():
        with open(os.path.join(out, f"peer-{name}.json"), "w") as f:
            json.dump(part, f, indent=4)


def main():
    src, out = sys.argv[1:3]
    if "--make" in sys.argv:
        make(src, int(sys.argv[sys.argv.index("--make") + 1]))
    os.makedirs(out, exist_ok=True)
    clock, start = time.perf_counter(), time.process_time()
    split(src, out)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{time.perf_counter() - clock:.2f} s, {time.process_time() - start:.2f} s of processor time, peak {peak} MB")


main()
