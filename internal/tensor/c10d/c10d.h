// Processes that train one model: the store they meet at, collectives between them, and the reducer of gradients.
#pragma once
#include "../shim/shim.h"
#ifdef __cplusplus
extern "C" {
#endif

// A key-value store that one process serves and all, the server included, are clients of. Calls on one connection wait
// for each other, and for the server no longer than the timeout.
typedef struct lt_store lt_store;
lt_error lt_store_open(lt_store** out, const char* host, int port, int serve, const char* prefix, int64_t timeout_ms);
lt_error lt_store_set(lt_store* s, const char* key, const char* value);
lt_error lt_store_get(lt_store* s, const char* key, char** value);  // *value stays NULL where there is none; freed by lt_free_message
void lt_store_free(lt_store* s);

// A group of processes over Gloo, and between CUDA devices over NCCL. Every member makes the same calls in the same order; one thread at a time uses it, and
// each lane of its reducer. With share, sums of numbers and of gradients go through memory where all are on one machine. host is the address of this process' interface towards the others.
typedef struct lt_group lt_group;
lt_error lt_group_join(lt_group** out, lt_store* s, int rank, int size, int lanes, const char* host, int share);
int lt_group_shares(lt_group* g);  // sums go through memory: all ranks are on this machine
// Collectives of CUDA tensors go between the devices from now on, over NCCL; each process has a device of its own. -1: those
// of CPU tensors over a Gloo group in NCCL's place, for tests.
lt_error lt_group_devices(lt_group* g, int device);
void lt_group_abort(lt_group* g, const char* why);  // any thread: what waits now or later fails with this reason
void lt_group_free(lt_group* g);
lt_error lt_group_sum(lt_group* g, double* values, int64_t n);                       // in place
lt_error lt_group_exchange(lt_group* g, const double* mine, double* all, int64_t n);  // all: rank by rank
lt_error lt_group_broadcast(lt_group* g, tensor* v, int n);                          // rank 0's, in place
lt_error lt_group_gather(tensor* out, lt_group* g, tensor x);                        // rows of all; the backward pass takes its own rows' gradients
void lt_group_norm(lt_group* g, int on);                                             // batch norms take the statistics of all ranks

// A reducer sums parameters' gradients over the ranks while the backward pass runs. A lane is a sequence of parameters in
// about the order in which their gradients come; lanes may come in different threads.
typedef struct lt_reducer lt_reducer;
lt_error lt_reducer_new(lt_reducer** out, lt_group* g, tensor* params, const int* lane_sizes, int lanes, int64_t bucket_bytes);
lt_error lt_reducer_finish(lt_reducer* r);  // after the backward pass: gradients are the sums, none where no rank had one
void lt_reducer_free(lt_reducer* r);

#ifdef __cplusplus
}
#endif
