// What gotch's C layer lacks, over the same torch::Tensor pointers. A call that can fail returns NULL or a message
// that the caller frees with lt_free_message; results go to *out as new handles.
#pragma once
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
#include <torch/torch.h>
typedef torch::Tensor* tensor;
extern "C" {
#else
typedef void* tensor;
#endif

typedef char* lt_error;
void lt_free_message(lt_error);

// The index of the calling thread's scope stack (0: none), kept in thread-local storage.
int lt_slot(void);
void lt_slot_set(int slot);

// Handles.
void lt_free(tensor);
void lt_free_all(tensor* v, int n);
lt_error lt_shape(tensor t, int64_t* dims, int capacity, int* rank);
int lt_dtype(tensor t);
int lt_device(tensor t);  // -1 CPU, otherwise the CUDA index
int64_t lt_numel(tensor t);

// Making tensors.
lt_error lt_from_data(tensor* out, const void* data, const int64_t* dims, int rank, int dtype, int device);
lt_error lt_from_blob(tensor* out, void* data, const int64_t* dims, int rank, int dtype, uintptr_t release);
lt_error lt_empty(tensor* out, const int64_t* dims, int rank, int dtype, int device);
lt_error lt_arange(tensor* out, int64_t n, int device);
lt_error lt_to(tensor* out, tensor t, int dtype, int device);
lt_error lt_contiguous(tensor* out, tensor t, int memory_format);
lt_error lt_copy_out(tensor t, void* data, int dtype, int64_t count);

// Arithmetic with numbers, and in place.
lt_error lt_add_scalar(tensor* out, tensor t, double v);
lt_error lt_mul_scalar(tensor* out, tensor t, double v);
lt_error lt_pow_scalar(tensor* out, tensor t, double v);
lt_error lt_clamp_min(tensor* out, tensor t, double v);
lt_error lt_masked_fill(tensor* out, tensor t, tensor mask, double v);
lt_error lt_eq_scalar(tensor* out, tensor t, double v);
lt_error lt_leaky_relu(tensor* out, tensor t, double slope);
lt_error lt_gelu(tensor* out, tensor t, int tanh);
lt_error lt_add_(tensor t, tensor other, double alpha);
lt_error lt_mul_scalar_(tensor t, double v);
lt_error lt_copy_(tensor t, tensor from);
lt_error lt_fill_(tensor t, double v);
lt_error lt_index_copy_(tensor t, int64_t dim, tensor index, tensor from);
lt_error lt_relu_(tensor t);
lt_error lt_increment_(tensor t);
lt_error lt_normal_(tensor t, double mean, double std);
lt_error lt_uniform_(tensor t, double from, double to);
lt_error lt_norm_dim(tensor* out, tensor t, int64_t dim, int keep);
lt_error lt_amax(tensor* out, tensor t, const int64_t* dims, int n, int keep);

// Layers.
lt_error lt_conv2d(tensor* out, tensor x, tensor w, tensor b, int64_t stride, int64_t padding);
lt_error lt_conv_transpose2d(tensor* out, tensor x, tensor w, tensor b, int64_t stride, int64_t padding, int64_t output_padding);
lt_error lt_max_pool2d(tensor* out, tensor x, int64_t kernel, int64_t stride, int64_t padding);
lt_error lt_avg_pool2d(tensor* out, tensor x, int64_t kernel, int64_t stride);
lt_error lt_batch_norm_relu(tensor* out, tensor x, tensor residual, tensor w, tensor b, tensor mean, tensor variance, int train,
                            double momentum, double eps, int relu);  // residual may be NULL
// From now on batch norms in training take their statistics over what across sums up over the processes, in place and in
// the same order in all of them; NULL: over their own batch. Every process has the same number of rows. A vector of
// float64 goes to on_device first, which returns 0 where it sums it and 1 where its values are to go to across.
typedef lt_error (*lt_across)(void* context, double* values, int64_t n);
typedef int (*lt_across_device)(void* context, tensor vector, lt_error* failure);
void lt_norm_across(lt_across across, lt_across_device on_device, void* context);
lt_error lt_upsample(tensor* out, tensor x, int64_t h, int64_t w, int bilinear);
lt_error lt_sdpa(tensor* out, tensor q, tensor k, tensor v, tensor mask, double dropout, int causal);

// Products with packed weights, for decoding on the CPU. weight is [out, in], with in_out [in, out]; bias may be NULL;
// kind 0 is float32, 1 bfloat16, 2 int8 (inputs are then rounded to the same, int8 ones row by row). gelu comes before
// the residual, which may be NULL. A row's result does not depend on other rows nor on threads.
typedef struct lt_packed_weights* lt_packed;
lt_error lt_pack(lt_packed* out, tensor weight, int in_out, tensor bias, int kind);
void lt_packed_free(lt_packed);
int64_t lt_packed_in(lt_packed);
int lt_packed_level(int level);  // of instructions to use at most: 0 any CPU, 1 AVX2, 2 AVX-512 VNNI, 3 bfloat16; -1: all; returns the one in use
lt_error lt_packed_linear(tensor* out, tensor x, lt_packed w, tensor residual, int gelu);
// The keys and values of qkv [R, L, 3 D] go to rows base[i] + start[i] on of keys and values [rows, D], and its queries
// attend to all from row base[i] on.
lt_error lt_cached_attention(tensor* out, tensor qkv, tensor keys, tensor values, const int64_t* base, const int64_t* start, int heads);

// Gradients. A parameter is a leaf tensor that requires a gradient.
lt_error lt_set_requires_grad(tensor t, int on);
int lt_requires_grad(tensor t);
lt_error lt_detach(tensor* out, tensor t);
lt_error lt_backward(tensor loss);
lt_error lt_backward_from(tensor* outs, tensor* grads, int n);
lt_error lt_grad(tensor* out, tensor t);  // *out stays NULL where there is none
lt_error lt_zero_grads(tensor* v, int n);  // drops them
lt_error lt_grad_norm(double* norm, tensor* v, int n);
lt_error lt_scale_grads(tensor* v, int n, double factor);

// Optimizer updates in one pass over each parameter; parameters without a gradient are left alone.
typedef struct {
  double lr, weight_decay, beta1, beta2, beta3, eps, grad_scale;
  double correction1, correction2, correction3;  // 1 - beta^step
  int first_step, no_prox;
} lt_adan_options;
lt_error lt_adan(tensor* p, tensor* m, tensor* v, tensor* n, tensor* previous, int count, const lt_adan_options* o);
typedef struct {
  double lr, weight_decay, beta1, beta2, eps, grad_scale;
  double correction1, correction2;
} lt_adamw_options;
lt_error lt_adamw(tensor* p, tensor* m, tensor* v, int count, const lt_adamw_options* o);

// Modes of the calling thread. The guards return what was in force.
int lt_grad_mode(int on);
int lt_autocast(int cuda, int on, int dtype);  // returns previous dtype, or -1 when it was off; dtype -1 means off
int lt_autocast_cache(int on);
void lt_deterministic(int on);
void lt_set_threads(int n);
int lt_get_threads(void);
void lt_seed(int64_t seed);
lt_error lt_rng_get(tensor* out);
lt_error lt_rng_set(tensor state);

// Memory that this thread's CPU tensors take, while tracked.
void lt_memory_track(int on);
int64_t lt_memory_live(void);
int64_t lt_memory_peak(void);

// Pickle archives that Python's torch.load(weights_only=True) opens.
lt_error lt_save_archive(const char* path, const char** names, tensor* v, int n);

// CUDA, opened late: before anything asks whether it is there.
lt_error lt_cuda_open(const char* library);
int lt_cuda_count(void);

// libplip_cuda.so (cuda_table.h), opened after libtorch's CUDA library. Without it the calls below fail.
lt_error lt_cuda_extra_open(const char* library);
const char* lt_cuda_nccl(void);  // version of NCCL that it was compiled for, NULL where it is not open
typedef struct {
  char name[256], uuid[33];  // of the device wherever it is: 32 digits
  int64_t memory;            // bytes
} lt_cuda_device;
lt_error lt_cuda_describe(int device, lt_cuda_device* out);
typedef struct {
  int64_t allocated, allocated_peak;  // bytes of tensors
  int64_t reserved, reserved_peak;    // bytes that libtorch holds of the device for them
} lt_cuda_memory_use;
lt_error lt_cuda_synchronize(int device);
lt_error lt_cuda_memory(int device, lt_cuda_memory_use* use);
lt_error lt_cuda_graph_begin(void** graph, int device);
lt_error lt_cuda_graph_end(void* graph);
lt_error lt_cuda_graph_replay(void* graph);
void lt_cuda_graph_free(void* graph);

char* lt_build_text(void);  // capability, BLAS, threading; freed by lt_free_message
const char* lt_built_for(void);  // version of the headers

#ifdef __cplusplus
}
#endif
