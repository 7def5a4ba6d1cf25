// Matrix products with weights that were laid out once, and attention over a cache, for decoding on the CPU. libtorch's
// products give a row other last digits in another batch, and decoding makes matrices of few rows, which they are not
// made for; here a row's result is one sum in one order. Weights are panels of packed_columns output columns, in each
// panel input by input (in pairs for bfloat16, in fours for int8), so that a panel is read once from front to back.
#include "shim.h"

#include <ATen/Parallel.h>
#include <immintrin.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

namespace {

const int packed_columns = 48;  // three vectors of 16 numbers: with 8 rows, 24 sums, 3 weights and an input fill 32 registers
enum { packed_float32, packed_bfloat16, packed_int8 };

// PackedProduct is y = x w + bias [+ residual], gelu before the residual; what a kind has no use for is still readable.
struct PackedProduct {
  int kind, gelu;
  int64_t rows, out, ldx;  // ldx: inputs of a row, filled up to whole groups
  const void *x, *w;
  const float *bias, *scale, *x_scale, *residual;
  const int32_t* sums;
  float* y;
};

struct PackedKernels {
  void (*panels)(const PackedProduct&, int64_t from, int64_t to);
  void (*to_bfloat16)(const float* x, int64_t n, uint16_t* y);
  float (*to_int8)(const float* x, int64_t n, uint8_t* y);
  void (*attend)(const float* q, const float* keys, const float* values, int64_t n, int64_t d, int64_t heads, int64_t e, float scale, float* scores,
                 float* y);
};

#pragma GCC push_options
#pragma GCC optimize("O3")

#define LANES 16
#define ROWS 8
#define VECTORS 3
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v4,avx512vnni,avx512bf16")
#define NATIVE_BF16
#define NATIVE_INT8
namespace bf16 {
#include "packed_kernels.h"
}
#undef NATIVE_BF16
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v4,avx512vnni")
namespace vnni {
#include "packed_kernels.h"
}
#undef NATIVE_INT8
#pragma GCC pop_options
#undef LANES
#undef ROWS
#undef VECTORS

#define ROWS 4
#define LANES 8
#define VECTORS 3  // 12 sums, 3 weights and an input fill 16 registers
#define NATIVE_MADD
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v3")
namespace v3 {
#include "packed_kernels.h"
}
#pragma GCC pop_options
#undef NATIVE_MADD
#undef LANES
#undef VECTORS
#define LANES 4
#define VECTORS 2
namespace plain {
#include "packed_kernels.h"
}
#pragma GCC pop_options

int level = -1;  // of lt_packed_level; -1: what the CPU has

const PackedKernels& kernels() {
  static const PackedKernels* const all[] = {&plain::kernels, &v3::kernels, &vnni::kernels, &bf16::kernels};
  static const int best = [] {
    __builtin_cpu_init();
    const bool v4 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512cd");
    if (v4 && __builtin_cpu_supports("avx512vnni")) return __builtin_cpu_supports("avx512bf16") ? 3 : 2;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2") ? 1 : 0;
  }();
  return *all[level >= 0 ? std::min(level, best) : best];
}

template <class F>
lt_error guard(F&& f) {
  try {
    f();
    return nullptr;
  } catch (const c10::Error& e) {
    return strdup(e.what_without_backtrace());
  } catch (const std::exception& e) {
    return strdup(e.what());
  }
}

// Memory is zeroed, and in huge pages where it is large: reading weights then misses no page table entries.
struct Memory {
  void* p = nullptr;
  explicit Memory(size_t bytes) {
    const size_t page = bytes >= (1 << 20) ? 2 << 20 : 64;
    bytes = (bytes + page - 1) / page * page;
    TORCH_CHECK(posix_memalign(&p, page, bytes) == 0, "no memory for ", bytes, " bytes of packed weights");
    if (page > 64) madvise(p, bytes, MADV_HUGEPAGE);
    memset(p, 0, bytes);
  }
  ~Memory() { free(p); }
};

const int groups[] = {1, 2, 4};
const int sizes[] = {4, 2, 1};

int64_t up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

}  // namespace

