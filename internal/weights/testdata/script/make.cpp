// Makes script.pt, a TorchScript archive of three nested modules (libtorch 2.11).
#include <torch/script.h>

int main() {
  auto cu = std::make_shared<torch::jit::CompilationUnit>();
  torch::jit::Module conv("Conv", cu), visual("Visual", cu), top("Multimodal", cu);
  conv.register_parameter("weight", torch::arange(12, torch::kFloat).view({3, 4}).to(torch::kHalf), false);
  conv.register_parameter("bias", torch::tensor({0.5f, -1.0f, 2.0f}), false);
  conv.register_attribute("strides", c10::ListType::ofInts(), c10::IValue(c10::List<int64_t>({2, 3})));
  conv.register_attribute("names", c10::ListType::ofStrings(), c10::IValue(c10::List<std::string>({"a"})));
  visual.register_module("conv1", conv);
  visual.register_buffer("positional_embedding", torch::arange(6, torch::kLong).view({2, 3}).t());
  visual.register_attribute("input_resolution", c10::IntType::get(), 224);
  top.register_module("visual", visual);
  top.register_parameter("logit_scale", torch::tensor(4.6f), false);
  top.save("script.pt");
}
