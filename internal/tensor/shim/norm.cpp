// Batch normalisation with the addition and the ReLU that follow it in one pass, and averaging of 2x2 windows, for
// training on the CPU with channels last in memory. libtorch 2.11 makes a pass over memory for each step of these, in
// bfloat16 a slow one: together they took more of a small ResNet's time than its convolutions.
#include "shim.h"

#include <ATen/Parallel.h>

#include <cstring>
#include <vector>

namespace {

typedef uint16_t bf16;  // the upper half of a float

inline __attribute__((always_inline)) float load(float v) { return v; }
inline __attribute__((always_inline)) float load(bf16 v) {
  uint32_t u = uint32_t(v) << 16;
  float f;
  memcpy(&f, &u, 4);
  return f;
}
inline __attribute__((always_inline)) void store(float* p, float v) { *p = v; }
inline __attribute__((always_inline)) void store(bf16* p, float v) {  // to the nearest, ties to even
  uint32_t u;
  memcpy(&u, &v, 4);
  *p = bf16((u + 0x7fff + (u >> 16 & 1)) >> 16);
}

// Each kernel is compiled for several instruction sets, of which the loader picks one. x, y, g are rows of c channels.
// They are macros because the choice does not work for templates.
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"), optimize("O3")))

#define KERNELS(T)                                                                                                          \
  /* s += sum of x, q += sum of squares */                                                                                  \
  CLONES void sums(const T* __restrict x, int64_t rows, int64_t c, float* __restrict s, float* __restrict q) {              \
    for (int64_t i = 0; i < rows; i++, x += c)                                                                              \
      for (int64_t j = 0; j < c; j++) {                                                                                     \
        const float v = load(x[j]);                                                                                         \
        s[j] += v, q[j] += v * v;                                                                                           \
      }                                                                                                                     \
  }                                                                                                                         \
  /* y = x a + b, plus r where given, then max(0, .) where asked for */                                                     \
  CLONES void affine(const T* __restrict x, const T* __restrict r, T* __restrict y, int64_t rows, int64_t c,                 \
                    const float* __restrict a, const float* __restrict b, bool relu) {                                      \
    const float least = relu ? 0.f : -__builtin_inff();                                                                     \
    for (int64_t i = 0; i < rows; i++, x += c, y += c) {                                                                    \
      if (r) {                                                                                                              \
        for (int64_t j = 0; j < c; j++) {                                                                                   \
          const float v = load(x[j]) * a[j] + b[j] + load(r[j]);                                                            \
          store(y + j, v < least ? least : v);                                                                              \
        }                                                                                                                   \
        r += c;                                                                                                             \
      } else {                                                                                                              \
        for (int64_t j = 0; j < c; j++) {                                                                                   \
          const float v = load(x[j]) * a[j] + b[j];                                                                         \
          store(y + j, v < least ? least : v);                                                                              \
        }                                                                                                                   \
      }                                                                                                                     \
    }                                                                                                                       \
  }                                                                                                                         \
  /* s += sum of g, q += sum of g x^, with g 0 where the ReLU was; x^ = x a + b */                                          \
  CLONES void gradient_sums(const T* __restrict g, const T* __restrict y, const T* __restrict x, int64_t rows, int64_t c,   \
                            const float* __restrict a, const float* __restrict b, bool relu, float* __restrict s,           \
                            float* __restrict q) {                                                                          \
    for (int64_t i = 0; i < rows; i++, g += c, y += c, x += c)                                                              \
      for (int64_t j = 0; j < c; j++) {                                                                                     \
        const float v = !relu || load(y[j]) > 0 ? load(g[j]) : 0.f;                                                         \
        s[j] += v, q[j] += v * (load(x[j]) * a[j] + b[j]);                                                                  \
      }                                                                                                                     \
  }                                                                                                                         \
  /* d = g a + x b + e, r = g where given, with g 0 where the ReLU was */                                                   \
  CLONES void gradient_apply(const T* __restrict g, const T* __restrict y, const T* __restrict x, T* __restrict d,          \
                             T* __restrict r, int64_t rows, int64_t c, const float* __restrict a,                           \
                             const float* __restrict b, const float* __restrict e, bool relu) {                             \
    for (int64_t i = 0; i < rows; i++, g += c, y += c, x += c, d += c) {                                                    \
      if (r) {                                                                                                              \
        for (int64_t j = 0; j < c; j++) {                                                                                   \
          const float v = !relu || load(y[j]) > 0 ? load(g[j]) : 0.f;                                                       \
          store(r + j, v);                                                                                                  \
          store(d + j, v * a[j] + load(x[j]) * b[j] + e[j]);                                                                \
        }                                                                                                                   \
        r += c;                                                                                                             \
      } else {                                                                                                              \
        for (int64_t j = 0; j < c; j++) {                                                                                   \
          const float v = !relu || load(y[j]) > 0 ? load(g[j]) : 0.f;                                                       \
          store(d + j, v * a[j] + load(x[j]) * b[j] + e[j]);                                                                \
        }                                                                                                                   \
      }                                                                                                                     \
    }                                                                                                                       \
  }                                                                                                                         \
  /* one row of w2 windows of 2x2 pixels from two rows of pixels */                                                         \
  CLONES void average(const T* __restrict top, const T* __restrict bottom, T* __restrict y, int64_t w2, int64_t c) {        \
    for (int64_t i = 0; i < w2; i++, top += 2 * c, bottom += 2 * c, y += c)                                                 \
      for (int64_t j = 0; j < c; j++)                                                                                       \
        store(y + j, 0.25f * (load(top[j]) + load(top[c + j]) + load(bottom[j]) + load(bottom[c + j])));                    \
  }                                                                                                                         \
  CLONES void spread(const T* __restrict g, T* __restrict top, T* __restrict bottom, int64_t w2, int64_t c) {               \
    for (int64_t i = 0; i < w2; i++, top += 2 * c, bottom += 2 * c, g += c)                                                 \
      for (int64_t j = 0; j < c; j++) {                                                                                     \
        T v;                                                                                                                \
        store(&v, 0.25f * load(g[j]));                                                                                      \
        top[j] = top[c + j] = bottom[j] = bottom[c + j] = v;                                                                \
      }                                                                                                                     \
  }

KERNELS(float)
KERNELS(bf16)
#undef KERNELS

const auto last = at::MemoryFormat::ChannelsLast;

// chunk is the rows whose sums are taken in float32 before they go on in float64: a fixed number, so that results do not
// depend on threads.
const int64_t chunk = 256;

// suits tells whether the kernels can read a tensor [N, C, H, W].
bool suits(const at::Tensor& x) {
  return x.is_cpu() && x.dim() == 4 && x.numel() > 0 && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16) && x.is_contiguous(last);
}

