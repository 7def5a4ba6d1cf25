"""Shows that other programs read datasets of shards and the exports made of them.

    interop.py DATASET... [--imagefolder DIR] [--webdataset DIR]

Each dataset is opened with duckdb, pyarrow, pandas and the datasets library,
none of which is given an option. Every reader must see the same columns, rows,
texts and picture bytes, and the pictures must decode to the stored sizes. The
exports must have the pictures and texts of the first dataset. The exit status is
1 when anything differs. Run by `make interop`, never by tests.
"""

import argparse
import hashlib
import io
import json
import pathlib
import sys
import tempfile

import datasets
import duckdb
import pandas
import pyarrow.parquet
from PIL import Image

TEXTS = ("attributes", "captions", "prompt_caption")


def picture_bytes(value):
    """The encoded bytes of a picture as each reader hands it out."""
    return bytes(value["bytes"])


def summary(rows, image="image"):
    """What must be equal between readers: digests of pictures and of the rest."""
    pictures, texts = hashlib.sha256(), hashlib.sha256()
    count = 0
    for row in rows:
        pictures.update(picture_bytes(row[image]))
        texts.update(json.dumps([row["id"], row["file_path"]] + [list(row[k]) for k in TEXTS], ensure_ascii=False).encode())
        count += 1
    return count, pictures.hexdigest()[:16], texts.hexdigest()[:16]


def with_duckdb(folder):
    cursor = duckdb.execute(f"SELECT * FROM '{folder}/*.parquet'")
    names = [d[0] for d in cursor.description]
    return names, [dict(zip(names, row)) for row in cursor.fetchall()]


def with_pyarrow(folder):
    table = pyarrow.parquet.read_table(sorted(folder.glob("*.parquet")))
    return table.column_names, table.to_pylist()


def with_pandas(folder):
    frame = pandas.concat([pandas.read_parquet(f) for f in sorted(folder.glob("*.parquet"))])
    rows = frame.to_dict("records")
    for row in rows:
        row["id"] = int(row["id"])  # from numpy's
    return list(frame.columns), rows


def with_datasets(folder, cache):
    """The library's own view: a folder, without a word on what is in it."""
    loaded = datasets.load_dataset(str(folder), cache_dir=cache)
    (data,) = loaded.values()
    if not isinstance(data.features["image"], datasets.Image):
        raise SystemExit(f"{folder}: datasets: want a column of pictures, got {data.features['image']}")
    for row in data:  # decoded by the library
        if row["image"].size != (row["width"], row["height"]):
            raise SystemExit(f"{folder}: datasets: {row['file_path']}: want {row['width']}x{row['height']}, got {row['image'].size}")
    raw = data.cast_column("image", datasets.Image(decode=False))
    return raw.column_names, list(raw)


def check_dataset(folder, cache):
    """Compares the readers, and returns what they agree on."""
    manifest = json.loads((folder / "dataset.json").read_text())
    want = None
    ok = True
    for name, read in (("pyarrow", with_pyarrow), ("duckdb", with_duckdb), ("pandas", with_pandas), ("datasets", lambda f: with_datasets(f, cache))):
        names, rows = read(folder)
        for row in rows:
            size = Image.open(io.BytesIO(picture_bytes(row["image"]))).size
            if size != (row["width"], row["height"]):
                print(f"{folder.name}: {name}: {row['file_path']}: want {row['width']}x{row['height']}, got {size}")
                ok = False
        got = (tuple(names),) + summary(rows)
        want = want or got
        same = got == want and got[1] == manifest["rows"]
        ok = ok and same
        print(f"{folder.name}: {name:8} {got[1]} rows, pictures {got[2]}, texts {got[3]}, columns {', '.join(names)}: {'ok' if same else 'FAIL'}")
    return ok, want


def check_export(name, rows, image, want):
    """An export has the pictures and texts of the dataset, whatever their order."""
    rows = sorted(rows, key=lambda r: r["file_path"])
    got, wanted = summary(rows, image), summary(sorted(want, key=lambda r: r["file_path"]))
    print(f"{name}: datasets {got[0]} rows, pictures {got[1]}, texts {got[2]}: {'ok' if got == wanted else 'FAIL'}")
    return got == wanted


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dataset", nargs="+", type=pathlib.Path)
    parser.add_argument("--imagefolder", type=pathlib.Path)
    parser.add_argument("--webdataset", type=pathlib.Path)
    args = parser.parse_args()
    datasets.disable_progress_bars()
    ok = True
    with tempfile.TemporaryDirectory() as cache:
        for folder in args.dataset:
            same, _ = check_dataset(folder, cache)
            ok = ok and same
        _, first = with_pyarrow(args.dataset[0])
        if args.imagefolder:
            loaded = datasets.load_dataset(str(args.imagefolder), cache_dir=cache)
            rows = []
            for data in loaded.values():
                for row in data.cast_column("image", datasets.Image(decode=False)):
                    row["image"] = {"bytes": pathlib.Path(row["image"]["path"]).read_bytes()}
                    rows.append(row)
            ok = check_export("imagefolder", rows, "image", first) and ok
        if args.webdataset:
            loaded = datasets.load_dataset(str(args.webdataset), cache_dir=cache)
            (data,) = loaded.values()
            rows = [dict(row["json"], image=row["jpg"]) for row in data.cast_column("jpg", datasets.Image(decode=False))]
            ok = check_export("webdataset", rows, "image", first) and ok
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
