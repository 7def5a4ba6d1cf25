#include "shim.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/util/ThreadLocalDebugInfo.h>
#include <caffe2/serialize/inline_container.h>
#include <dlfcn.h>
#include <malloc.h>
#include <torch/csrc/jit/serialization/export.h>
#include <torch/csrc/jit/serialization/pickle.h>

#include <fstream>
#include <mutex>

#include "update.h"

extern "C" void goReleaseBlob(uintptr_t);

namespace {

template <class F>
lt_error guard(F&& f) {
  try {
    f();
    return nullptr;
  } catch (const c10::Error& e) {
    return strdup(e.what_without_backtrace());
  } catch (const std::exception& e) {
    return strdup(e.what());
  } catch (...) {
    return strdup("unknown C++ exception");
  }
}

// make runs f and puts its tensor into *out as a new handle.
template <class F>
lt_error make(tensor* out, F&& f) {
  return guard([&] { *out = new at::Tensor(f()); });
}

at::TensorOptions options(int dtype, int device) {
  auto o = at::TensorOptions().dtype(at::ScalarType(dtype));
  return device < 0 ? o.device(at::kCPU) : o.device(at::kCUDA, device);
}

std::optional<at::Tensor> maybe(tensor t) { return t ? std::optional<at::Tensor>(*t) : std::nullopt; }

at::IntArrayRef ints(const int64_t* v, int n) { return at::IntArrayRef(v, size_t(n)); }

// Large blocks stay in the process between steps instead of going back to the kernel, which would zero their pages anew.
// As an ELF constructor this runs before the first thread: a limit on arenas set later has no effect, and a thread of
// another arena would fall back to mmap.
__attribute__((constructor)) void tune_malloc() {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 2147483647);
  mallopt(M_TOP_PAD, 64 << 20);
  mallopt(M_ARENA_MAX, 1);
}

thread_local int slot = 0;

}  // namespace

void lt_free_message(lt_error m) { free(m); }
int lt_slot(void) { return slot; }
void lt_slot_set(int s) { slot = s; }

void lt_free(tensor t) { delete t; }
void lt_free_all(tensor* v, int n) {
  for (int i = n - 1; i >= 0; i--) delete v[i];
}
lt_error lt_shape(tensor t, int64_t* dims, int capacity, int* rank) {
  return guard([&] {
    auto s = t->sizes();
    TORCH_CHECK(int(s.size()) <= capacity, "rank ", s.size(), " is over ", capacity);
    *rank = int(s.size());
    for (size_t i = 0; i < s.size(); i++) dims[i] = s[i];
  });
}
int lt_dtype(tensor t) { return int(t->scalar_type()); }
int lt_device(tensor t) { return t->is_cuda() ? int(t->get_device()) : -1; }
int64_t lt_numel(tensor t) { return t->numel(); }

lt_error lt_from_data(tensor* out, const void* data, const int64_t* dims, int rank, int dtype, int device) {
  return make(out, [&] {
    auto t = at::empty(ints(dims, rank), options(dtype, -1));
    if (t.numel() > 0) memcpy(t.data_ptr(), data, t.nbytes());
    return device < 0 ? t : t.to(options(dtype, device));
  });
}
lt_error lt_from_blob(tensor* out, void* data, const int64_t* dims, int rank, int dtype, uintptr_t release) {
  return make(out, [&] {
    return torch::from_blob(data, ints(dims, rank), [release](void*) { goReleaseBlob(release); }, options(dtype, -1));
  });
}
lt_error lt_empty(tensor* out, const int64_t* dims, int rank, int dtype, int device) {
  return make(out, [&] { return at::empty(ints(dims, rank), options(dtype, device)); });
}
lt_error lt_arange(tensor* out, int64_t n, int device) {
  return make(out, [&] { return at::arange(n, options(int(at::kLong), device)); });
}
lt_error lt_to(tensor* out, tensor t, int dtype, int device) {
  return make(out, [&] { return t->to(options(dtype, device)); });
}
lt_error lt_contiguous(tensor* out, tensor t, int memory_format) {
  return make(out, [&] { return t->contiguous(at::MemoryFormat(memory_format)); });
}
lt_error lt_copy_out(tensor t, void* data, int dtype, int64_t count) {
  return guard([&] {
    auto c = t->detach().to(options(dtype, -1)).contiguous();
    TORCH_CHECK(c.numel() == count, "holds ", c.numel(), " values, want ", count);
    if (count > 0) memcpy(data, c.data_ptr(), c.nbytes());
  });
}

