// What libplip_cuda.so gives: all that needs CUDA's headers, in one table of functions. It is built apart from the program
// (internal/tensor/cuda), opened beside libtorch's CUDA library, and may be absent.
#pragma once
#include "shim.h"
#ifdef __cplusplus

namespace c10d {
class Backend;
class Store;
}  // namespace c10d

// Any change of the table changes its version: object and program are compiled at different times.
#define PLIP_CUDA_TABLE 1

struct plip_cuda_table {
  int version;        // PLIP_CUDA_TABLE
  const char* torch;  // version of libtorch's headers
  const char* nccl;   // version of NCCL's headers, such as 2.28.9

  lt_error (*synchronize)(int device);  // waits for all that the device was asked to do
  lt_error (*memory)(int device, lt_cuda_memory_use* use);
  lt_error (*describe)(int device, lt_cuda_device* out);

  // A graph is what the calling thread does on the device between begin and end, recorded and not done.
  lt_error (*graph_begin)(void** graph, int device);
  lt_error (*graph_end)(void* graph);
  lt_error (*graph_replay)(void* graph);
  void (*graph_free)(void* graph);

  // join makes this process the rank-th of size of a group over NCCL, which meet at the store. *out holds a reference for the caller.
  lt_error (*join)(c10d::Backend** out, c10d::Store* store, int rank, int size);
};

extern "C" const plip_cuda_table* plip_cuda(void);

// lt_cuda_table is the table of the object that is open, NULL where none is.
extern "C" const plip_cuda_table* lt_cuda_table(void);

#endif
