// The optimizers' updates of a run of float32 numbers.
#pragma once
#include <cstdint>

// adan_numbers are the options of a step as its elements need them: b are the betas, a what is left of 1, c the
// corrections (the third one's root).
struct adan_numbers {
  float lr, b1, b2, b3, a1, a2, a3, c1, c2, c3, eps, decay, scale;
  bool first, no_prox;
};
void adan_update(float* p, const float* g, float* m, float* v, float* n, float* previous, int64_t count, const adan_numbers& o);

struct adamw_numbers {
  float b1, b2, a1, a2, step, root, eps, decay, scale;
};
void adamw_update(float* p, const float* g, float* m, float* v, int64_t count, const adamw_numbers& o);
