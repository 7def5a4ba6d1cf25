"""The seed filter strategy in numpy, vectorised per identity: the peer of BenchmarkRun in spac/filter.

    OMP_NUM_THREADS=1 python3 filter_peer.py [IDENTITIES]

Tracks of 25 samples of 768 values, a tenth of them foreign, as the benchmark makes them. Normalised rows in float32, centres
in float64, the same three steps. Prints samples a second of processor time, and the share that was excluded.
"""

import resource
import sys
import time

import numpy as np

SIGMA_S, SIGMA_R, SIGMA_M, RA, RB = 0.6, 0.65, 0.62, 2, 2
PER, DIM = 25, 768


def tracks(n):
    """n tracks from a pool, so that drawing them costs nothing."""
    draw = np.random.default_rng(1)
    pool = []
    for _ in range(64):
        centre = draw.standard_normal(DIM)
        pool.append((centre + 0.5 * draw.standard_normal((PER, DIM))).astype(np.float32))
    for k in range(n):
        v = pool[k % 64].copy()
        v[7] = pool[(k + 1) % 64][k % PER]
        v[19] = pool[(k + 9) % 64][k % PER]
        if k % 2 == 0:
            v[3] = pool[(k + 17) % 64][k % PER]
        yield v


def unit(v):
    return v / max(np.linalg.norm(v), 1e-30)


def filter_out(x):
    """Rows that stay and rows that go: the least similar to the centre of the others goes while below the threshold."""
    keep = np.ones(len(x), bool)
    total = x.sum(0, dtype=np.float64)
    own = np.einsum("ij,ij->i", x, x).astype(np.float64)
    while keep.sum() > 1:
        dots = x @ total.astype(np.float32)  # with the sum that holds the row itself
        norms = np.sqrt(np.maximum(total @ total - 2 * dots + own, 1e-30))
        similarity = np.where(keep, (dots - own) / norms, np.inf)
        worst = int(np.flatnonzero(similarity == similarity.min())[-1])
        if similarity[worst] >= SIGMA_S:
            break
        keep[worst] = False
        total = total - x[worst]
    return keep, total


def run(n):
    window, excluded, joined = [], 0, 0
    sums, gone = [], []
    for k, v in enumerate(tracks(n)):
        x = v / np.linalg.norm(v, axis=1, keepdims=True)
        keep, total = filter_out(x)
        sums.append(total)
        gone.append(x[~keep])
        excluded += int((~keep).sum())
        if k >= RA:
            joined += settle(sums, gone, k - RA)
    return excluded, joined


def settle(sums, gone, k):
    """Reassigns the excluded of track k among its neighbours; then compares the centres of k and those after it."""
    near = range(max(0, k - RA), min(len(sums), k + RA + 1))
    centres = np.stack([unit(sums[i]) for i in near]).astype(np.float32)
    if len(gone[k]):
        s = gone[k] @ centres.T
        best = s.argmax(1)
        for row, b in enumerate(best):
            if s[row, b] >= SIGMA_R:
                sums[near[b]] = sums[near[b]] + gone[k][row]
        gone[k] = None  # the rows are not needed any more
    return sum(float(unit(sums[k]) @ unit(sums[i])) > SIGMA_M for i in range(k + 1, min(k + RB + 1, len(sums))))


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
    start = time.process_time()
    excluded, joined = run(n)
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{n * PER / seconds:.0f} samples/s of processor time, {excluded / (n * PER):.4f} excluded, {joined} pairs joined, peak {peak} MB")


main()
