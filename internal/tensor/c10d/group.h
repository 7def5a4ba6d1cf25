// What group.cpp and reducer.cpp share.
#pragma once
#include "c10d.h"
#include "shared.h"

#define USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <atomic>
#include <mutex>

struct lt_group {
  int rank = 0, size = 1;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> main;
  std::vector<c10::intrusive_ptr<c10d::ProcessGroupGloo>> lanes;  // each lane's collectives have an order of their own
  c10::intrusive_ptr<c10d::Store> store;
  c10::intrusive_ptr<c10d::ProcessGroupGloo::Options> options;
  // Between CUDA devices; null: their tensors go through host memory. Gradients have collectives of their own, since where
  // they come between the others may differ by rank.
  c10::intrusive_ptr<c10d::Backend> devices, gradients;
  bool stand_in = false;  // devices and gradients are Gloo between CPU tensors, for tests
  int blocks = 0;                       // of shared memory that were asked for
  std::unique_ptr<shared_sums> shared;  // null where the ranks are not all on this machine
  std::atomic<bool> aborted{false};
  std::mutex mutex;
  std::string why;

  // direct tells whether a tensor goes to the other ranks from where it is.
  bool direct(const at::Tensor& t) const { return devices && t.is_cuda() != stand_in; }

  // wait blocks until work is done, and fails when the group is aborted before. Gloo cannot be told to stop waiting for
  // a peer that is silent, so a look is taken at times.
  void wait(const c10::intrusive_ptr<c10d::Work>& work);
  // settle is wait for work between devices. With NCCL the device waits, not the caller: who then reads a result, which waits
  // for the device, asks check whether it is one.
  void settle(const c10::intrusive_ptr<c10d::Work>& work);
  void check();                          // fails when the group is aborted
  void sum(double* values, int64_t n);   // in place, over the ranks
  void sum(at::Tensor& direct, const c10::intrusive_ptr<c10d::Backend>& over);
};

template <class F>
lt_error guarded(F&& f) {
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
