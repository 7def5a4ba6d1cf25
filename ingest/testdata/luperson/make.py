"""Makes the pickles of this folder, as the scripts around LUPerson-NL leave them.

Needs NumPy. detections-N.pkl is by protocol N: frame -> [[object, {bbox, pid, ...}]].
keys.pkl has 2,500 keys, so that Python writes its lists in three batches.
"""

import collections
import os
import pickle

import numpy as np


def detections():
    frames = collections.defaultdict(list)
    for frame, objects in ((120, (0, 3)), (7, (1,)), (300000, (12,))):
        for o in objects:
            box = np.array([1.5, 2, 30, 40 + o], dtype=np.float32)
            entry = {"bbox": box, "pid": 345 + o, "score": 0.9, "name": "person", "ok": True, "rest": None, "tuple": (1, 2.5)}
            frames[frame].append([o, entry])
    frames[np.int64(301)].append((np.int32(2), {"bbox": box, "pid": np.int64(1)}))
    frames[302] = [[np.array([5], dtype=">i4")[0], {"pid": np.uint16(70), "at": np.float32(0.5)}]]
    frames[303] = []
    return frames


here = os.path.dirname(os.path.abspath(__file__))
for protocol in (2, 4, 5):
    with open(os.path.join(here, f"detections-{protocol}.pkl"), "wb") as f:
        pickle.dump(dict(detections()) if protocol == 4 else detections(), f, protocol=protocol)
with open(os.path.join(here, "keys.pkl"), "wb") as f:
    names = [(1 + i // 900, i // 5, i) for i in range(2500)]
    keys = ["%05d_%06d_%07d_%02d" % (v, p, i, i % 3) for v, p, i in names]
    pickle.dump({"keys": keys, "pids": [p for _, p, _ in names]}, f)
