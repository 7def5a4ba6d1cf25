"""Makes the files here with pyarrow and DuckDB: python3 make.py"""
import io

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

N = 12
images = [bytes([0xFF, 0xD8, i]) + bytes(range(i, i + 40)) for i in range(N)]
ids = [i // 3 for i in range(N)]
captions = [[f"caption {i}", "naïve"] if i % 2 else [] for i in range(N)]

# The struct of the datasets library, snappy, several row groups, optional columns.
struct = pa.array([{"bytes": b, "path": f"{i}.jpg"} for i, b in enumerate(images)],
                  pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
pq.write_table(pa.table({
    "image": struct,
    "id": pa.array(ids, pa.int64()),
    "captions": pa.array(captions, pa.list_(pa.string())),
    "camera": pa.array([None if i % 4 == 0 else i for i in range(N)], pa.int16()),
    "embedding": pa.array([[i, -i] if i % 2 else None for i in range(N)], pa.list_(pa.float64())),
    "unrelated": pa.array([{"a": 1, "b": [2.0]}] * N),
}), "struct.parquet", row_group_size=5)

# Bytes alone, dictionary on everything, narrow unsigned ids, one caption a row, page v1, gzip.
pq.write_table(pa.table({
    "id": pa.array(ids, pa.uint8()),
    "image": pa.array([images[i % 3] for i in range(N)], pa.binary()),
    "caption": pa.array([c[0] if c else None for c in captions], pa.large_string()),
    "split": pa.array(["train" if i % 2 else "test" for i in range(N)]).dictionary_encode(),
}), "bytes.parquet", use_dictionary=True, compression="gzip")

# Page v2, delta encodings, a page index, 32-bit unsigned ids past the sign bit.
pq.write_table(pa.table({
    "image": struct,
    "person_id": pa.array([2**32 - 1 - i for i in ids], pa.uint32()),
    "file_path": pa.array([f"d/{i}.jpg" for i in range(N)]),
}), "delta.parquet", data_page_version="2.0", use_dictionary=False, write_page_index=True, data_page_size=64,
    column_encoding={"image.bytes": "DELTA_LENGTH_BYTE_ARRAY", "file_path": "DELTA_BYTE_ARRAY", "image.path": "DELTA_BYTE_ARRAY"})

# Rows with bad data: 1 has no image, 3 an absolute path, 5 leaves its root, 7 has no id.
pq.write_table(pa.table({
    "image": pa.array([None if i == 1 else b for i, b in enumerate(images)], pa.binary()),
    "id": pa.array([None if i == 7 else v for i, v in enumerate(ids)], pa.int32()),
    "file_path": pa.array(["/etc/x.jpg" if i == 3 else "a/../../x.jpg" if i == 5 else f"a/{i}.jpg" for i in range(N)]),
}), "bad.parquet")

duckdb.sql(f"""copy (select range::integer as id, 'x'::blob || ('\\x0' || (range % 10))::blob as image,
  ['a', 'b'] as captions from range({N})) to 'duckdb.parquet' (format parquet)""")
