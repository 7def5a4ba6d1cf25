"""Cost of one 8x8 addition in Python's torch, the peer of BenchmarkAdd in internal/tensor.

Processor time, so that other work on the machine counts little. Needs torch 2.11.0:

    python3 tensor_add.py
"""

import time

import torch


def cost(a, b, n):
    """Nanoseconds of processor time for `c = a + b` and the freeing of what c held."""
    start = time.process_time()
    for _ in range(n):
        c = a + b
    return (time.process_time() - start) / n * 1e9


torch.set_num_threads(1)
a, b = torch.zeros(8, 8), torch.zeros(8, 8)
cost(a, b, 100_000)
print("ns/op:", *sorted(round(cost(a, b, 500_000)) for _ in range(7)))
