// Force-included before every C++ file of the build. gotch v0.9.1 was generated for libtorch 2.1; the functions below
// changed their signature or left since. Each gets a stand-in that throws, so that the generated file compiles; none
// is called by this project.
#ifdef __cplusplus
#include <torch/torch.h>
#define GOTCH_GONE(T, name)                                                   \
  template <class... A>                                                       \
  T name(A&&...) {                                                            \
    TORCH_CHECK(false, #name " is not available in this libtorch");           \
  }
namespace torch {
using TensorPair = std::tuple<at::Tensor, at::Tensor>;
GOTCH_GONE(at::Tensor, _cslt_sparse_mm)
GOTCH_GONE(TensorPair, _scaled_mm)
GOTCH_GONE(TensorPair, _scaled_mm_out)
}  // namespace torch
#undef GOTCH_GONE
#endif
