#!/usr/bin/env python3
"""The peers of package eval and of internal/index in numpy, with the time of each:

  release  one argsort a query with CMC and average precision, as the release evaluates; 6,156 x 3,074
  market   whole blocks of argsort, junk removal, CMC, mAP and mINP; 3,368 x 19,732
  rerank   k-reciprocal re-ranking of 3,368 + 19,732 embeddings of 64 components (8 GB)
  gallery  the 10 nearest of a million embeddings of 768 components for 1,000 queries, by blocks (3 GB)

  OMP_NUM_THREADS=1 python eval_peer.py market --runs 3

Against: go test ./eval -run '^$' -bench 'Rank|Rerank'; PLIP_BENCH_INDEX=DIR go test ./internal/index -run '^$' -bench Million.
The matrix product of release and market is made before and is not in the time, as in the Go benchmarks.
"""
import argparse
import resource
import statistics
import time

import numpy as np


def draw_sets(rng, queries, gallery, ids, cameras):
    q = rng.integers(0, ids, queries), rng.integers(0, cameras, queries)
    g = rng.integers(0, ids, gallery), rng.integers(0, cameras, gallery)
    return q, g


def release():
    rng = np.random.default_rng(1)
    (q_id, _), (g_id, _) = draw_sets(rng, 6156, 3074, 1000, 1)
    scores = rng.standard_normal((6156, 3074), dtype=np.float32) * 0.036

    def run():
        cmc, ap = np.zeros(50), []
        for i in range(len(scores)):
            order = np.argsort(-scores[i])
            hits = np.flatnonzero(g_id[order] == q_id[i])
            if len(hits):
                ap.append(np.mean((np.arange(len(hits)) + 1) / (hits + 1)))
                cmc[hits[0]:] += 1
        return cmc / len(scores), np.mean(ap)
    return run


def market():
    rng = np.random.default_rng(1)
    (q_id, q_cam), (g_id, g_cam) = draw_sets(rng, 3368, 19732, 1501, 6)
    g_id[::7] = -1
    scores = rng.standard_normal((3368, 19732), dtype=np.float32) * 0.036

    def run():
        cmc, ap, inp = np.zeros(50), [], []
        for start in range(0, len(scores), 256):
            block = slice(start, start + 256)
            order = np.argsort(-scores[block], axis=1)
            ids, cams = g_id[order], g_cam[order]
            same = ids == q_id[block, None]
            keep = ~(same & (cams == q_cam[block, None])) & (ids != -1)
            rank = np.cumsum(keep, axis=1) - 1
            match = same & keep
            found = np.cumsum(match, axis=1)
            total = found[:, -1]
            valid = total > 0
            precision = np.where(match, found / np.maximum(rank + 1, 1), 0).sum(axis=1)
            ap.extend(precision[valid] / total[valid])
            first = np.where(match, rank, len(g_id)).min(axis=1)[valid]
            last = np.where(match, rank, -1).max(axis=1)[valid]
            inp.extend(total[valid] / (last + 1))
            cmc += (first[:, None] <= np.arange(50)).sum(axis=0)
        return cmc / len(ap), np.mean(ap), np.mean(inp)
    return run


def rerank(k1=20, k2=6, weight=0.3):
    rng = np.random.default_rng(1)
    queries, n = 3368, 3368 + 19732
    x = rng.standard_normal((n, 64), dtype=np.float32)

    def run():
        length = (x * x).sum(axis=1)
        d = np.maximum(length[:, None] + length - 2 * (x @ x.T), 0)
        d /= d.max(axis=1, keepdims=True)
        near = np.empty((n, k1 + 1), np.int64)
        for i in range(n):  # only the first k1+1 are sorted, which is faster than sorting all
            part = np.argpartition(d[i], k1)[:k1 + 1]
            near[i] = part[np.argsort(d[i, part])]

        def reciprocal(i, k):
            forward = near[i, :k + 1]
            return forward[(near[forward, :k + 1] == i).any(axis=1)]

        v = np.zeros((n, n), np.float32)
        for i in range(n):
            base = reciprocal(i, k1)
            parts = [base]
            for j in base:
                more = reciprocal(j, int(np.around(k1 / 2)))
                if 3 * len(np.intersect1d(more, base)) > 2 * len(more):
                    parts.append(more)
            index = np.unique(np.concatenate(parts))
            w = np.exp(-d[i, index])
            v[i, index] = w / w.sum()
        mean = np.empty_like(v)
        for i in range(n):
            mean[i] = v[near[i, :k2]].mean(axis=0)
        v = mean
        holders = [np.flatnonzero(v[:, j]) for j in range(n)]
        out = np.empty((queries, n - queries), np.float32)
        for i in range(queries):
            shared = np.zeros(n, np.float32)
            for j in np.flatnonzero(v[i]):
                h = holders[j]
                shared[h] += np.minimum(v[i, j], v[h, j])
            jaccard = 1 - shared / (2 - shared)
            out[i] = (1 - weight) * jaccard[queries:] + weight * d[i, queries:]
        return out
    return run


def gallery(block=16384, k=10):
    rng = np.random.default_rng(1)
    g = np.empty((1_000_000, 768), np.float32)
    for start in range(0, len(g), 50_000):
        part = rng.standard_normal((50_000, 768), dtype=np.float32)
        g[start:start + 50_000] = part / np.linalg.norm(part, axis=1, keepdims=True)
    q = rng.standard_normal((1000, 768), dtype=np.float32)
    q /= np.linalg.norm(q, axis=1, keepdims=True)

    def run():
        best = np.full((len(q), k), -np.inf, np.float32)
        where = np.zeros((len(q), k), np.int64)
        for start in range(0, len(g), block):
            scores = q @ g[start:start + block].T
            top = np.argpartition(scores, -k, axis=1)[:, -k:]
            both = np.concatenate([best, np.take_along_axis(scores, top, 1)], axis=1)
            at = np.concatenate([where, top + start], axis=1)
            order = np.argsort(-both, axis=1)[:, :k]
            best, where = np.take_along_axis(both, order, 1), np.take_along_axis(at, order, 1)
        return best, where
    return run


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", choices=["release", "market", "rerank", "gallery"])
    parser.add_argument("--runs", type=int, default=3)
    a = parser.parse_args()
    run = {"release": release, "market": market, "rerank": rerank, "gallery": gallery}[a.job]()
    times, clock = [], []
    for _ in range(a.runs):
        start, began = time.process_time(), time.perf_counter()
        run()
        times.append(time.process_time() - start)
        clock.append(time.perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{a.job}: processor time {statistics.median(times):.3f} s (median of {a.runs}: {' '.join(f'{t:.3f}' for t in times)}), {statistics.median(clock):.3f} s by the clock, peak memory {peak:.1f} GiB")


if __name__ == "__main__":
    main()
