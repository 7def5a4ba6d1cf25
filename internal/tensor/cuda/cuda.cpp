// libplip_cuda.so: what needs CUDA's headers, compiled where they are and opened by the program where libtorch's CUDA
// library is. Its table is declared in ../shim/cuda_table.h.
#include "../shim/cuda_table.h"

#include <ATen/cuda/CUDAContext.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#define USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

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

lt_error synchronize(int device) {
  return guard([&] {
    c10::cuda::CUDAGuard on(static_cast<c10::DeviceIndex>(device));
    c10::cuda::device_synchronize();
  });
}

lt_error memory(int device, lt_cuda_memory_use* use) {
  return guard([&] {
    const auto all = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
    const auto s = c10::cuda::CUDACachingAllocator::getDeviceStats(static_cast<c10::DeviceIndex>(device));
    use->allocated = s.allocated_bytes[all].current, use->allocated_peak = s.allocated_bytes[all].peak;
    use->reserved = s.reserved_bytes[all].current, use->reserved_peak = s.reserved_bytes[all].peak;
  });
}

lt_error describe(int device, lt_cuda_device* out) {
  return guard([&] {
    const cudaDeviceProp* p = at::cuda::getDeviceProperties(static_cast<c10::DeviceIndex>(device));
    snprintf(out->name, sizeof out->name, "%s", p->name);
    for (int i = 0; i < 16; i++) snprintf(out->uuid + 2 * i, 3, "%02x", static_cast<unsigned char>(p->uuid.bytes[i]));
    out->memory = static_cast<int64_t>(p->totalGlobalMem);
  });
}

// A graph is recorded on a stream of its own: the default one cannot be.
struct graph {
  c10::cuda::CUDAStream own, before;
  at::cuda::CUDAGraph recorded;
  bool recording = true;

  graph(c10::cuda::CUDAStream own, c10::cuda::CUDAStream before) : own(own), before(before) {}
};

lt_error graph_begin(void** out, int device) {
  return guard([&] {
    const auto index = static_cast<c10::DeviceIndex>(device);
    c10::cuda::CUDAGuard on(index);
    auto g = std::make_unique<graph>(c10::cuda::getStreamFromPool(false, index), c10::cuda::getCurrentCUDAStream(index));
    c10::cuda::device_synchronize();  // what the graph reads is there, and nothing else runs on the device
    c10::cuda::setCurrentCUDAStream(g->own);
    try {
      // Other threads may decode or copy meanwhile: only this one's calls are recorded, and judged.
      g->recorded.capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
    } catch (...) {
      c10::cuda::setCurrentCUDAStream(g->before);
      throw;
    }
    *out = g.release();
  });
}

lt_error graph_end(void* p) {
  auto g = static_cast<graph*>(p);
  return guard([&] {
    g->recording = false;
    struct restore {
      graph* g;
      ~restore() { c10::cuda::setCurrentCUDAStream(g->before); }
    } after{g};
    g->recorded.capture_end();
  });
}

lt_error graph_replay(void* p) {
  return guard([&] { static_cast<graph*>(p)->recorded.replay(); });
}

void graph_free(void* p) {
  auto g = static_cast<graph*>(p);
  if (g->recording) free(graph_end(p));
  delete g;
}

// set gives a variable of ProcessGroupNCCL a value, unless the user has.
void set(const char* name, const char* value) { setenv(name, value, 0); }

lt_error join(c10d::Backend** out, c10d::Store* store, int rank, int size) {
  return guard([&] {
    // By default a collective that fails, or takes ten minutes, ends the process with a core dump, and a monitor asks the
    // store every second whether it should. Here the ranks look after each other: the group aborts what waits for a dead
    // one, and this rank then ends as it would with Gloo.
    set("TORCH_NCCL_ASYNC_ERROR_HANDLING", "0");
    set("TORCH_NCCL_ENABLE_MONITORING", "0");
    set("TORCH_NCCL_DUMP_ON_TIMEOUT", "0");
    set("TORCH_NCCL_BLOCKING_WAIT", "0");
    auto options = c10d::ProcessGroupNCCL::Options::create();
    options->timeout = std::chrono::hours(24 * 30);
    auto meeting = c10::intrusive_ptr<c10d::Store>::unsafe_reclaim_from_nonowning(store);
    *out = c10::make_intrusive<c10d::ProcessGroupNCCL>(meeting, rank, size, options).release();
  });
}

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

const plip_cuda_table table = {
    PLIP_CUDA_TABLE, TORCH_VERSION, TEXT(NCCL_MAJOR) "." TEXT(NCCL_MINOR) "." TEXT(NCCL_PATCH),
    synchronize, memory, describe, graph_begin, graph_end, graph_replay, graph_free, join,
};

}  // namespace

extern "C" __attribute__((visibility("default"))) const plip_cuda_table* plip_cuda(void) { return &table; }
