"""llama.cpp through its Python binding: the language half alone, as a GGUF file of the same weights."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from atom_bench.peers.engine import MOST_ROWS, Work
from atom_bench.peers.weights import TEXT, Dimensions, read_dimensions, read_weights
from atom_core.errors import ModelError

_TYPES = {"fp32": "F32", "bf16": "BF16", "int8": "Q8_0"}
"""The type of the matrices."""
_NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}


def write_gguf(path: Path, model: Path, precision: str) -> None:
    """Write the language half of a checkpoint, without a vocabulary."""
    from gguf import GGMLQuantizationType, GGUFWriter
    from gguf.quants import quantize

    about, weights = read_dimensions(model), read_weights(model)
    writer = GGUFWriter(path, "llama")
    writer.add_context_length(8192)
    writer.add_embedding_length(about.width)
    writer.add_block_count(about.layers)
    writer.add_feed_forward_length(about.mlp)
    writer.add_head_count(about.heads)
    writer.add_head_count_kv(about.kv_heads)
    writer.add_layer_norm_rms_eps(about.eps)
    writer.add_rope_freq_base(about.theta)
    writer.add_rope_dimension_count(about.head_width)
    writer.add_vocab_size(about.vocabulary)
    writer.add_tokenizer_model("none")
    kind = GGMLQuantizationType[_TYPES[precision]]
    for name, weight in _renamed(about, weights).items():
        if weight.ndim < 2:
            writer.add_tensor(name, weight)
        else:
            writer.add_tensor(name, quantize(weight, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _renamed(about: Dimensions, weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The tensors under llama.cpp's names, queries and keys in its order of rotary pairs."""
    found = {
        "token_embd.weight": weights[f"{TEXT}embed_tokens.weight"],
        "output_norm.weight": weights[f"{TEXT}norm.weight"],
        "output.weight": weights["lm_head.weight"],
    }
    heads = {"self_attn.q_proj": about.heads, "self_attn.k_proj": about.kv_heads}
    for layer in range(about.layers):
        for theirs, name in _NAMES.items():
            weight = weights[f"{TEXT}layers.{layer}.{theirs}.weight"]
            if theirs in heads:
                halves = weight.reshape(heads[theirs], 2, about.head_width // 2, -1)
                weight = np.ascontiguousarray(halves.swapaxes(1, 2)).reshape(weight.shape)
            found[f"blk.{layer}.{name}.weight"] = weight
    return found


class LlamaCppEngine:
    """Follows the `Engine` protocol. Keys and values are in half precision, as by default."""

    def __init__(self, work: Work) -> None:
        """
        :raises ModelError: if llama.cpp refuses the file
        """
        import llama_cpp as api

        self._api = api
        self._silence = api.llama_log_callback(lambda *_: None)  # kept, or it would be collected while it is called
        api.llama_log_set(self._silence, ctypes.c_void_p(0))
        api.llama_backend_init()
        path = work.folder / f"language-{work.precision}.gguf"
        write_gguf(path, work.model, work.precision)
        options = api.llama_model_default_params()
        options.n_gpu_layers = 0
        self._model = api.llama_model_load_from_file(str(path).encode(), options)
        if not self._model:
            raise ModelError(f"llama.cpp {api.__version__} does not load {path.name}; leave it out: --engines atom,...")
        chosen = api.llama_context_default_params()
        chosen.n_ctx = MOST_ROWS * (work.most_tokens + 64)
        chosen.n_batch = chosen.n_ubatch = work.most_tokens
        chosen.n_seq_max = MOST_ROWS
        chosen.n_threads = chosen.n_threads_batch = work.threads
        self._context = api.llama_init_from_model(self._model, chosen)
        self._vocabulary = read_dimensions(work.model).vocabulary
        self._batch = api.llama_batch_init(work.most_tokens, 0, 1)
        self._length = 0

    def start(self, prompts: Sequence[Sequence[int]]) -> list[int]:
        """As `Engine.start`."""
        self._api.llama_memory_clear(self._api.llama_get_memory(self._context), True)
        self._length = len(prompts[0])
        found = []
        for row, ids in enumerate(prompts):
            self._read([(token, at, row, at == len(ids) - 1) for at, token in enumerate(ids)])
            found.append(self._likeliest(len(ids) - 1))
        return found

    def step(self, tokens: Sequence[int]) -> list[int]:
        """As `Engine.step`."""
        self._read([(token, self._length, row, True) for row, token in enumerate(tokens)])
        self._length += 1
        return [self._likeliest(row) for row in range(len(tokens))]

    def frame(self, pixels: np.ndarray) -> None:  # noqa: ARG002
        """None: its vision towers are other programs."""
        return

    def close(self) -> None:
        """As `Engine.close`."""
        self._api.llama_batch_free(self._batch)
        self._api.llama_free(self._context)
        self._api.llama_model_free(self._model)

    def _read(self, tokens: Sequence[tuple[int, int, int, bool]]) -> None:
        """Read tokens: their ids, places, rows, and whether what follows is wanted."""
        batch = self._batch
        batch.n_tokens = len(tokens)
        for at, (token, place, row, wanted) in enumerate(tokens):
            batch.token[at], batch.pos[at], batch.logits[at] = token, place, wanted
            batch.n_seq_id[at], batch.seq_id[at][0] = 1, row
        code = self._api.llama_decode(self._context, batch)
        if code:
            raise ModelError(f"llama.cpp failed with code {code}; leave it out: --engines atom,...")

    def _likeliest(self, place: int) -> int:
        logits = self._api.llama_get_logits_ith(self._context, place)
        return int(np.ctypeslib.as_array(logits, shape=(self._vocabulary,)).argmax())
