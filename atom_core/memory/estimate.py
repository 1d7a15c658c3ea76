"""What a model needs in memory, and what is left for caches: counted before a weight is read.

Weights are counted exactly, from the model's own dimensions and the recipe. Keys and values, features and activations
are estimated from the settings, for as many clips as are in work at once.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, fields, frozen

from atom_core.checkpoint.quantized_format import stored_bytes
from atom_core.checkpoint.recipes import Recipe, recipes_for
from atom_core.checkpoint.sizes import USUAL_FRAME_TOKENS, frame_tokens
from atom_core.decoder import PREFILL_TOKENS
from atom_core.errors import ModelError
from atom_core.memory.available import held_bytes

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from atom_core.checkpoint.direct.model import DirectModel

PROGRAM_BYTES = 450 * 2**20
"""Python and the libraries, before a model is loaded."""
_QUANTIZING_BYTES = {"int8": 8, "int4": 16}
"""Peak bytes per weight while quantising: stored + float32 + temporary + result."""
_PACKING_BYTES = {"int8": 1, "int4": 6}
"""Peak bytes per weight while a layer that is quantised already is packed."""
_KNOWN_RECIPES = ("none", "bf16", "int8-decoder", "int8", "int4")
KNOWN_NEEDS: Mapping[str, Mapping[str, int]] = {
    name: {recipe: size * 2**20 for recipe, size in zip(_KNOWN_RECIPES, sizes, strict=True)}
    for name, sizes in {
        "HuggingFaceTB/SmolVLM2-2.2B-Instruct": (9829, 5547, 4934, 3410, 2832),
        "HuggingFaceTB/SmolVLM2-500M-Video-Instruct": (2658, 1781, 1712, 1301, 1187),
        "HuggingFaceTB/SmolVLM2-256M-Video-Instruct": (1630, 1158, 1260, 916, 878),
        "tiny": (483, 474, 477, 470, 469),
    }.items()
}
"""What models need at least, by recipe, bytes: one request at a time, no prefix cache. The largest goes first."""


@frozen(kw_only=True)
class Need:
    """Memory by purpose, bytes."""

    program: int = field(default=PROGRAM_BYTES, metadata={"text": "the program itself"})
    """Python and the libraries."""
    weights: int = field(default=0, metadata={"text": "weights"})
    """Weights of both modules, as the recipe has them."""
    states: int = field(default=0, metadata={"text": "keys and values"})
    """Keys and values of the sequences that are decoded at once."""
    work: int = field(default=0, metadata={"text": "activations and features"})
    """Activations of the frames and prompts in work."""
    prefixes: int = field(default=0, metadata={"text": "the prefix cache"})
    """Kept states of what has been read."""
    tasks: int = field(default=0, metadata={"text": "tasks"})
    """What tasks declare."""
    loading: int = field(default=0, metadata={"text": "quantising the largest layer"})
    """What the largest layer takes while it is quantised, when nothing is in work yet."""

    @property
    def working(self) -> int:
        """What is in use while tasks run, beside the program and the weights."""
        return self.states + self.work + self.prefixes + self.tasks

    @property
    def total(self) -> int:
        """Bytes at the peak, which is while tasks run, or before, while weights are loaded."""
        return self.program + self.weights + max(self.working, self.loading)

    def __str__(self) -> str:
        left_out = ("loading",) if self.working >= self.loading else ("states", "work", "prefixes", "tasks")
        parts = [
            (part.metadata["text"], getattr(self, part.name)) for part in fields(Need) if part.name not in left_out
        ]
        return ", ".join(f"{text} {gib(size)}" for text, size in parts if size)


@frozen(kw_only=True)
class Plan:
    """How a model fits."""

    need: Need
    """What it will take."""
    batch: int
    """Most requests the decoder works on at once; fewer than set where memory is tight."""
    prefix_cache_bytes: int
    """Budget of the prefix cache; less than set where memory is tight."""
    row_tokens: int | None = None
    """Most tokens of a request, prompt and answer; None is what the model reads."""
    spare_bytes: int | None = None
    """What nothing needs while tasks run; None is no limit."""


class DoesNotFit(ModelError):
    """A model needs more memory than there is."""

    def __init__(self, text: str, fitting: Recipe | None, numbers: str = "") -> None:
        """
        :param fitting: the recipe that loses least of those that fit
        :param numbers: what the model needs, and what there is
        """
        super().__init__(text)
        self.fitting, self.numbers = fitting, numbers


@frozen(kw_only=True)
class Room:
    """The memory that a model has to fit into."""

    num_bytes: int
    """Bytes for everything, what this process holds already included."""
    is_set: bool = True
    """Whether the user has set it: then requests are kept within it. Else it is what is free as the model is loaded."""
    free_bytes: int = 0
    """What was free, where it is not set."""

    @classmethod
    def free(cls, free_bytes: int) -> Room:
        """What is free, less a twentieth that is left to others, and what this process holds as a `Need` counts it."""
        held = min(held_bytes(), PROGRAM_BYTES)
        return cls(num_bytes=free_bytes - free_bytes // 20 + held, is_set=False, free_bytes=free_bytes)

    def __str__(self) -> str:
        return f"--memory is {gib(self.num_bytes)}" if self.is_set else f"{gib(self.free_bytes)} are free"


def plan(
    need_of: Callable[[Recipe, int, int], Need],
    *,
    source: str,
    recipe: Recipe,
    others: Iterable[Recipe],
    room: Room | None,
    batch: int,
    row_tokens: tuple[int, int],
    prefix_cache_bytes: int,
    tasks: Sequence[str] = (),
) -> Plan:
    """Fit a model into `room`: the prefix cache shrinks first, then the batch; what is left is for long requests.

    :param need_of: what a recipe needs with a batch of requests of so many tokens, without the prefix cache
    :param row_tokens: of a usual request, and the most that the model reads
    :param others: the recipes to propose where `recipe` does not fit, those that lose less first
    :param room: None is no limit
    :param tasks: names of those that declare memory, for the message
    :raises DoesNotFit: if it does not, with the numbers and the recipe that would
    """
    usual, most = row_tokens
    if room is None:
        need = evolve(need_of(recipe, batch, usual), prefixes=prefix_cache_bytes)
        return Plan(need=need, batch=batch, prefix_cache_bytes=prefix_cache_bytes)
    memory = room.num_bytes
    while (need := need_of(recipe, batch, usual)).total > memory:
        if batch == 1:
            raise _refusal(source, recipe, need, room, [(other, need_of(other, 1, usual)) for other in others], tasks)
        batch //= 2
    prefixes = min(prefix_cache_bytes, memory - need.program - need.weights - need.working)

    def needed(tokens: int) -> Need:
        return evolve(need_of(recipe, batch, tokens), prefixes=prefixes)

    if not room.is_set:
        return Plan(need=needed(usual), batch=batch, prefix_cache_bytes=prefixes)
    longer = bisect_left(range(usual + 1, most + 1), True, key=lambda tokens: needed(tokens).total > memory)
    need = needed(usual + longer)
    return Plan(
        need=need,
        batch=batch,
        prefix_cache_bytes=prefixes,
        row_tokens=usual + longer,
        spare_bytes=memory - need.program - need.weights - need.working,
    )


def weight_bytes(model: PreTrainedModel | DirectModel, kinds: Mapping[str, str], *, plain_bytes: int) -> int:
    """Bytes of a model's weights when some layers are quantised.

    :param model: without weights (on torch's meta device) is enough
    :param kinds: names of the quantised layers, with their kinds
    :param plain_bytes: of a number that is not quantised
    """
    tied = set(model.all_tied_weights_keys or {})
    head = model.get_output_embeddings()
    total = 0
    for name, tensor in model.named_parameters(remove_duplicate=False):
        layer, _, last = name.rpartition(".")
        kind = kinds.get(layer, "none") if last == "weight" else "none"
        if name in tied:
            # on processors, a tied head is packed for its kernel beside the table
            tables = {kinds.get(key.rpartition(".")[0]) for key in model.all_tied_weights_keys.values()}
            plain = plain_bytes if plain_bytes == 4 else 0
            each = 1 if "int8" in tables else 2 if "bf16" in tables else plain
            total += tensor.numel() * each if model.get_submodule(layer) is head else 0
        elif kind == "none":
            total += tensor.numel() * plain_bytes
        else:
            total += quantized_bytes(tensor.shape, kind)
    return total


def loading_bytes(model: PreTrainedModel | DirectModel, kinds: Mapping[str, str], *, saved: bool) -> int:
    """Most bytes that one layer takes beside its weights while it is quantised, and packed for its kernel.

    :param model: without weights is enough
    :param kinds: names of the quantised layers, with their kinds
    :param saved: whether they are stored quantised
    """
    each = _PACKING_BYTES if saved else _QUANTIZING_BYTES
    sizes = (model.get_parameter(f"{name}.weight").numel() * each.get(kind, 8) for name, kind in kinds.items())
    return max(sizes, default=0)


def quantized_bytes(shape: tuple[int, ...], kind: str) -> int:
    """Bytes of a quantised weight [O, K]."""
    numbers = math.prod(shape)
    if kind == "bf16":
        return 2 * numbers
    return stored_bytes(numbers, shape[0], kind)


def state_bytes(text_config: Any, *, rows: int, tokens: int, number_bytes: int) -> int:
    """Bytes of keys and values for `rows` sequences of `tokens`."""
    heads = getattr(text_config, "num_key_value_heads", None) or text_config.num_attention_heads
    width = getattr(text_config, "head_dim", None) or text_config.hidden_size // text_config.num_attention_heads
    return 2 * int(text_config.num_hidden_layers) * rows * tokens * int(heads) * int(width) * number_bytes


def encoding_bytes(config: Any, *, frames: int, at_once: int, workers: int, number_bytes: int) -> int:
    """Bytes of pixels and activations while a clip's frames are encoded, and of the features that wait.

    :param at_once: of the frames, those that are encoded together
    """
    text, vision = config.get_text_config(), getattr(config, "vision_config", None)
    inner = max(getattr(vision, "intermediate_size", 0) or 0, getattr(vision, "hidden_size", 0) or 0, 1024)
    size, patch = getattr(vision, "image_size", None), getattr(vision, "patch_size", None)
    patches = (size // patch) ** 2 if isinstance(size, int) and isinstance(patch, int) else 4 * USUAL_FRAME_TOKENS
    features = workers * frames * frame_tokens(config) * int(text.hidden_size)
    pixels = 3 * frames * (size**2 if isinstance(size, int) else 4 * USUAL_FRAME_TOKENS * 14**2)
    return int(number_bytes * (3 * at_once * patches * inner + 2 * features + 2 * pixels))


def reading_bytes(text_config: Any, *, rows: int, tokens: int, number_bytes: int) -> int:
    """Bytes of activations and masks while prompts are read: `rows` of `tokens`, those that are read together."""
    together = max(tokens, min(PREFILL_TOKENS, rows * tokens))
    width = int(getattr(text_config, "intermediate_size", None) or 4 * text_config.hidden_size)
    heads = int(text_config.num_attention_heads)
    shared = heads // int(getattr(text_config, "num_key_value_heads", None) or heads)
    return together * (4 * width * number_bytes + tokens * (shared * (number_bytes + 1) + 1))


def gib(size_bytes: int) -> str:
    """Bytes for people."""
    return f"{size_bytes / 2**30:.2f} GiB" if size_bytes >= 2**30 else f"{size_bytes / 2**20:.0f} MiB"


def _refusal(
    source: str, recipe: Recipe, need: Need, room: Room, others: list[tuple[Recipe, Need]], tasks: Sequence[str]
) -> DoesNotFit:
    numbers = f"model {source} as {recipe.name!r} needs {gib(need.total)} and {room}"
    text = f"{numbers} ({need})"
    fitting = [(other, wanted) for other, wanted in others if wanted.total <= room.num_bytes]
    if fitting:
        other, wanted = fitting[0]
        return DoesNotFit(f"{text}; --quantize {other.name} needs {gib(wanted.total)}", other, numbers)
    smallest, wanted = min([*others, (recipe, need)], key=lambda pair: pair[1].total)
    wish = f"the smallest recipe, {smallest.name!r}, needs {gib(wanted.total)}"
    more = "raise --memory" if room.is_set else "close other programs"
    ways = f"{more} or use a smaller model{_smaller(source, room)}"
    if tasks:
        ways = f"{more}, use a smaller model, or leave out what declares much: {', '.join(tasks)}"
    return DoesNotFit(f"{text}; {wish}: {ways}", None)


def known_needs(model: str) -> dict[str, int]:
    """What a known model needs at least, by recipe, bytes; those recipes that this processor computes well."""
    names = {recipe.name for recipe in recipes_for("cpu")}
    return {name: needed for name, needed in KNOWN_NEEDS.get(model, {}).items() if name in names}


def _smaller(source: str, room: Room) -> str:
    """The largest of the known models that fits, in brackets, with its recipe."""
    for name in KNOWN_NEEDS:
        for recipe, needed in known_needs(name).items():
            if needed <= room.num_bytes and name != source:
                quantize = "" if recipe == "none" else f" --quantize {recipe}"
                return f" (--model {name}{quantize} needs {gib(needed)})"
    return ""
