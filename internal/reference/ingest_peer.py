"""Folders of crops to a Parquet file in Python, the peer of `plip ingest folders`.

    python3 ingest_peer.py SRC OUT.parquet

What a script does that many write: os.walk in sorted order, Pillow's verify and size of every file, pyarrow's writer with
the columns and settings of our shards, a batch of 1,000 rows at a time. Prints images, seconds by the clock and of
processor time. Needs pillow and pyarrow.
"""

import os
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

SCHEMA = pa.schema(
    [
        ("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        ("id", pa.int64()),
        ("file_path", pa.string()),
        ("source", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
    ]
)
LEAVES = ["image.path", "id", "file_path", "source", "width", "height"]


def crops(src):
    """Path and identity of every file, folders and names sorted."""
    identity = 0
    for folder, below, names in os.walk(src):
        below.sort()
        images = sorted(n for n in names if n.lower().endswith((".jpg", ".jpeg", ".png", ".bmp")))
        if images:
            identity += 1
        for name in images:
            yield os.path.join(folder, name), identity


def row(path, src, identity):
    with open(path, "rb") as f:
        data = f.read()
    with Image.open(path) as m:
        width, height = m.size
        m.verify()
    return {
        "image": {"bytes": data, "path": os.path.basename(path)},
        "id": identity,
        "file_path": os.path.relpath(path, src),
        "source": os.path.basename(src),
        "width": width,
        "height": height,
    }


def main():
    src, out = sys.argv[1:]
    clock, start = time.perf_counter(), time.process_time()
    images = 0
    with open(out, "wb") as f, pq.ParquetWriter(
        f,
        SCHEMA,
        compression={leaf: "zstd" for leaf in LEAVES} | {"image.bytes": "none"},
        use_dictionary=["source"],
        write_page_checksum=True,
        data_page_version="2.0",
    ) as w:
        batch = []
        for path, identity in crops(src):
            try:
                batch.append(row(path, src, identity))
            except (OSError, SyntaxError) as e:
                print(f"{path}: {e}", file=sys.stderr)
                continue
            images += 1
            if len(batch) == 1000:
                w.write_table(pa.Table.from_pylist(batch, SCHEMA))
                batch.clear()
        if batch:
            w.write_table(pa.Table.from_pylist(batch, SCHEMA))
        w.close()
        os.fsync(f.fileno())
    print(images, "images,", round(time.perf_counter() - clock, 2), "s,", round(time.process_time() - start, 2), "s of processor time")


main()
