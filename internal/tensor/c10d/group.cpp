#include "group.h"

#include <thread>

#include "../shim/cuda_table.h"

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

void lt_group::settle(const c10::intrusive_ptr<c10d::Work>& work) {
  if (stand_in) return wait(work);
  check();
  work->wait();
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

void lt_group::sum(at::Tensor& direct, const c10::intrusive_ptr<c10d::Backend>& over) {
  std::vector<at::Tensor> one{direct};
  settle(over->allreduce(one, c10d::AllreduceOptions()));
}

namespace {

// join_devices makes one group between the devices, and connects it: NCCL does that at the first collective.
void join_devices(lt_group* g, int device, const char* name, c10::intrusive_ptr<c10d::Backend>& out) {
  auto meeting = c10::make_intrusive<c10d::PrefixStore>(name, g->store);
  c10::intrusive_ptr<c10d::Backend> joined;
  if (device < 0) {
    joined = c10::make_intrusive<c10d::ProcessGroupGloo>(meeting, g->rank, g->size, g->options);
  } else {
    const plip_cuda_table* t = lt_cuda_table();
    TORCH_CHECK(t && t->version == PLIP_CUDA_TABLE, "libplip_cuda.so is not open");
    c10d::Backend* made = nullptr;
    if (const lt_error e = t->join(&made, meeting.release(), g->rank, g->size)) {  // the store is the callee's
      const std::string why = e;
      free(e);
      TORCH_CHECK(false, why);
    }
    joined = c10::intrusive_ptr<c10d::Backend>::reclaim(made);
  }
  g->check();
  {
    std::lock_guard<std::mutex> lock(g->mutex);
    out = joined;  // to be aborted from now on
  }
  auto one = at::ones({1}, device < 0 ? at::Device(at::kCPU) : at::Device(at::kCUDA, c10::DeviceIndex(device)));
  g->sum(one, joined);
  const int n = one.item<int>();
  g->check();
  TORCH_CHECK(n == g->size, "sum of a one of each device: want ", g->size, ", got ", n);
}

// end_collectives makes devices stop waiting for each other, in both groups at the same time.
void end_collectives(lt_group* g) {
  for (const auto& group : {g->gradients, g->devices}) {
    if (!group) continue;
    std::thread([group] {
      try {
        group->abort();
      } catch (const std::exception& e) {
        fprintf(stderr, "end the devices' collectives: %s\n", e.what());
      }
    }).detach();
  }
}

}  // namespace

lt_error lt_group_join(lt_group** out, lt_store* s, int rank, int size, int lanes, const char* host, int share) {
  return guarded([&] {
    // Silence is judged by heartbeats, not by how long a collective takes: rank 0 may be validating meanwhile.
    auto o = c10d::ProcessGroupGloo::Options::create(std::chrono::hours(24 * 30));
    o->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(host));
    auto g = std::make_unique<lt_group>();
    g->rank = rank, g->size = size, g->store = s->store, g->options = o;
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
lt_error lt_group_devices(lt_group* g, int device) {
  return guarded([&] {
    g->stand_in = device < 0;
    join_devices(g, device, "devices", g->devices);
    join_devices(g, device, "gradients", g->gradients);
  });
}
int lt_group_shares(lt_group* g) { return g->shared != nullptr; }
void lt_group_abort(lt_group* g, const char* why) {
  std::lock_guard<std::mutex> lock(g->mutex);
  if (g->aborted) return;
  g->why = why, g->aborted = true;
  // What a device waits for in a collective it waits for without end, and whoever waits for the device with it.
  end_collectives(g);
}
void lt_group_free(lt_group* g) {
  if (g->aborted) return;  // a thread of Gloo may wait for a dead peer for ever, and would be waited for
  // All are done with NCCL as well; its own farewell would wait for the others again.
  for (const auto& group : {g->gradients, g->devices})
    if (group) free(guarded([&] { group->abort(); }));
  delete g;
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
      const bool direct = g->direct(*v[i]);
      std::vector<at::Tensor> one{(direct ? v[i]->detach() : v[i]->detach().to(at::kCPU)).contiguous()};
      if (direct) g->settle(g->devices->broadcast(one, c10d::BroadcastOptions()));
      else g->wait(g->main->broadcast(one, c10d::BroadcastOptions()));
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
    const bool direct = g->direct(x);
    auto own = (direct ? x : x.to(at::kCPU)).contiguous();
    auto shape = own.sizes().vec();
    const int64_t n = shape[0];
    shape[0] = n * g->size;
    auto all = at::empty(shape, own.options());
    if (direct) {
      g->settle(g->devices->_allgather_base(all, own, c10d::AllgatherOptions()));
    } else {
      std::vector<std::vector<at::Tensor>> parts(1);
      for (int r = 0; r < g->size; r++) parts[0].push_back(all.narrow(0, r * n, n));
      std::vector<at::Tensor> mine{own};
      g->wait(g->main->allgather(parts, mine, c10d::AllgatherOptions()));
    }
    ctx->saved_data["from"] = int64_t(g->rank) * n;
    ctx->saved_data["rows"] = n;
    return all.to(x.device());
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    return {grads[0].narrow(0, ctx->saved_data["from"].toInt(), ctx->saved_data["rows"].toInt()), at::Tensor()};
  }
};

lt_error across(void* group, double* values, int64_t n) { return lt_group_sum(static_cast<lt_group*>(group), values, n); }

int across_device(void* group, tensor vector, lt_error* failure) {
  auto g = static_cast<lt_group*>(group);
  if (!g->direct(*vector)) return 1;
  *failure = guarded([&] { g->sum(*vector, g->devices); });
  return 0;
}

}  // namespace

lt_error lt_group_gather(tensor* out, lt_group* g, tensor x) {
  return guarded([&] { *out = new at::Tensor(Gather::apply(*x, reinterpret_cast<int64_t>(g))); });
}
void lt_group_norm(lt_group* g, int on) { on ? lt_norm_across(across, across_device, g) : lt_norm_across(nullptr, nullptr, nullptr); }
