#include "update.h"

#include <cstring>

// The kernels are written in vectors: of a loop with square roots, which may set errno, compilers make no vector code
// unless a flag says that nobody reads it, and cgo lets a package set no such flag.
namespace plain {
typedef float vec;
inline __attribute__((always_inline)) float root(float v) { return __builtin_sqrtf(v); }
#include "update_kernels.h"
}  // namespace plain

#if defined(__x86_64__)
#pragma GCC push_options
#pragma GCC target("avx2")
namespace avx2 {
typedef float vec __attribute__((vector_size(32)));
inline __attribute__((always_inline)) float root(float v) { return __builtin_sqrtf(v); }
inline __attribute__((always_inline)) vec root(vec v) { return __builtin_ia32_sqrtps256(v); }
#include "update_kernels.h"
}  // namespace avx2
#pragma GCC pop_options
static bool wide() {
  static const bool has = __builtin_cpu_supports("avx2");
  return has;
}
#else
namespace avx2 = plain;
static bool wide() { return false; }
#endif

void adan_update(float* p, const float* g, float* m, float* v, float* n, float* previous, int64_t count, const adan_numbers& o) {
  (wide() ? avx2::adan_all : plain::adan_all)(p, g, m, v, n, previous, count, o);
}

void adamw_update(float* p, const float* g, float* m, float* v, int64_t count, const adamw_numbers& o) {
  (wide() ? avx2::adamw_all : plain::adamw_all)(p, g, m, v, count, o);
}
