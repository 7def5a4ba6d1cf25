#include "cuda_table.h"

#include <dlfcn.h>

namespace {

const plip_cuda_table* table = nullptr;

char* message(const std::string& s) { return strdup(s.c_str()); }

// call runs one function of the table.
template <class F>
lt_error call(const F& f) {
  return table ? f(*table) : message("libplip_cuda.so is not open");
}

}  // namespace

const plip_cuda_table* lt_cuda_table(void) { return table; }

lt_error lt_cuda_extra_open(const char* library) {
  void* object = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (!object) return message(dlerror());
  auto get = reinterpret_cast<const plip_cuda_table* (*)()>(dlsym(object, "plip_cuda"));
  if (!get) return message(std::string(library) + ": no function plip_cuda");
  const plip_cuda_table* t = get();
  if (t->version != PLIP_CUDA_TABLE)
    return message(std::string(library) + ": want table " + std::to_string(PLIP_CUDA_TABLE) + ", got " + std::to_string(t->version));
  if (strcmp(t->torch, TORCH_VERSION) != 0) return message(std::string(library) + ": want one for libtorch " TORCH_VERSION ", got " + t->torch);
  table = t;
  return nullptr;
}

const char* lt_cuda_nccl(void) { return table ? table->nccl : nullptr; }
lt_error lt_cuda_synchronize(int device) {
  return call([&](const plip_cuda_table& t) { return t.synchronize(device); });
}
lt_error lt_cuda_memory(int device, lt_cuda_memory_use* use) {
  return call([&](const plip_cuda_table& t) { return t.memory(device, use); });
}
lt_error lt_cuda_describe(int device, lt_cuda_device* out) {
  return call([&](const plip_cuda_table& t) { return t.describe(device, out); });
}
lt_error lt_cuda_graph_begin(void** graph, int device) {
  return call([&](const plip_cuda_table& t) { return t.graph_begin(graph, device); });
}
lt_error lt_cuda_graph_end(void* graph) {
  return call([&](const plip_cuda_table& t) { return t.graph_end(graph); });
}
lt_error lt_cuda_graph_replay(void* graph) {
  return call([&](const plip_cuda_table& t) { return t.graph_replay(graph); });
}
void lt_cuda_graph_free(void* graph) { table->graph_free(graph); }
