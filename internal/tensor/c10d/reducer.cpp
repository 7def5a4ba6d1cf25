#include <torch/csrc/autograd/functions/accumulate_grad.h>
#include <torch/csrc/autograd/utils/lambda_post_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <ATen/Parallel.h>

#include "group.h"

namespace {

// Parameters whose gradients travel together, as one vector with a number behind for each of them: how many ranks had a
// gradient of it.
struct Bucket {
  at::Tensor flat, host;  // host is what travels: flat itself, or of a device that the group cannot reach a copy on the CPU
  bool alone = false;     // flat lies in shared memory: no collective of its own
  std::vector<at::Tensor> params, grads;  // grads are views of flat, laid out as the parameters
  std::vector<bool> filled;
  size_t left = 0;
  c10::intrusive_ptr<c10d::Work> work;

  int64_t flags() const { return flat.numel() - int64_t(params.size()); }
};

// Buckets that go in one order on all ranks, whatever order their gradients come in.
struct Lane {
  c10::intrusive_ptr<c10d::Backend> group;
  std::vector<std::unique_ptr<Bucket>> buckets;
  size_t next = 0;
  std::mutex mutex;

  void fill(Bucket& b, size_t i) {
    std::lock_guard<std::mutex> lock(mutex);
    at::NoGradGuard no_grad;
    TORCH_CHECK(!b.work && !b.filled[i], "a second gradient of a parameter in one step");
    const at::Tensor& grad = b.params[i].grad();
    if (grad.defined()) {
      b.grads[i].copy_(grad);
      b.flat.select(0, b.flags() + int64_t(i)).fill_(1);
    } else {
      b.grads[i].zero_();
      b.flat.select(0, b.flags() + int64_t(i)).fill_(0);
    }
    b.filled[i] = true;
    b.left--;
    if (b.alone) return;
    for (; next < buckets.size() && buckets[next]->left == 0; next++) {
      Bucket& full = *buckets[next];
      if (!full.host.is_same(full.flat)) full.host.copy_(full.flat);
      std::vector<at::Tensor> one{full.host};
      full.work = group->allreduce(one, c10d::AllreduceOptions());
    }
  }

  // finish sends what the backward pass has not reached.
  void finish() {
    for (size_t k = next; k < buckets.size(); k++)
      for (size_t i = 0; i < buckets[k]->params.size(); i++)
        if (!buckets[k]->filled[i]) fill(*buckets[k], i);
  }
};

// receive waits for the sums, and returns how many ranks had a gradient, by parameter.
at::Tensor receive(lt_group* g, Bucket& b) {
  if (b.work && g->direct(b.flat)) g->settle(b.work);
  else if (b.work) g->wait(b.work);
  b.work.reset();
  if (!b.host.is_same(b.flat)) b.flat.copy_(b.host);
  return b.host.narrow(0, b.flags(), int64_t(b.params.size()));
}

// take gives the parameters the sums, and makes the bucket ready for the next step.
void take(Bucket& b, const float* had) {
  for (size_t i = 0; i < b.params.size(); i++) {
    if (had[i] > 0) b.params[i].mutable_grad() = b.grads[i];
    else b.params[i].mutable_grad().reset();
    b.filled[i] = false;
  }
  b.left = b.params.size();
}

// Flats are the ranks' flat vectors in memory that they share: rank by rank, each with those of all its buckets behind
// each other. Words count the steps in which a rank has filled its own, summed its part and taken all parts.
struct Flats {
  std::shared_ptr<shared_block> block;
  int64_t each = 0, used = 0;  // floats of a rank
  uint32_t step = 0;

  static size_t bytes(int size, int64_t each) { return size_t(size) * (3 * sizeof(shared_word) + size_t(each) * sizeof(float)); }
  shared_word* words(int size, int kind) { return reinterpret_cast<shared_word*>(block->data) + kind * size; }
  float* of(int size, int rank) { return reinterpret_cast<float*>(words(size, 3)) + rank * each; }

  at::Tensor take(lt_group* g, int64_t n) {
    float* p = of(g->size, g->rank) + used;
    used += (n + 15) / 16 * 16;
    return at::from_blob(p, {n}, [keep = block](void*) {}, at::kFloat).zero_();
  }

  void meet(lt_group* g, int kind) {
    words(g->size, kind)[g->rank].reach(step);
    for (int r = 0; r < g->size; r++) words(g->size, kind)[r].await(step, g, r);
  }