struct lt_packed_weights {
  int kind;
  int64_t in, out, ldx, panels;
  std::unique_ptr<Memory> w;
  std::vector<float> bias, scale;  // by output, filled up to whole panels
  std::vector<int32_t> sums;
};

lt_error lt_pack(lt_packed* result, tensor weight, int in_out, tensor bias, int kind) {
  return guard([&] {
    at::NoGradGuard no_grad;
    TORCH_CHECK(weight->dim() == 2 && weight->is_cpu(), "want a matrix on the CPU, got ", weight->sizes(), " on ", weight->device());
    const auto w = (in_out ? weight->t() : *weight).to(at::kFloat).contiguous();  // [out, in]
    auto p = std::make_unique<lt_packed_weights>();
    p->kind = kind, p->out = w.size(0), p->in = w.size(1);
    const int group = groups[kind];
    p->ldx = up(p->in, group), p->panels = up(p->out, packed_columns) / packed_columns;
    const int64_t filled = p->panels * packed_columns;
    p->w = std::make_unique<Memory>(filled * p->ldx * sizes[kind]);
    p->bias.resize(filled), p->scale.resize(filled, 1), p->sums.resize(filled);
    if (bias) {
      const auto b = bias->to(at::kFloat).contiguous();
      TORCH_CHECK(b.numel() == p->out, "want a bias of ", p->out, ", got ", b.sizes());
      memcpy(p->bias.data(), b.data_ptr<float>(), p->out * 4);
    }
    const float* from = w.data_ptr<float>();
    auto* q = p.get();
    at::parallel_for(0, p->out, 64, [&](int64_t first, int64_t last) {
      for (int64_t o = first; o < last; o++) {
        const float* row = from + o * q->in;
        const int64_t start = o / packed_columns * packed_columns * q->ldx + o % packed_columns * group;
        auto place = [&](int64_t i) { return start + i / group * packed_columns * group + i % group; };
        if (kind == packed_int8) {
          float most = 0;
          for (int64_t i = 0; i < q->in; i++) most = std::max(most, std::fabs(row[i]));
          q->scale[o] = most > 0 ? most / 127 : 1;
          for (int64_t i = 0; i < q->in; i++) {
            const auto v = int8_t(std::nearbyint(row[i] / q->scale[o]));
            static_cast<int8_t*>(q->w->p)[place(i)] = v, q->sums[o] += v;
          }
        } else if (kind == packed_bfloat16) {
          for (int64_t i = 0; i < q->in; i++) kernels().to_bfloat16(row + i, 1, static_cast<uint16_t*>(q->w->p) + place(i));
        } else {
          for (int64_t i = 0; i < q->in; i++) static_cast<float*>(q->w->p)[place(i)] = row[i];
        }
      }
    });
    *result = p.release();
  });
}

void lt_packed_free(lt_packed w) { delete w; }
int64_t lt_packed_in(lt_packed w) { return w->in; }
int lt_packed_level(int l) {
  level = l;
  const PackedKernels* k = &kernels();
  return k == &plain::kernels ? 0 : k == &v3::kernels ? 1 : k == &vnni::kernels ? 2 : 3;
}

