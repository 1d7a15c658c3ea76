// The two operators of ExecuTorch's `kernels_llm` that the programs call: that library is in the packages for Android and
// iOS, but in the Python package only bound to torch. Same names, same results; written to be short, not to be fast.
//
// Shapes: N tokens of a call, P tokens before them, C context, H heads, K heads of keys, D width of a head.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <vector>

#include <executorch/extension/kernel_util/make_boxed_from_unboxed_functor.h>
#include <executorch/runtime/kernel/kernel_includes.h>

namespace {

using executorch::aten::Tensor;
using executorch::runtime::KernelRuntimeContext;

// Keys or values [1, N, K, D] of a call are put into the cache [1, C, K, D] from position `start` on.
Tensor& update_cache(
    KernelRuntimeContext& context, const Tensor& value, Tensor& cache, const int64_t start, Tensor& out) {
  (void)context;
  const int64_t row = cache.size(2) * cache.size(3);
  std::memcpy(
      cache.mutable_data_ptr<float>() + start * row,
      value.const_data_ptr<float>(),
      value.size(1) * row * sizeof(float));
  return out;
}

// What one query [D] takes of the values of one head; `row` is the distance from one key to the next.
void attend(
    const float* query, const float* keys, const float* values, int64_t count, int64_t row, int64_t width, float scale,
    std::vector<float>& weights, float* mixed) {
  float highest = -INFINITY;
  for (int64_t n = 0; n < count; ++n) {
    float product = 0;
    for (int64_t d = 0; d < width; ++d) {
      product += query[d] * keys[n * row + d];
    }
    weights[n] = product * scale;
    highest = std::max(highest, weights[n]);
  }
  float total = 0;
  for (int64_t n = 0; n < count; ++n) {
    weights[n] = std::exp(weights[n] - highest);
    total += weights[n];
  }
  std::fill_n(mixed, width, 0.0f);
  for (int64_t n = 0; n < count; ++n) {
    const float weight = weights[n] / total;
    for (int64_t d = 0; d < width; ++d) {
      mixed[d] += weight * values[n * row + d];
    }
  }
}

// Attention of queries [1, N, H, D] to keys and values [1, C, K, D]; with `is_causal` each sees what is not after it, and
// else all N.
Tensor& custom_sdpa(
    KernelRuntimeContext& context, const Tensor& query, const Tensor& key, const Tensor& value, const int64_t start,
    const std::optional<Tensor>& mask, const double dropout, const bool is_causal, const std::optional<double> scale,
    Tensor& out) {
  (void)mask;
  (void)dropout;
  const int64_t tokens = query.size(1), heads = query.size(2), width = query.size(3), key_heads = key.size(2);
  ET_KERNEL_CHECK(
      context,
      executorch::runtime::resize_tensor(out, query.sizes()) == executorch::runtime::Error::Ok,
      InvalidArgument,
      out);
  const float factor = scale ? static_cast<float>(*scale) : 1.0f / std::sqrt(static_cast<float>(width));
  std::vector<float> weights(start + tokens);
  for (int64_t head = 0; head < heads; ++head) {
    const int64_t of_keys = head / (heads / key_heads) * width;
    for (int64_t n = 0; n < tokens; ++n) {
      const int64_t at = (n * heads + head) * width;
      attend(
          query.const_data_ptr<float>() + at, key.const_data_ptr<float>() + of_keys,
          value.const_data_ptr<float>() + of_keys, is_causal ? start + n + 1 : tokens, key_heads * width, width,
          factor, weights, out.mutable_data_ptr<float>() + at);
    }
  }
  return out;
}

}  // namespace

EXECUTORCH_LIBRARY(llama, "update_cache.out", update_cache);
EXECUTORCH_LIBRARY(llama, "custom_sdpa.out", custom_sdpa);
