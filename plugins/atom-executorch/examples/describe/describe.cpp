// Answers a prompt about frames with a model that `atom export` wrote, by ExecuTorch's runtime alone: what an app on a phone
// does, and what docs/phone.md takes memory of.
//
//   describe FOLDER/model.pte PROMPT.txt FRAMES.rgb [MOST]
//
// PROMPT.txt: token ids, -1 where a row of a frame's features stands. FRAMES.rgb: frames of the model's side, 8-bit RGB, one after
// the other. Writes the ids of the answer, at most MOST (48) of them, to standard output; times and memory to standard error.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include <executorch/extension/module/module.h>
#include <executorch/extension/tensor/tensor.h>

using executorch::extension::from_blob;
using executorch::extension::Module;
using executorch::runtime::EValue;
using Ids = std::vector<int64_t>;
using Floats = std::vector<float>;

namespace {

[[noreturn]] void fail(const std::string& why) {
  std::cerr << "describe: " << why << "\n";
  std::exit(2);
}

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The most memory that the process has held, MiB.
double peak_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) {
      return std::stod(line.substr(6)) / 1024;
    }
  }
  return 0;
}

// A model's programs, and the sizes that their inputs and outputs tell.
class Programs {
 public:
  explicit Programs(const std::string& path) : module_(path, Module::LoadMode::Mmap) {
    const auto frame = module_.method_meta("vision_encoder");
    const auto decoder = module_.method_meta("text_decoder");
    if (!frame.ok() || !decoder.ok()) {
      fail(path + " holds no exported model");
    }
    side_ = frame->input_tensor_meta(0)->sizes()[2];
    rows_ = frame->output_tensor_meta(0)->sizes()[1];
    most_ = decoder->input_tensor_meta(0)->sizes()[1];
    width_ = decoder->input_tensor_meta(0)->sizes()[2];
  }

  int side() const { return side_; }
  int rows() const { return rows_; }
  int width() const { return width_; }

  Ids end_tokens() { return constants("get_eos_ids"); }
  int64_t context() { return constants("get_max_context_len").front(); }

  // One frame, 8-bit RGB [S, S, 3], to its rows of features [R, D].
  Floats encode(const unsigned char* rgb) {
    const size_t area = static_cast<size_t>(side_) * side_;
    Floats pixels(3 * area);
    for (size_t n = 0; n < area; ++n) {
      for (size_t channel = 0; channel < 3; ++channel) {
        pixels[channel * area + n] = (rgb[3 * n + channel] / 255.0f - 0.5f) / 0.5f;
      }
    }
    return run("vision_encoder", {from_blob(pixels.data(), {1, 3, side_, side_})});
  }

  // Token ids to their embeddings [N, D].
  Floats embed(Ids ids) {
    return run("token_embedding", {from_blob(
                                      ids.data(), {1, static_cast<int>(ids.size())}, executorch::aten::ScalarType::Long)});
  }

  // Embeddings [N, D], whose first stands at `position`, to the logits of what follows [V].
  Floats read(Floats& embeddings, int64_t position) {
    const int count = static_cast<int>(embeddings.size() / width_);
    Floats logits;
    for (int first = 0; first < count; first += most_) {
      const int part = std::min(most_, count - first);
      int64_t start = position + first;
      logits = run("text_decoder", {from_blob(embeddings.data() + static_cast<size_t>(first) * width_, {1, part, width_}),
                                    from_blob(&start, {1}, executorch::aten::ScalarType::Long)});
    }
    return logits;
  }

 private:
  Floats run(const std::string& method, std::vector<EValue> inputs) {
    auto results = module_.execute(method, inputs);
    if (!results.ok()) {
      fail(method + " failed with ExecuTorch's error " + std::to_string(static_cast<int>(results.error())));
    }
    const auto tensor = results->at(0).toTensor();
    const float* values = tensor.const_data_ptr<float>();
    return Floats(values, values + tensor.numel());
  }

  Ids constants(const std::string& method) {
    Ids found;
    auto results = module_.execute(method, std::vector<EValue>{});
    if (!results.ok()) {
      fail("the programs say nothing of " + method);
    }
    for (const EValue& value : *results) {
      if (value.isInt()) {
        found.push_back(value.toInt());
      }
    }
    return found;
  }

  Module module_;
  int side_, rows_, most_, width_;
};

Ids read_prompt(const std::string& path) {
  std::ifstream file(path);
  const Ids ids{std::istream_iterator<int64_t>(file), {}};
  if (ids.empty()) {
    fail(path + " holds no token ids");
  }
  return ids;
}

std::vector<unsigned char> read_frames(const std::string& path, size_t frame_bytes) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<unsigned char> bytes{std::istreambuf_iterator<char>(file), {}};
  if (bytes.empty() || bytes.size() % frame_bytes != 0) {
    fail(path + " has " + std::to_string(bytes.size()) + " bytes, expected a multiple of " + std::to_string(frame_bytes));
  }
  return bytes;
}

// The prompt's embeddings, with the rows of features where the prompt has -1.
Floats filled(Programs& programs, const Ids& prompt, const Floats& features) {
  Ids ids = prompt;
  std::replace(ids.begin(), ids.end(), int64_t{-1}, int64_t{0});
  Floats embeddings = programs.embed(ids);
  const size_t width = programs.width();
  size_t row = 0;
  for (size_t n = 0; n < prompt.size(); ++n) {
    if (prompt[n] == -1) {
      if ((row + 1) * width > features.size()) {
        fail("the prompt has more places for features than the frames have rows");
      }
      std::copy_n(features.begin() + row++ * width, width, embeddings.begin() + n * width);
    }
  }
  if (row * width != features.size()) {
    fail("the frames have more rows than the prompt has places for");
  }
  return embeddings;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 4) {
    fail("usage: describe MODEL.pte PROMPT.txt FRAMES.rgb [MOST]");
  }
  Programs programs(arguments[1]);
  const Ids prompt = read_prompt(arguments[2]);
  const size_t frame_bytes = static_cast<size_t>(programs.side()) * programs.side() * 3;
  const auto frames = read_frames(arguments[3], frame_bytes);
  const int most = count > 4 ? std::atoi(arguments[4]) : 48;
  const Ids ends = programs.end_tokens();

  const double began = seconds();
  Floats features;
  for (size_t at = 0; at < frames.size(); at += frame_bytes) {
    const Floats rows = programs.encode(frames.data() + at);
    features.insert(features.end(), rows.begin(), rows.end());
  }
  const double encoded = seconds();
  Floats embeddings = filled(programs, prompt, features);
  int64_t position = static_cast<int64_t>(prompt.size());
  if (position + most > programs.context()) {
    fail("the prompt and its answer do not fit the model's context; export it with a larger --context");
  }
  Floats logits = programs.read(embeddings, 0);
  const double read = seconds();
  int steps = 0;
  for (; steps < most; ++steps) {
    const int64_t token = std::max_element(logits.begin(), logits.end()) - logits.begin();
    std::cout << token << " ";
    if (std::find(ends.begin(), ends.end(), token) != ends.end()) {
      break;
    }
    Floats next = programs.embed({token});
    logits = programs.read(next, position++);
  }
  std::cout << std::endl;
  const double ended = seconds();
  std::fprintf(
      stderr, "%zu frames %.2f s, %zu tokens read %.2f s, %d tokens decoded %.2f s, memory %.0f MiB at its peak\n",
      frames.size() / frame_bytes, encoded - began, prompt.size(), read - encoded, steps, ended - read, peak_mib());
  return 0;
}
