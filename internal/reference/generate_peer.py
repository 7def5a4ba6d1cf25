#!/usr/bin/env python3
"""A peer of BenchmarkDecode: the hub library's generate on a GPT-2 of 124 million random parameters, greedy, with its
key/value cache: 40 tokens after prefixes of 23 embeddings. Prints tokens by the clock and by processor time.

  python generate_peer.py --batch 32 --runs 3 --precision fp32

Against: go test ./spac -run '^$' -bench Decode. No end of text is drawn, so that every sequence runs to its limit, as there.
Needs torch 2.11 and transformers.
"""
import argparse
import os
import statistics
import time

import torch
import transformers


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    a = parser.parse_args()
    torch.manual_seed(1)
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[a.precision]
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config()).eval().to(dtype)
    prefix = torch.randn(a.batch, 23, 768, dtype=dtype)
    mask = torch.ones(a.batch, 23, dtype=torch.long)

    def generate():
        with torch.no_grad():
            out = model.generate(inputs_embeds=prefix, attention_mask=mask, do_sample=False, min_new_tokens=40, max_new_tokens=40,
                                 eos_token_id=None, pad_token_id=0, use_cache=True)
        return out.numel()

    generate()
    rates, processor = [], []
    for _ in range(a.runs):
        start, began = time.time(), sum(os.times()[:2])
        tokens = generate()
        rates.append(tokens / (time.time() - start))
        processor.append(torch.get_num_threads() * tokens / (sum(os.times()[:2]) - began))
    print(f"{a.precision}, batch {a.batch}: {statistics.median(rates):.1f} tokens/s, {statistics.median(processor):.1f} by processor time, "
          f"{torch.get_num_threads()} threads, transformers {transformers.__version__}")


if __name__ == "__main__":
    main()