lt_error lt_add_scalar(tensor* out, tensor t, double v) { return make(out, [&] { return at::add(*t, v); }); }
lt_error lt_mul_scalar(tensor* out, tensor t, double v) { return make(out, [&] { return at::mul(*t, v); }); }
lt_error lt_pow_scalar(tensor* out, tensor t, double v) { return make(out, [&] { return at::pow(*t, v); }); }
lt_error lt_clamp_min(tensor* out, tensor t, double v) { return make(out, [&] { return at::clamp_min(*t, v); }); }
lt_error lt_masked_fill(tensor* out, tensor t, tensor mask, double v) {
  return make(out, [&] { return at::masked_fill(*t, *mask, v); });
}
lt_error lt_eq_scalar(tensor* out, tensor t, double v) { return make(out, [&] { return at::eq(*t, v); }); }
lt_error lt_leaky_relu(tensor* out, tensor t, double slope) { return make(out, [&] { return at::leaky_relu(*t, slope); }); }
lt_error lt_gelu(tensor* out, tensor t, int tanh) { return make(out, [&] { return at::gelu(*t, tanh ? "tanh" : "none"); }); }
lt_error lt_add_(tensor t, tensor other, double alpha) { return guard([&] { t->add_(*other, alpha); }); }
lt_error lt_mul_scalar_(tensor t, double v) { return guard([&] { t->mul_(v); }); }
lt_error lt_copy_(tensor t, tensor from) { return guard([&] { t->copy_(*from); }); }
lt_error lt_fill_(tensor t, double v) { return guard([&] { t->fill_(v); }); }
lt_error lt_index_copy_(tensor t, int64_t dim, tensor index, tensor from) {
  return guard([&] { t->index_copy_(dim, *index, *from); });
}
lt_error lt_increment_(tensor t) {
  return guard([&] {
    at::NoGradGuard no_grad;
    t->add_(1);
  });
}
lt_error lt_relu_(tensor t) { return guard([&] { t->relu_(); }); }
lt_error lt_normal_(tensor t, double mean, double std) { return guard([&] { t->normal_(mean, std); }); }
lt_error lt_uniform_(tensor t, double from, double to) { return guard([&] { t->uniform_(from, to); }); }
lt_error lt_norm_dim(tensor* out, tensor t, int64_t dim, int keep) {
  return make(out, [&] { return at::linalg_vector_norm(*t, 2, dim, keep != 0); });
}
lt_error lt_amax(tensor* out, tensor t, const int64_t* dims, int n, int keep) {
  return make(out, [&] { return at::amax(*t, ints(dims, n), keep != 0); });
}

