"""Figures of pyarrow on the rows of parquet/bench_test.go, the peer of its BenchmarkWrite and BenchmarkScan.

    python3 parquet_peer.py FOLDER [DATASET]

Writes the rows below FOLDER with the settings of our shards and reads them back, or the shards of DATASET, which
`go test -run NONE -bench Scan/columns=text -benchtime 1x ./parquet -args -dataset DATASET` leaves behind. One thread, as ours.
Each line is a figure: processor seconds, so that other work on the machine counts little, and seconds by the clock, the
least of seven; peak memory is that of a process which reads and does nothing else. Needs pyarrow 26.
"""

import glob
import hashlib
import os
import resource
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROWS, GROUP_ROWS, ROUNDS = 20_000, 7_500, 7
IMAGE = ["image"]
TEXT = ["attributes", "captions", "prompt_caption"]
PLAIN = {"image.bytes": "none"}
LEAVES = ["image.path", "id", "file_path", "source", "width", "height"] + [name + ".list.element" for name in TEXT]


def rows():
    """The rows of benchRow as one Arrow table, made before the clock starts."""
    noise = np.random.default_rng(1).bytes(1 << 20)
    columns = {name: [] for name in ["image", "id", "file_path", "source", "width", "height"] + TEXT}
    for i in range(ROWS):
        at = i * 997 % (len(noise) - 6000)
        columns["image"].append({"bytes": noise[at : at + 2000 + i * 31 % 4000], "path": f"{i:08d}.jpg"})
        columns["id"].append(i // 10)
        columns["file_path"].append(f"{i // 10:06d}/{i:08d}.jpg")
        columns["source"].append("bench")
        columns["width"].append(64)
        columns["height"].append(128)
        columns["attributes"].append(["male", "short hair", "red shirt", "blue jeans", "white shoes", "unknown"])
        columns["captions"].append(
            [
                f"A man of group {i % 100} in a red shirt and blue jeans walks past shop {i} with a bag in his left hand.",
                "The man with short hair wears white shoes and carries a black backpack.",
            ]
        )
        columns["prompt_caption"].append(["a photo of a man in a red shirt"])
    text = pa.list_(pa.string())
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    types = [image, pa.int64(), pa.string(), pa.string(), pa.int32(), pa.int32(), text, text, text]
    return pa.table({name: pa.array(v, t) for (name, v), t in zip(columns.items(), types)})


def write(table, path):
    """One file as our shard has it: zstd but for pictures, dictionaries for what repeats, checksums, synced."""
    with open(path, "wb") as f:
        with pq.ParquetWriter(
            f,
            table.schema,
            compression={leaf: "zstd" for leaf in LEAVES} | PLAIN,
            use_dictionary=["attributes.list.element", "source"],
            write_page_checksum=True,
            data_page_version="2.0",
            store_schema=False,
        ) as w:
            for at in range(0, table.num_rows, GROUP_ROWS):
                w.write_table(table.slice(at, GROUP_ROWS))
        os.fsync(f.fileno())


def hashed(write, path):
    """Writing as we do it: with the SHA-256 that a manifest holds, which takes a second read here."""
    write()
    with open(path, "rb") as f:
        hashlib.file_digest(f, "sha256").hexdigest()


def scan(files, columns, checked=True):
    """Streams batches of a thousand rows, with the checksums of pages compared as we do."""
    for file in files:
        reader = pq.ParquetFile(file, page_checksum_verification=checked)
        for batch in reader.iter_batches(batch_size=1024, columns=columns, use_threads=False):
            del batch


def measure(name, f):
    wall, cpu = [], []
    for _ in range(ROUNDS):
        c, t = time.process_time(), time.perf_counter()
        f()
        cpu.append(time.process_time() - c)
        wall.append(time.perf_counter() - t)
    print(f"{name:<14} {min(cpu):.4f} cpu-s  {min(wall):.4f} s  {ROWS / min(cpu):.0f} rows/cpu-s", flush=True)


def main():
    folder = sys.argv[1]
    if folder == "--peak":
        scan(sys.argv[2:], None)
        print(f"all peak       {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
        return
    pa.set_cpu_count(1)
    path = os.path.join(folder, "peer.parquet")
    table = rows()
    measure("write", lambda: write(table, path))
    measure("write, hash", lambda: hashed(lambda: write(table, path), path))
    print(f"size           {os.path.getsize(path)} bytes")
    del table
    files = sorted(glob.glob(os.path.join(sys.argv[2], "*.parquet"))) if len(sys.argv) > 2 else [path]
    measure("scan all", lambda: scan(files, None))
    measure("scan image", lambda: scan(files, IMAGE))
    measure("scan text", lambda: scan(files, TEXT))
    measure("all unchecked", lambda: scan(files, None, checked=False))
    measure("text unchecked", lambda: scan(files, TEXT, checked=False))
    subprocess.run([sys.executable, __file__, "--peak", *files], check=True)


main()