// typed calls f with the elements' pointer type.
template <class F>
void typed(const at::Tensor& x, const F& f) {
  x.scalar_type() == at::kFloat ? f((float*)nullptr) : f((bf16*)nullptr);
}
template <class T>
T* data(const at::Tensor& x) { return x.defined() ? (T*)x.data_ptr() : nullptr; }

// reduce adds what f(from, rows, s, q) finds in each chunk of rows into sums of 2c numbers.
template <class F>
std::vector<double> reduce(int64_t rows, int64_t c, const F& f) {
  const int64_t n = (rows + chunk - 1) / chunk;
  std::vector<float> part(size_t(n * 2 * c), 0.f);
  at::parallel_for(0, n, 8, [&](int64_t from, int64_t to) {
    for (int64_t k = from; k < to; k++) f(k * chunk, std::min(chunk, rows - k * chunk), &part[size_t(k * 2 * c)], &part[size_t(k * 2 * c + c)]);
  });
  std::vector<double> sum(size_t(2 * c), 0.);
  for (int64_t k = 0; k < n; k++)
    for (int64_t j = 0; j < 2 * c; j++) sum[size_t(j)] += part[size_t(k * 2 * c + j)];
  return sum;
}

lt_across across = nullptr;
lt_across_device across_device = nullptr;
void* across_context = nullptr;