  // sum leaves the sums over the ranks in this rank's own vectors. Every rank sums a part of them, in the order of the
  // ranks, into its own, from where the others copy it; what they still read stays as it is until all are done.
  void sum(lt_group* g) {
    step++;
    auto part = [&](int r) { return used * r / g->size; };
    float* mine = of(g->size, g->rank);
    meet(g, 0);
    at::parallel_for(part(g->rank), part(g->rank + 1), 1 << 14, [&](int64_t from, int64_t to) {
      const int64_t block = 4096;
      float total[block];
      for (; from < to; from += block) {
        const int64_t n = std::min(block, to - from);
        std::copy_n(of(g->size, 0) + from, n, total);
        for (int r = 1; r < g->size; r++) {
          const float* theirs = of(g->size, r) + from;
          for (int64_t i = 0; i < n; i++) total[i] += theirs[i];
        }
        std::copy_n(total, n, mine + from);
      }
    });
    meet(g, 1);
    for (int r = 0; r < g->size; r++)
      if (r != g->rank) std::copy_n(of(g->size, r) + part(r), part(r + 1) - part(r), mine + part(r));
    meet(g, 2);
  }
};

std::unique_ptr<Bucket> make_bucket(lt_group* g, Flats* flats, const std::vector<at::Tensor>& params) {
  auto b = std::make_unique<Bucket>();
  int64_t n = int64_t(params.size());
  for (const auto& p : params) n += p.numel();
  b->alone = flats != nullptr;
  b->flat = flats ? flats->take(g, n) : at::zeros({n}, params[0].options().requires_grad(false));
  b->host = g->direct(b->flat) ? b->flat : b->flat.to(at::kCPU);
  int64_t at = 0;
  for (const auto& p : params) {
    b->params.push_back(p);
    auto own = b->flat.narrow(0, at, p.numel());
    b->grads.push_back(p.is_non_overlapping_and_dense() ? own.as_strided(p.sizes(), p.strides(), at) : own.view(p.sizes()));
    at += p.numel();
  }
  b->filled.assign(params.size(), false);
  b->left = params.size();
  return b;
}

}  // namespace

struct lt_reducer {
  lt_group* group;
  std::vector<std::unique_ptr<Lane>> lanes;
  std::unique_ptr<Flats> flats;  // null: gradients travel over Gloo or between the devices
  std::vector<std::pair<std::shared_ptr<torch::autograd::Node>, uintptr_t>> hooks;

  void watch(Lane& lane, Bucket& b) {
    for (size_t i = 0; i < b.params.size(); i++) {
      auto node = torch::autograd::impl::grad_accumulator(b.params[i]);
      auto hook = std::make_unique<torch::autograd::utils::LambdaPostHook>([&lane, &b, i](const variable_list& outs, const variable_list&) {
        lane.fill(b, i);
        return outs;
      });
      hooks.emplace_back(node, node->add_post_hook(std::move(hook)));
    }
  }

  using variable_list = torch::autograd::variable_list;
};

lt_error lt_reducer_new(lt_reducer** out, lt_group* g, tensor* params, const int* lane_sizes, int lanes, int64_t bucket_bytes) {
  return guarded([&] {
    auto r = std::make_unique<lt_reducer>();
    r->group = g;
    int64_t total = 0;
    bool cpu = true, direct = true;
    for (int k = 0, i = 0; k < lanes; k++)
      for (int j = 0; j < lane_sizes[k]; j++, i++) total += params[i]->numel() + 17, cpu = cpu && params[i]->is_cpu(), direct = direct && g->direct(*params[i]);
    TORCH_CHECK(direct || lanes <= int(g->lanes.size()), "the group has ", g->lanes.size(), " lanes, want ", lanes);
    if (g->shared && cpu && !direct && total > 0)
      if (auto block = shared_block::open(g, Flats::bytes(g->size, (total + 15) / 16 * 16))) r->flats.reset(new Flats{block, (total + 15) / 16 * 16});
    for (int k = 0; k < lanes; k++) {
      // Between devices there is one group for all, which takes them in one order.
      if (!direct || k == 0) r->lanes.push_back(std::make_unique<Lane>());
      Lane& lane = *r->lanes.back();
      if (direct) lane.group = g->gradients;
      else lane.group = g->lanes[size_t(k)];
      std::vector<at::Tensor> some;
      int64_t bytes = 0;
      for (int i = 0; i < lane_sizes[k]; i++, params++) {
        TORCH_CHECK((*params)->scalar_type() == at::kFloat, "want float32 parameters");
        some.push_back(**params);
        bytes += int64_t((*params)->nbytes());
        if (bytes < bucket_bytes && i + 1 < lane_sizes[k]) continue;
        lane.buckets.push_back(make_bucket(g, r->flats.get(), some));
        r->watch(lane, *lane.buckets.back());
        some.clear(), bytes = 0;
      }
    }
    *out = r.release();
  });
}

lt_error lt_reducer_finish(lt_reducer* r) {
  return guarded([&] {
    for (auto& lane : r->lanes) lane->finish();
    if (r->flats) r->flats->sum(r->group);
    std::vector<at::Tensor> counts;
    for (auto& lane : r->lanes)
      for (auto& b : lane->buckets) counts.push_back(receive(r->group, *b));
    if (counts.empty()) return;
    const auto had = at::cat(counts).to(at::kCPU);  // the one wait for a device
    r->group->check();
    const float* next = had.data_ptr<float>();
    for (auto& lane : r->lanes) {
      for (auto& b : lane->buckets) take(*b, next), next += b->params.size();
      lane->next = 0;
    }
  });
}

void lt_reducer_free(lt_reducer* r) {
  for (auto& h : r->hooks) h.first->del_post_hook(h.second);
  if (r->group->aborted) {  // a collective may still write into a bucket
    for (auto& lane : r->lanes) (void)lane.release();
  }
  delete r;
}