lt_error lt_packed_linear(tensor* out, tensor input, lt_packed w, tensor residual, int gelu) {
  return guard([&] {
    TORCH_CHECK(input->is_cpu() && input->scalar_type() == at::kFloat && input->dim() > 0 && input->size(-1) == w->in, "want float32 [... ", w->in,
                "] on the CPU, got ", input->sizes());
    const auto x = input->contiguous();
    auto shape = x.sizes().vec();
    shape.back() = w->out;
    auto y = at::empty(shape, x.options());
    at::Tensor add;
    if (residual) {
      TORCH_CHECK(residual->sizes() == y.sizes() && residual->scalar_type() == at::kFloat, "want a residual ", y.sizes(), ", got ", residual->sizes());
      add = residual->contiguous();
    }
    const int64_t rows = x.numel() / w->in;
    const auto& k = kernels();
    const float* from = x.data_ptr<float>();
    std::vector<float> scale(rows, 1);
    std::unique_ptr<Memory> narrow;
    if (w->kind != packed_float32) {
      narrow = std::make_unique<Memory>(rows * w->ldx * sizes[w->kind]);
      at::parallel_for(0, rows, std::max<int64_t>(1, 65536 / w->in), [&](int64_t first, int64_t last) {
        for (int64_t r = first; r < last; r++) {
          if (w->kind == packed_int8)
            scale[r] = k.to_int8(from + r * w->in, w->in, static_cast<uint8_t*>(narrow->p) + r * w->ldx);
          else
            k.to_bfloat16(from + r * w->in, w->in, static_cast<uint16_t*>(narrow->p) + r * w->ldx);
        }
      });
    }
    PackedProduct j = {};
    j.kind = w->kind, j.gelu = gelu, j.rows = rows, j.out = w->out, j.ldx = w->ldx;
    j.x = narrow ? narrow->p : from, j.w = w->w->p, j.y = y.data_ptr<float>();
    j.bias = w->bias.data(), j.scale = w->scale.data(), j.sums = w->sums.data(), j.x_scale = scale.data();
    j.residual = residual ? add.data_ptr<float>() : nullptr;
    const int64_t cost = rows * packed_columns * w->in;  // of a panel
    at::parallel_for(0, w->panels, std::max<int64_t>(1, 500000 / std::max<int64_t>(1, cost)), [&](int64_t first, int64_t last) { k.panels(j, first, last); });
    *out = new at::Tensor(y);
  });
}

lt_error lt_cached_attention(tensor* out, tensor input, tensor keys, tensor values, const int64_t* base, const int64_t* start, int heads) {
  return guard([&] {
    TORCH_CHECK(input->dim() == 3 && input->scalar_type() == at::kFloat && keys->is_contiguous() && values->is_contiguous(), "want qkv [R L 3D], got ",
                input->sizes());
    const auto qkv = input->contiguous();
    const int64_t r = qkv.size(0), l = qkv.size(1), d = qkv.size(2) / 3, e = d / heads, capacity = keys->size(0);
    for (int64_t i = 0; i < r; i++)
      TORCH_CHECK(base[i] >= 0 && start[i] >= 0 && base[i] + start[i] + l <= capacity, "sequence ", i, " leaves the cache of ", capacity, " rows");
    auto y = at::empty({r, l, d}, qkv.options());
    const float* from = qkv.data_ptr<float>();
    float *ks = keys->data_ptr<float>(), *vs = values->data_ptr<float>(), *to = y.data_ptr<float>();
    const auto& k = kernels();
    const int64_t parts = r >= at::get_num_threads() ? 1 : std::min<int64_t>(heads, at::get_num_threads());  // of the heads
    at::parallel_for(0, r * parts, 1, [&](int64_t first, int64_t last) {
      std::vector<float> scores;
      for (int64_t item = first; item < last; item++) {
        const int64_t i = item / parts, h0 = heads * (item % parts) / parts, h1 = heads * (item % parts + 1) / parts, c = h0 * e, n = (h1 - h0) * e;
        for (int64_t t = 0; t < l; t++) {
          const int64_t row = base[i] + start[i] + t, seen = start[i] + t + 1;
          const float* q = from + (i * l + t) * 3 * d;
          memcpy(ks + row * d + c, q + d + c, n * 4), memcpy(vs + row * d + c, q + 2 * d + c, n * 4);
          scores.resize((h1 - h0) * seen);
          k.attend(q + c, ks + base[i] * d + c, vs + base[i] * d + c, seen, d, h1 - h0, e, 1 / std::sqrt(float(e)), scores.data(), to + (i * l + t) * d + c);
        }
      }
    });
    *out = new at::Tensor(y);
  });
}