void check(lt_error e) {
  if (!e) return;
  const std::string why = e;
  free(e);
  TORCH_CHECK(false, why);
}

// join sums values up over the processes, and gives how many there are.
int64_t join(std::vector<double>& values) {
  if (!across) return 1;
  values.push_back(1);
  check(across(across_context, values.data(), int64_t(values.size())));
  const auto n = int64_t(values.back());
  values.pop_back();
  return n;
}

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct NormFunction : torch::autograd::Function<NormFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const std::optional<at::Tensor>& added, const at::Tensor& weight,
                            const at::Tensor& bias, at::Tensor mean, at::Tensor variance, double momentum, double eps, bool relu) {
    const int64_t c = x.size(1), rows = x.numel() / c;  // rows of this process
    const at::Tensor residual = added.value_or(at::Tensor());
    at::Tensor y = at::empty_like(x);
    // Of the input: x^ = x scale + shift.
    at::Tensor scale = at::empty({c}, at::kFloat), shift = at::empty({c}, at::kFloat);
    typed(x, [&](auto* type) {
      typedef std::remove_pointer_t<decltype(type)> T;
      auto sum = reduce(rows, c, [&](int64_t from, int64_t n, float* s, float* q) { sums(data<const T>(x) + from * c, n, c, s, q); });
      const int64_t all = rows * join(sum);
      float *rm = mean.data_ptr<float>(), *rv = variance.data_ptr<float>(), *sc = scale.data_ptr<float>(), *sh = shift.data_ptr<float>();
      const float *w = weight.data_ptr<float>(), *b = bias.data_ptr<float>();
      std::vector<float> a(static_cast<size_t>(c)), e(static_cast<size_t>(c));
      for (int64_t j = 0; j < c; j++) {
        const double m = sum[size_t(j)] / double(all), v = std::max(0., sum[size_t(c + j)] / double(all) - m * m), inverse = 1 / std::sqrt(v + eps);
        sc[j] = float(inverse), sh[j] = float(-m * inverse);
        a[size_t(j)] = float(w[j] * inverse), e[size_t(j)] = float(b[j] - w[j] * inverse * m);
        rm[j] = float((1 - momentum) * rm[j] + momentum * m);
        rv[j] = float((1 - momentum) * rv[j] + momentum * v * double(all) / double(std::max<int64_t>(1, all - 1)));
      }
      at::parallel_for(0, rows, 4096, [&](int64_t from, int64_t to) {
        const T* r = data<const T>(residual);
        affine(data<const T>(x) + from * c, r ? r + from * c : nullptr, data<T>(y) + from * c, to - from, c, a.data(), e.data(), relu);
      });
    });
    ctx->save_for_backward({x, relu ? y : x, weight, scale, shift});
    ctx->saved_data["relu"] = relu;
    ctx->saved_data["residual"] = residual.defined();
    return y;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor &x = saved[0], &y = saved[1], &weight = saved[2], &scale = saved[3], &shift = saved[4];
    const bool relu = ctx->saved_data["relu"].toBool();
    const at::Tensor g = grads[0].to(x.scalar_type()).contiguous(last);
    const int64_t c = x.size(1), rows = x.numel() / c;
    at::Tensor d = at::empty_like(x), r = ctx->saved_data["residual"].toBool() ? at::empty_like(x) : at::Tensor();
    at::Tensor dw = at::empty({c}, at::kFloat), db = at::empty({c}, at::kFloat);
    typed(x, [&](auto* type) {
      typedef std::remove_pointer_t<decltype(type)> T;
      const float *sc = scale.data_ptr<float>(), *sh = shift.data_ptr<float>(), *w = weight.data_ptr<float>();
      auto sum = reduce(rows, c, [&](int64_t from, int64_t n, float* s, float* q) {
        const int64_t at = from * c;
        gradient_sums(data<const T>(g) + at, data<const T>(y) + at, data<const T>(x) + at, n, c, sc, sh, relu, s, q);
      });
      for (int64_t j = 0; j < c; j++) db.data_ptr<float>()[j] = float(sum[size_t(j)]), dw.data_ptr<float>()[j] = float(sum[size_t(c + j)]);
      const int64_t all = rows * join(sum);  // what the weights get is this process' share
      std::vector<float> a(static_cast<size_t>(c)), b(static_cast<size_t>(c)), e(static_cast<size_t>(c));
      for (int64_t j = 0; j < c; j++) {
        // d = w scale (g - mean of g - x^ mean of (g x^)), x^ = x scale + shift
        const double ws = double(w[j]) * sc[j], mg = sum[size_t(j)] / double(all), mx = sum[size_t(c + j)] / double(all);
        a[size_t(j)] = float(ws), b[size_t(j)] = float(-ws * mx * sc[j]), e[size_t(j)] = float(-ws * (mg + mx * sh[j]));
      }
      at::parallel_for(0, rows, 4096, [&](int64_t from, int64_t to) {
        const int64_t at = from * c;
        T* dr = data<T>(r);
        gradient_apply(data<const T>(g) + at, data<const T>(y) + at, data<const T>(x) + at, data<T>(d) + at, dr ? dr + at : nullptr, to - from, c,
                       a.data(), b.data(), e.data(), relu);
      });
    });
    return {d, r, dw, db, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

// The sum over the processes of a vector; so is its gradient, each process having a share of the loss.
struct JoinFunction : torch::autograd::Function<JoinFunction> {
  static at::Tensor apply_join(const at::Tensor& x) {
    at::NoGradGuard no_grad;
    at::Tensor sum = x.to(x.device(), at::kDouble, false, true).contiguous();
    lt_error failure = nullptr;
    if (across_device && across_device(across_context, &sum, &failure) == 0) {
      check(failure);
      return sum.to(x.scalar_type());
    }
    const at::Tensor own = sum.to(at::kCPU);
    std::vector<double> values(own.data_ptr<double>(), own.data_ptr<double>() + own.numel());
    join(values);
    return at::from_blob(values.data(), own.sizes(), at::kDouble).to(x.device(), x.scalar_type(), false, true);
  }
  static at::Tensor forward(AutogradContext*, const at::Tensor& x) { return apply_join(x); }
  static variable_list backward(AutogradContext*, variable_list grads) { return {apply_join(grads[0])}; }
};

// plain_norm is the batch norm of all processes in steps, for what the kernels cannot read.
at::Tensor plain_norm(const at::Tensor& input, const at::Tensor& w, const at::Tensor& b, at::Tensor mean, at::Tensor variance, double momentum,
                      double eps) {
  const at::Tensor x = input.to(at::kFloat);
  const int64_t c = x.size(1);
  std::vector<int64_t> dims, shape(size_t(x.dim()), 1);
  for (int64_t i = 0; i < x.dim(); i++)
    if (i != 1) dims.push_back(i);
  shape[1] = c;
  const at::Tensor own = at::cat({x.sum(dims), x.square().sum(dims), at::full({1}, double(x.numel() / c), x.options())});
  const at::Tensor sum = JoinFunction::apply(own), n = sum.narrow(0, 2 * c, 1).detach();
  const at::Tensor m = sum.narrow(0, 0, c) / n, v = (sum.narrow(0, c, c) / n - m.square()).clamp_min(0);
  {
    at::NoGradGuard no_grad;
    mean.mul_(1 - momentum).add_(m, momentum);
    variance.mul_(1 - momentum).add_(v * n / (n - 1).clamp_min(1), momentum);
  }
  const at::Tensor scale = (v + eps).rsqrt() * w;
  return (x * scale.view(shape) + (b - m * scale).view(shape)).to(input.scalar_type());
}

struct AverageFunction : torch::autograd::Function<AverageFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x) {
    const int64_t n = x.size(0), c = x.size(1), h = x.size(2), w = x.size(3), h2 = h / 2, w2 = w / 2;
    at::Tensor y = at::empty({n, c, h2, w2}, x.options(), last);
    typed(x, [&](auto* type) {
      typedef std::remove_pointer_t<decltype(type)> T;
      at::parallel_for(0, n * h2, 64, [&](int64_t from, int64_t to) {
        for (int64_t k = from; k < to; k++) {
          const T* top = data<const T>(x) + (k / h2 * h + k % h2 * 2) * w * c;
          average(top, top + w * c, data<T>(y) + k * w2 * c, w2, c);
        }
      });
    });
    ctx->saved_data["shape"] = x.sizes().vec();
    return y;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto shape = ctx->saved_data["shape"].toIntVector();
    const int64_t n = shape[0], c = shape[1], h = shape[2], w = shape[3], h2 = h / 2, w2 = w / 2;
    const at::Tensor g = grads[0].contiguous(last);
    at::Tensor d = at::empty(shape, g.options(), last);
    if (h % 2 || w % 2) d.zero_();  // what no window covers
    typed(g, [&](auto* type) {
      typedef std::remove_pointer_t<decltype(type)> T;
      at::parallel_for(0, n * h2, 64, [&](int64_t from, int64_t to) {
        for (int64_t k = from; k < to; k++) {
          T* top = data<T>(d) + (k / h2 * h + k % h2 * 2) * w * c;
          spread(data<const T>(g) + k * w2 * c, top, top + w * c, w2, c);
        }
      });
    });
    return {d};
  }
};

