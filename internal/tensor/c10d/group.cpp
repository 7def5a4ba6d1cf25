#include "group.h"

struct lt_store {
  c10::intrusive_ptr<c10d::TCPStore> server;
  c10::intrusive_ptr<c10d::Store> store;
};

// The store's connections warn with C++ stack traces of what their errors say as well.
C10_DECLARE_int(caffe2_log_level);

lt_error lt_store_open(lt_store** out, const char* host, int port, int serve, const char* prefix, int64_t timeout_ms) {
  return guarded([&] {
    if (!getenv("TORCH_CPP_LOG_LEVEL")) FLAGS_caffe2_log_level = c10::GLOG_ERROR;
    c10d::TCPStoreOptions o;
    o.port = uint16_t(port), o.isServer = serve != 0, o.waitWorkers = false;
    o.timeout = std::chrono::milliseconds(timeout_ms);
    auto server = c10::make_intrusive<c10d::TCPStore>(host, o);
    *out = new lt_store{server, c10::make_intrusive<c10d::PrefixStore>(prefix, server)};
  });
}
lt_error lt_store_set(lt_store* s, const char* key, const char* value) {
  return guarded([&] { s->store->set(key, std::string(value)); });
}
lt_error lt_store_get(lt_store* s, const char* key, char** value) {
  return guarded([&] {
    if (!s->store->check({key})) return;
    const auto v = s->store->get(key);
    *value = strdup(std::string(v.begin(), v.end()).c_str());
  });
}
void lt_store_free(lt_store* s) { delete s; }

void lt_group::wait(const c10::intrusive_ptr<c10d::Work>& work) {
  for (;;) {
    try {
      work->wait(std::chrono::milliseconds(500));
      return;
    } catch (...) {
      if (work->isCompleted()) throw;
    }
    check();
  }
}

void lt_group::check() {
  if (!aborted) return;
  std::lock_guard<std::mutex> lock(mutex);
  TORCH_CHECK(false, why);
}

void lt_group::sum(double* values, int64_t n) {
  if (shared && n <= shared_sums::limit) return shared->sum(values, n, this);
  std::vector<at::Tensor> one{at::from_blob(values, {n}, at::kDouble)};
  wait(main->allreduce(one, c10d::AllreduceOptions()));
}

lt_error lt_group_join(lt_group** out, lt_store* s, int rank, int size, int lanes, const char* host, int share) {
  return guarded([&] {
    // Silence is judged by heartbeats, not by how long a collective takes: rank 0 may be validating meanwhile.
    auto o = c10d::ProcessGroupGloo::Options::create(std::chrono::hours(24 * 30));
    o->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(host));
    auto g = std::make_unique<lt_group>();
    g->rank = rank, g->size = size, g->store = s->store;
    for (int i = 0; i <= lanes; i++) {
      auto meeting = c10::make_intrusive<c10d::PrefixStore>("gloo" + std::to_string(i), s->store);
      auto member = c10::make_intrusive<c10d::ProcessGroupGloo>(meeting, rank, size, o);
      if (i == 0) g->main = member;
      else g->lanes.push_back(member);
    }
    if (auto block = share ? shared_block::open(g.get(), shared_sums::bytes(size)) : nullptr) g->shared.reset(new shared_sums{block, rank, size});
    *out = g.release();
  });
}
int lt_group_shares(lt_group* g) { return g->shared != nullptr; }
void lt_group_abort(lt_group* g, const char* why) {
  std::lock_guard<std::mutex> lock(g->mutex);
  if (!g->aborted) g->why = why, g->aborted = true;
}
void lt_group_free(lt_group* g) {
  if (!g->aborted) delete g;  // else a thread of Gloo may wait for a dead peer for ever, and would be waited for
}

lt_error lt_group_sum(lt_group* g, double* values, int64_t n) {
  return guarded([&] { g->sum(values, n); });
}
lt_error lt_group_exchange(lt_group* g, const double* mine, double* all, int64_t n) {
  return guarded([&] {
    std::fill_n(all, g->size * n, 0.);
    std::copy_n(mine, n, all + g->rank * n);
    g->sum(all, g->size * n);
  });
}
lt_error lt_group_broadcast(lt_group* g, tensor* v, int n) {
  return guarded([&] {
    at::NoGradGuard no_grad;
    for (int i = 0; i < n; i++) {
      std::vector<at::Tensor> one{v[i]->detach().to(at::kCPU).contiguous()};
      g->wait(g->main->broadcast(one, c10d::BroadcastOptions()));
      v[i]->copy_(one[0]);
    }
  });
}

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Every rank computes the whole loss from the rows of all, so that the gradients of its own rows are whole already: the
// backward pass needs no exchange, and the sum of the parameters' gradients over the ranks is that of the one loss.
struct Gather : torch::autograd::Function<Gather> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, int64_t group) {
    auto g = reinterpret_cast<lt_group*>(group);
    const auto own = x.to(at::kCPU).contiguous();
    auto shape = own.sizes().vec();
    const int64_t n = shape[0];
    shape[0] = n * g->size;
    auto all = at::empty(shape, own.options());
    std::vector<std::vector<at::Tensor>> parts(1);
    for (int r = 0; r < g->size; r++) parts[0].push_back(all.narrow(0, r * n, n));
    std::vector<at::Tensor> mine{own};
    g->wait(g->main->allgather(parts, mine, c10d::AllgatherOptions()));
    ctx->saved_data["from"] = int64_t(g->rank) * n;
    ctx->saved_data["rows"] = n;
    return all.to(x.device());
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    return {grads[0].narrow(0, ctx->saved_data["from"].toInt(), ctx->saved_data["rows"].toInt()), at::Tensor()};
  }
};

lt_error across(void* group, double* values, int64_t n) { return lt_group_sum(static_cast<lt_group*>(group), values, n); }

}  // namespace

lt_error lt_group_gather(tensor* out, lt_group* g, tensor x) {
  return guarded([&] { *out = new at::Tensor(Gather::apply(*x, reinterpret_cast<int64_t>(g))); });
}
void lt_group_norm(lt_group* g, int on) { on ? lt_norm_across(across, g) : lt_norm_across(nullptr, nullptr); }