lt_error lt_conv2d(tensor* out, tensor x, tensor w, tensor b, int64_t stride, int64_t padding) {
  return make(out, [&] {
    int64_t s[2] = {stride, stride}, p[2] = {padding, padding};
    return at::conv2d(*x, *w, maybe(b), s, p);
  });
}
lt_error lt_conv_transpose2d(tensor* out, tensor x, tensor w, tensor b, int64_t stride, int64_t padding, int64_t output_padding) {
  return make(out, [&] {
    int64_t s[2] = {stride, stride}, p[2] = {padding, padding}, o[2] = {output_padding, output_padding};
    return at::conv_transpose2d(*x, *w, maybe(b), s, p, o);
  });
}
lt_error lt_max_pool2d(tensor* out, tensor x, int64_t kernel, int64_t stride, int64_t padding) {
  return make(out, [&] {
    int64_t k[2] = {kernel, kernel}, s[2] = {stride, stride}, p[2] = {padding, padding};
    return at::max_pool2d(*x, k, s, p);
  });
}
lt_error lt_upsample(tensor* out, tensor x, int64_t h, int64_t w, int bilinear) {
  return make(out, [&] {
    int64_t s[2] = {h, w};
    return bilinear ? at::upsample_bilinear2d(*x, s, false) : at::upsample_nearest2d(*x, s);
  });
}
lt_error lt_sdpa(tensor* out, tensor q, tensor k, tensor v, tensor mask, double dropout, int causal) {
  return make(out, [&] { return at::scaled_dot_product_attention(*q, *k, *v, maybe(mask), dropout, causal != 0); });
}

lt_error lt_set_requires_grad(tensor t, int on) { return guard([&] { t->set_requires_grad(on != 0); }); }
int lt_requires_grad(tensor t) { return t->requires_grad(); }
lt_error lt_detach(tensor* out, tensor t) { return make(out, [&] { return t->detach(); }); }
lt_error lt_backward(tensor loss) { return guard([&] { loss->backward(); }); }
lt_error lt_backward_from(tensor* outs, tensor* grads, int n) {
  return guard([&] {
    torch::autograd::variable_list out, grad;
    for (int i = 0; i < n; i++) out.push_back(*outs[i]), grad.push_back(*grads[i]);
    torch::autograd::backward(out, grad);
  });
}
lt_error lt_grad(tensor* out, tensor t) {
  return guard([&] {
    if (t->grad().defined()) *out = new at::Tensor(t->grad());
  });
}
lt_error lt_zero_grads(tensor* v, int n) {
  return guard([&] {
    for (int i = 0; i < n; i++) v[i]->mutable_grad().reset();
  });
}
lt_error lt_grad_norm(double* norm, tensor* v, int n) {
  return guard([&] {
    std::vector<at::Tensor> grads;
    for (int i = 0; i < n; i++)
      if (v[i]->grad().defined()) grads.push_back(v[i]->grad());
    *norm = grads.empty() ? 0 : at::stack(at::_foreach_norm(grads, 2)).norm().item<double>();
  });
}
lt_error lt_scale_grads(tensor* v, int n, double factor) {
  return guard([&] {
    std::vector<at::Tensor> grads;
    for (int i = 0; i < n; i++)
      if (v[i]->grad().defined()) grads.push_back(v[i]->grad());
    if (!grads.empty()) at::_foreach_mul_(grads, factor);
  });
}

namespace {

// each calls f(p, g, from, to) for runs of a dense float32 parameter's elements on the CPU.
template <class F>
void each(at::Tensor& p, at::Tensor& g, const F& f) {
  float* pp = p.data_ptr<float>();
  const float* gg = g.data_ptr<float>();
  at::parallel_for(0, p.numel(), 1 << 15, [&](int64_t from, int64_t to) { f(pp, gg, from, to); });
}

bool fast(const at::Tensor& p, const at::Tensor& g) {
  return p.is_cpu() && p.scalar_type() == at::kFloat && g.scalar_type() == at::kFloat && p.is_non_overlapping_and_dense() &&
         p.strides() == g.strides();
}

}  // namespace

