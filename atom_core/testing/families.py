"""Whether a model family is split faithfully: greedy tokens of both halves against those of the unsplit model.

For authors of families::

    with Pair(folder) as pair:
        clip = pair.encode(make_frames(4))
        pair.check([clip, "What is it?"])
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from atom_core.call_context import Caller
from atom_core.ledger import Ledger
from atom_core.quiet import quiet
from atom_core.records import Clip, Features, Frames
from atom_core.testing.fakes import fake_video

if TYPE_CHECKING:
    from atom_core.decoder.engine import Engine
    from atom_core.families import Family
    from atom_core.families.prompt import Prompt
    from atom_core.specs import FamilySpec

TOLERANCE = 1e-4
"""How far log-probabilities of a token may be apart: the order of sums differs."""
COARSE_TOLERANCE = 0.05
"""The same where activations are rounded to int8, which turns a last bit into a step."""
OTHER_WORDS_TOLERANCE = 0.5
"""The same where that step led to other words; answers to another question differ by 1 to 7 in the shipped recipes."""

Arguments = Callable[["Family", "Prompt"], dict[str, Any]]
"""What `generate` of the unsplit model needs besides ids and pixels."""

_TYPE_IDS = {
    "gemma3": ("token_type_ids", 1),
    "gemma4": ("mm_token_type_ids", 2),
    "paligemma": ("token_type_ids", 0),
    "qwen2_vl": ("mm_token_type_ids", 2),
    "qwen2_5_vl": ("mm_token_type_ids", 2),
    "qwen3_vl": ("mm_token_type_ids", 2),
    "qwen3_5": ("mm_token_type_ids", 2),
}
"""The argument that tells visual tokens from text, and its value for ours."""


@frozen
class Told:
    """What was decoded."""

    tokens: tuple[int, ...]
    """Greedy tokens."""
    logprob: float = field(eq=False)
    """Sum of their natural log-probabilities."""


def make_frames(
    num_frames: int, *, seed: int = 0, height: int = 40, width: int = 56, duration_s: float = 10.0
) -> Frames:
    """Frames of smooth random colours; equal seeds give equal frames."""
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (num_frames, 5, 7, 3), dtype=np.uint8)
    images = [np.asarray(Image.fromarray(c).resize((width, height), Image.Resampling.BICUBIC)) for c in coarse]
    step_s = duration_s / num_frames
    return Frames(
        clip=Clip.whole(fake_video(f"{seed}.mp4", duration_s=duration_s)),
        images=tuple(images),
        timestamps_s=tuple((index + 0.5) * step_s for index in range(num_frames)),
        rule=f"uniform:{num_frames}",
    )


class Pair:
    """A checkpoint's model, whole and split. A context manager."""

    def __init__(
        self,
        folder: Path,
        *,
        recipe: str = "none",
        reuse: bool = True,
        max_rows: int = 8,
        families: Mapping[str, FamilySpec] | None = None,
        whole_arguments: Arguments | None = None,
    ) -> None:
        """
        :param folder: a checkpoint folder
        :param recipe: how both are quantised
        :param reuse: whether prefixes are kept
        :param max_rows: how many sequences are decoded together
        :param families: those that plugins registered, by model type
        :param whole_arguments: what `generate` needs besides ids and pixels, for families that Atom does not ship
        """
        quiet()
        import torch
        from transformers import GenerationConfig

        from atom_core.checkpoint.checkpoint import open_checkpoint
        from atom_core.checkpoint.load import load_model
        from atom_core.checkpoint.recipes import RECIPES
        from atom_core.families import family_of
        from atom_core.split_model import SplitModel

        checkpoint = open_checkpoint(str(folder))
        self.family = family_of(checkpoint, families)
        self._split = SplitModel.load(checkpoint, self.family, recipe=RECIPES[recipe])
        self._whole = load_model(checkpoint, dtype=torch.float32, device="cpu", recipe=RECIPES[recipe])
        self._whole.generation_config = GenerationConfig.from_pretrained(folder)
        self._rounds = recipe != "none"
        self._tolerance = COARSE_TOLERANCE if self._rounds else TOLERANCE
        self.ledger = Ledger()
        self._whole_arguments = whole_arguments or _type_ids
        self._inputs: dict[str, Mapping[str, Any]] = {}
        self._engine = self._open(reuse=reuse, max_rows=max_rows)

    def __enter__(self) -> Pair:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.close()

    @property
    def keeps_whole(self) -> bool:
        """Whether prefixes are kept whole, because layers keep states that cannot be cut."""
        return bool(self._engine.keeps_whole)

    def encode(self, frames: Frames) -> Features:
        """The features of a clip."""
        inputs = self.family.inputs(frames)
        key = f"{frames.clip.video.content_hash}{len(self._inputs)}"
        self._inputs[key] = inputs
        return self._split.features(frames, inputs, key=key)

    def split(self, parts: Sequence[str | Features], num_tokens: int = 16) -> Told:
        """What the language half decodes, which is given features."""
        return self.split_together([parts], num_tokens)[0]

    def split_together(self, prompts: Sequence[Sequence[str | Features]], num_tokens: int = 16) -> list[Told]:
        """What is decoded of several prompts in one batch."""
        from atom_core.decoder.request import DecodeRequest

        jobs = [
            DecodeRequest(prompt=self.family.prompt(parts), max_new_tokens=num_tokens, caller=Caller())
            for parts in prompts
        ]
        done = [future.result() for future in [self._engine.submit(job) for job in jobs]]
        return [Told(tuple(job.tokens), job.logprob) for job in done]

    def check(self, parts: Sequence[str | Features], num_tokens: int = 16) -> Told:
        """Compare both; what the unsplit model told.

        Where activations are rounded to int8, a difference in the last bit of a sum becomes a step, and with random
        weights a step may become another word. Then the split model has to find what the unsplit one told nearly as
        likely.

        :raises AssertionError: if tokens differ, or their log-probabilities by more than rounding
        """
        split, whole, tolerance = self.split(parts, num_tokens), self.whole(parts, num_tokens), self._tolerance
        if self._rounds and split != whole:
            split = Told(whole.tokens, self._score(self.family.prompt(parts), whole.tokens))
            tolerance = OTHER_WORDS_TOLERANCE
        assert split == whole, f"split {split.tokens}, whole {whole.tokens}"
        assert abs(split.logprob - whole.logprob) < tolerance * num_tokens, f"split {split}, whole {whole}"
        return split

    def score(self, parts: Sequence[str | Features], answer: str) -> float:
        """Log-probability of an answer, from the language half."""
        return self._score(self.family.prompt(parts), self.family.answer_ids(parts, answer))

    def _score(self, prompt: Prompt, ids: tuple[int, ...]) -> float:
        from atom_core.decoder.request import DecodeRequest

        job = DecodeRequest(prompt=prompt.with_answer(ids), answer_from=len(prompt), caller=Caller())
        return float(self._engine.submit(job).result())

    def whole(self, parts: Sequence[str | Features], num_tokens: int = 16) -> Told:
        """What the unsplit model generates, which is given pixels."""
        import torch

        prompt = self.family.prompt(parts)
        ids = torch.tensor([prompt.ids])
        pixels = _together([self._inputs[part.key] for part in parts if isinstance(part, Features)])
        if self.family.config.model_type != "qwen2_5_vl":
            pixels.pop("second_per_grid_ts", None)
        whole: Any = self._whole
        whole.model.rope_deltas = None
        with torch.inference_mode():
            out = whole.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=num_tokens,
                do_sample=False,
                eos_token_id=sorted(self.family.end_ids),
                return_dict_in_generate=True,
                output_logits=True,
                **pixels,
                **self._whole_arguments(self.family, prompt),
            )
        tokens = [int(token) for token in out.sequences[0, ids.shape[1] :]]
        steps = zip(out.logits, tokens, strict=True)
        return Told(tuple(tokens), sum(float(logits[0].log_softmax(-1)[token]) for logits, token in steps))

    def _open(self, *, reuse: bool, max_rows: int) -> Engine:
        from atom_core.decoder.prefix_cache import RadixPrefixCache
        from atom_core.kernels.threads import Threads

        prefixes = RadixPrefixCache(2**28) if reuse else None
        return self._split.engine(max_rows=max_rows, prefixes=prefixes, ledger=self.ledger, threads=Threads(1))


def _type_ids(family: Family, prompt: Prompt) -> dict[str, object]:
    import torch

    name, value = _TYPE_IDS.get(family.config.model_type, (None, 0))
    if name is None:
        return {}
    ids = torch.tensor([prompt.ids])
    return {name: (ids == family.image_token_id).long() * value}


def _together(inputs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Encoder inputs of several clips as the unsplit model takes them."""
    import torch

    found: dict[str, Any] = {}
    for name in inputs[0] if inputs else ():
        values = [each[name] for each in inputs]
        if name == "seconds_per_grid":
            found["second_per_grid_ts"] = torch.tensor(values)
        elif isinstance(values[0], torch.Tensor):
            axis = 1 if name in ("pixel_values", "pixel_attention_mask") and values[0].shape[0] == 1 else 0
            found[name] = torch.cat(values, dim=axis if values[0].ndim > 3 else 0)
    return found
