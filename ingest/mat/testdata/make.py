"""Writes plain.mat and packed.mat by SciPy, an independent writer of the format."""
import numpy as np
from scipy.io import savemat

people = np.zeros((1, 2), dtype=[("name", object), ("age", object)])
people[0, 0] = ("Ada", np.uint8(36))
people[0, 1] = ("Grace \u00e9\u4e2d", np.float64(85.5))
names = np.empty((3, 1), dtype=object)
names[:, 0] = ["hat", "long coat", ""]
variables = {
    "matrix": np.arange(6, dtype=np.float64).reshape(2, 3),
    "wide": np.array([[-(2**62) - 1, 2**62 + 1]], dtype=np.int64),
    "waves": np.array([[1 + 2j, -0.5j]]),
    "truth": np.array([[True, False, True]]),
    "cube": np.arange(24, dtype=np.int16).reshape(2, 3, 4),
    "names": names,
    "people": people,
    "lines": np.array(["ab ", "cde"]),
    "none": np.zeros((0, 0)),
}
savemat("plain.mat", variables)
savemat("packed.mat", variables, do_compression=True)
for name in ("plain.mat", "packed.mat"):  # the header's text holds the time
    with open(name, "r+b") as f:
        f.write(b"MATLAB 5.0 MAT-file, by SciPy".ljust(116))