// Adan, as the release's optimizer computes it (float32 throughout; the difference of gradients at the first step is zero).
lt_error lt_adan(tensor* ps, tensor* ms, tensor* vs, tensor* ns, tensor* prevs, int count, const lt_adan_options* o) {
  return guard([&] {
    at::NoGradGuard no_grad;
    const float b1 = o->beta1, b2 = o->beta2, b3 = o->beta3;
    const float a1 = 1 - o->beta1, a2 = 1 - o->beta2, a3 = 1 - o->beta3;
    const float c1 = o->correction1, c2 = o->correction2, c3 = std::sqrt(o->correction3), eps = o->eps, lr = o->lr;
    const float decay = o->no_prox ? 1 - o->lr * o->weight_decay : 1 / (1 + o->lr * o->weight_decay);
    const float scale = o->grad_scale;
    const bool first = o->first_step, no_prox = o->no_prox;
    const adan_numbers numbers{lr, b1, b2, b3, a1, a2, a3, c1, c2, c3, eps, decay, scale, first, no_prox};
    for (int k = 0; k < count; k++) {
      at::Tensor &p = *ps[k], g = p.grad();
      if (!g.defined()) continue;
      at::Tensor &m = *ms[k], &v = *vs[k], &n = *ns[k], &prev = *prevs[k];
      if (p.strides() != g.strides()) g = at::empty_like(p).copy_(g);
      if (fast(p, g) && m.strides() == p.strides() && v.strides() == p.strides() && n.strides() == p.strides() && prev.strides() == p.strides()) {
        float *mm = m.data_ptr<float>(), *vv = v.data_ptr<float>(), *nn = n.data_ptr<float>(), *qq = prev.data_ptr<float>();
        each(p, g, [=](float* pp, const float* gg, int64_t from, int64_t to) {
          adan_update(pp + from, gg + from, mm + from, vv + from, nn + from, qq + from, to - from, numbers);
        });
        continue;
      }
      auto gi = g.to(p.scalar_type()) * scale;
      auto d = first ? at::zeros_like(gi) : gi - prev;
      m.mul_(b1).add_(gi, a1);
      v.mul_(b2).add_(d, a2);
      auto u = gi + d * b2;
      n.mul_(b3).addcmul_(u, u, a3);
      prev.copy_(gi);
      auto step = (m / c1 + v * (b2 / c2)) / (n.sqrt() / c3 + eps) * lr;
      if (no_prox) p.mul_(decay).sub_(step);
      else p.sub_(step).mul_(decay);
    }
  });
}

lt_error lt_adamw(tensor* ps, tensor* ms, tensor* vs, int count, const lt_adamw_options* o) {
  return guard([&] {
    at::NoGradGuard no_grad;
    const float b1 = o->beta1, b2 = o->beta2, a1 = 1 - o->beta1, a2 = 1 - o->beta2;
    const float step = o->lr / o->correction1, root = std::sqrt(o->correction2), eps = o->eps;
    const float decay = 1 - o->lr * o->weight_decay, scale = o->grad_scale;
    const adamw_numbers numbers{b1, b2, a1, a2, step, root, eps, decay, scale};
    for (int k = 0; k < count; k++) {
      at::Tensor &p = *ps[k], g = p.grad();
      if (!g.defined()) continue;
      at::Tensor &m = *ms[k], &v = *vs[k];
      if (p.strides() != g.strides()) g = at::empty_like(p).copy_(g);
      if (fast(p, g) && m.strides() == p.strides() && v.strides() == p.strides()) {
        float *mm = m.data_ptr<float>(), *vv = v.data_ptr<float>();
        each(p, g, [=](float* pp, const float* gg, int64_t from, int64_t to) {
          adamw_update(pp + from, gg + from, mm + from, vv + from, to - from, numbers);
        });
        continue;
      }
      auto gi = g.to(p.scalar_type()) * scale;
      m.mul_(b1).add_(gi, a1);
      v.mul_(b2).addcmul_(gi, gi, a2);
      p.mul_(decay).addcdiv_(m, v.sqrt() / root + eps, -step);
    }
  });
}