std::optional<at::Tensor> maybe(tensor t) { return t ? std::optional<at::Tensor>(*t) : std::nullopt; }

template <class F>
lt_error make(tensor* out, F&& f) {
  try {
    *out = new at::Tensor(f());
    return nullptr;
  } catch (const c10::Error& e) {
    return strdup(e.what_without_backtrace());
  } catch (const std::exception& e) {
    return strdup(e.what());
  }
}

}  // namespace

lt_error lt_batch_norm_relu(tensor* out, tensor x, tensor residual, tensor w, tensor b, tensor mean, tensor variance, int train,
                            double momentum, double eps, int relu) {
  return make(out, [&] {
    const at::Tensor r = residual ? *residual : at::Tensor();
    if (train && suits(*x) && (!r.defined() || (suits(r) && r.scalar_type() == x->scalar_type() && r.sizes() == x->sizes())) &&
        w->is_cpu() && w->scalar_type() == at::kFloat && x->size(1) == w->numel())
      return NormFunction::apply(*x, maybe(residual), *w, *b, *mean, *variance, momentum, eps, relu != 0);
    at::Tensor y = train && across ? plain_norm(*x, *w, *b, *mean, *variance, momentum, eps)
                                   : at::batch_norm(*x, *w, *b, *mean, *variance, train != 0, momentum, eps, true);
    if (r.defined()) y = y.add_(r);
    return relu ? y.relu_() : y;
  });
}

void lt_norm_across(lt_across f, lt_across_device on_device, void* context) { across = f, across_device = on_device, across_context = context; }

lt_error lt_avg_pool2d(tensor* out, tensor x, int64_t kernel, int64_t stride) {
  return make(out, [&] {
    if (kernel == 2 && stride == 2 && suits(*x) && x->size(2) > 1 && x->size(3) > 1) return AverageFunction::apply(*x);
    return at::avg_pool2d(*x, {kernel, kernel}, {stride, stride});
  });
}