int lt_grad_mode(int on) {
  bool was = at::GradMode::is_enabled();
  at::GradMode::set_enabled(on != 0);
  return was;
}
int lt_autocast(int cuda, int on, int dtype) {
  const auto device = cuda ? at::kCUDA : at::kCPU;
  int was = at::autocast::is_autocast_enabled(device) ? int(at::autocast::get_autocast_dtype(device)) : -1;
  at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device, on != 0);
  if (on) at::autocast::set_autocast_dtype(device, at::ScalarType(dtype));
  return was;
}
int lt_autocast_cache(int on) {
  bool was = at::autocast::is_autocast_cache_enabled();
  at::autocast::set_autocast_cache_enabled(on != 0);
  return was;
}
void lt_deterministic(int on) {
  at::globalContext().setDeterministicAlgorithms(on != 0, false);
  at::globalContext().setDeterministicFillUninitializedMemory(false);
}
void lt_set_threads(int n) { at::set_num_threads(n); }
int lt_get_threads(void) { return at::get_num_threads(); }
void lt_seed(int64_t seed) { at::manual_seed(seed); }
lt_error lt_rng_get(tensor* out) {
  return make(out, [&] {
    auto g = at::detail::getDefaultCPUGenerator();
    std::lock_guard<std::mutex> lock(g.mutex());
    return g.get_state();
  });
}
lt_error lt_rng_set(tensor state) {
  return guard([&] {
    auto g = at::detail::getDefaultCPUGenerator();
    std::lock_guard<std::mutex> lock(g.mutex());
    g.set_state(*state);
  });
}

namespace {
struct Memory : c10::MemoryReportingInfoBase {
  int64_t live = 0, peak = 0;
  void reportMemoryUsage(void*, int64_t n, size_t, size_t, c10::Device) override { live += n, peak = std::max(peak, live); }
  bool memoryProfilingEnabled() const override { return true; }
};
thread_local std::shared_ptr<Memory> memory;
thread_local std::unique_ptr<c10::DebugInfoGuard> memory_guard;
}  // namespace

void lt_memory_track(int on) {
  memory_guard.reset();
  memory = on ? std::make_shared<Memory>() : nullptr;
  if (on) memory_guard = std::make_unique<c10::DebugInfoGuard>(c10::DebugInfoKind::PROFILER_STATE, memory);
}
int64_t lt_memory_live(void) { return memory ? memory->live : 0; }
int64_t lt_memory_peak(void) { return memory ? memory->peak : 0; }

lt_error lt_save_archive(const char* path, const char** names, tensor* v, int n) {
  return guard([&] {
    c10::Dict<std::string, at::Tensor> dict;
    for (int i = 0; i < n; i++) dict.insert(names[i], v[i]->detach());
    // Without type tags: torch.load(weights_only=True) refuses the ones that torch::pickle_save writes.
    std::vector<char> pickle;
    torch::jit::Pickler pickler([&](const char* b, size_t k) { pickle.insert(pickle.end(), b, b + k); }, nullptr, nullptr,
                                nullptr, nullptr, /*tag_aggregates=*/false);
    pickler.protocol();
    pickler.pushIValue(dict);
    pickler.stop();
    std::ofstream file(path, std::ios::binary);
    caffe2::serialize::PyTorchStreamWriter writer([&](const void* b, size_t k) -> size_t {
      file.write(static_cast<const char*>(b), std::streamsize(k));
      return file.good() ? k : 0;
    });
    torch::jit::writeArchiveAndTensors("data", pickle.data(), pickle.size(), pickler.tensorData(), writer);
    writer.writeEndOfFile();
    file.close();
    TORCH_CHECK(file.good(), "cannot write ", path);
  });
}

lt_error lt_cuda_open(const char* library) { return dlopen(library, RTLD_NOW | RTLD_GLOBAL) ? nullptr : strdup(dlerror()); }
int lt_cuda_count(void) {
  try {
    return at::detail::getCUDAHooks().getNumGPUs();
  } catch (...) {
    return 0;
  }
}
const char* lt_built_for(void) { return TORCH_VERSION; }
char* lt_build_text(void) {
  std::string s = "capability " + at::get_cpu_capability() + "\n" + at::get_parallel_info() + at::show_config();
  return strdup(s.c_str());
}
