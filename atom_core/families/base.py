"""What differs between model families: how frames become encoder inputs, and how a clip is written in a prompt.

Everything else is the same for all: the split itself, prefixes, batching, quantisation. A family says which
placeholders its chat template writes for a clip, and what to write in their place.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import torch

from atom_core.errors import ModelError
from atom_core.families.encoded import Encoded, EncoderInputs, Layout, encoded, join
from atom_core.families.frames.image_ops import ProcessorConfig
from atom_core.families.frames.rate import FrameRate
from atom_core.families.logits_processor import Rules
from atom_core.families.prompt import PrefillChunk, Prompt, Visual
from atom_core.records import Features, Frames
from atom_core.text.first_line import first_line

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from atom_core.checkpoint.checkpoint import Checkpoint

__all__ = [
    "Encoded",
    "EncoderInputs",
    "Family",
    "FrameRate",
    "LanguageInputs",
    "Layout",
    "Message",
    "clip_times_s",
    "clock",
    "encoded",
    "join",
    "numbered",
]

LanguageInputs: TypeAlias = dict[str, Any]
"""What a language half is given beside embeddings, positions and masks, by the names of its arguments."""
Message: TypeAlias = dict[str, Any]
"""A message as chat templates take it: `role` and `content`."""

FULL_HD = 1920 * 1080
"""Pixels of a frame that every family takes as it is."""


_ROOM, _FIRST_ROOM = "atom_core.families.", "atom_core.modules.families."
"""Where the families lie, and where they lay when the first features were kept: those count on."""


class Family:
    """Base of all families; subclasses override what is theirs. As it stands it serves frames as images."""

    model_types: ClassVar[tuple[str, ...]] = ()
    """The `model_type` values of the configs it serves."""
    title: ClassVar[str] = ""
    """What people call it."""
    notes: ClassVar[str] = ""
    """What is worth knowing about how it is served; one line for the table in the docs."""
    placeholder: ClassVar[str] = "<image>"
    """What the chat template writes for one content item of a clip."""
    content_type: ClassVar[str] = "image"
    """The type of those content items: ``image`` is one for each frame, ``video`` is one for the clip."""
    token_field: ClassVar[str] = "image_token_id"
    """The config's field with the id of a visual token."""
    uses_image_processor: ClassVar[bool] = True
    """Whether `inputs` calls transformers' PIL image processor; else the family does the arithmetic itself."""
    version: ClassVar[int] = 1
    """Raised when what `inputs` or `encode` make changes, so that kept features are made anew."""
    default_template: ClassVar[str | None] = None
    """The chat template for checkpoints without one."""
    wordings: ClassVar[Mapping[str, str]] = {}
    """The wordings that models of the family are trained with, by what is asked for: ``caption``; ``answer``, where the
    question stands for ``{question}``. None are for models that follow any."""
    frame_axes: ClassVar[Mapping[str, int]] = {}
    """What `inputs` holds of each frame by itself, with the axis that counts frames; the first are the pixels. Frames
    that repeat the one before are then not encoded again. Empty where frames see each other, or where rows of features
    are not those of one frame."""
    default_rate: ClassVar[FrameRate] = FrameRate()
    """How many frames of a clip models of the family are trained with, where the checkpoint does not say."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        """
        :raises ModelError: if a model of this family cannot be split faithfully
        """
        self.config = checkpoint.config
        self.tokenizer = checkpoint.tokenizer
        self.image_processor: Any = checkpoint.load_image_processor() if self.uses_image_processor else None
        self.processing = checkpoint.processing
        self.most_frame_pixels: int | None = None
        """Most pixels of a frame, where the user has set it; families that make every frame one square ignore it."""
        self.rules = Rules.of(checkpoint.processing.generation)
        index = self.token_field.removesuffix("_id") + "_index"
        found = getattr(self.config, self.token_field, None)
        self.image_token_id = int(getattr(self.config, index) if found is None else found)
        self.image_token = str(self.tokenizer.convert_ids_to_tokens(self.image_token_id))

    @property
    def fingerprint(self) -> str:
        """Which family, and which version of it, makes the features."""
        most = "" if self.most_frame_pixels is None else f" {self.most_frame_pixels} pixels"
        room = type(self).__module__.replace(_ROOM, _FIRST_ROOM)
        return f"{room}:{type(self).__qualname__} {self.version}{most}"

    def frame_pixels(self, num_frames: int) -> int:  # noqa: ARG002
        """Pixels of a frame, beyond which it is shrunk as it is decoded: no fewer than `inputs` makes use of."""
        return FULL_HD

    @property
    def picture_config(self) -> ProcessorConfig:
        """The config that `inputs` prepares pictures by, with the names of transformers' processors."""
        found: ProcessorConfig = self.image_processor.to_dict()
        return found

    @property
    def level(self) -> float:
        """How far two pixels of `inputs` are apart that differ by one level of 255."""
        config = self.picture_config
        scale = float(config.get("rescale_factor") or 1 / 255) if config.get("do_rescale", True) else 1.0
        std = list(config["image_std"]) if config.get("do_normalize", True) else [1.0]
        return scale * len(std) / sum(std)

    @property
    def frame_rate(self) -> FrameRate:
        """How many frames of a clip the model was trained with: as its video processor's config says, or else as the
        family's models usually are."""
        return self.default_rate.said(self.processing.video)

    def inputs(self, frames: Frames) -> EncoderInputs:
        """Encoder inputs made of a clip's frames; runs outside the encoder lane.

        :raises ModelError: if the processor refuses the frames
        """
        return dict(self.image_processor(images=list(frames.images), return_tensors="pt"))

    def chunks(self, inputs: EncoderInputs) -> Sequence[EncoderInputs]:
        """Parts of the inputs that can be encoded one after the other; what they give is joined in their order.

        Small parts leave the processor's caches and threads to others in time. Frames that see each other stay
        together.
        """
        return [inputs]

    def frames_at_once(self, num_frames: int) -> int:
        """How many of a clip's frames are in one of the `chunks` at most; memory is counted with it."""
        return num_frames

    def encode(self, model: PreTrainedModel, inputs: EncoderInputs) -> Encoded:
        """Run the visual half. `layout["runs"]` says how many rows each frame has."""
        output = model.get_image_features(**inputs)  # type: ignore[operator]
        return encoded(output.pooler_output)

    def expected_layout(
        self,
        times_s: Sequence[float],  # noqa: ARG002
        height: int,  # noqa: ARG002
        width: int,  # noqa: ARG002
    ) -> Layout | None:
        """The layout that `encode` would give a clip, known before it is encoded: how many frames fit into the context
        is found with it. Where that depends on the pictures, the most rows there can be. None if only encoding tells.

        :param times_s: timestamps of the frames
        :param height: of each frame, pixels; as `width`
        """
        return None

    def visual_texts(self, features: Features) -> list[str]:
        """What stands in the prompt for each placeholder of a clip: an image token for each row, and what is around."""
        return [self.image_token * num_rows for num_rows in features.layout["runs"]]

    def content(self, features: Features) -> list[dict[str, str]]:
        """The chat template's content items for a clip; each writes `placeholder` once."""
        count = 1 if self.content_type == "video" else len(features.layout["runs"])
        return [{"type": self.content_type} for _ in range(count)]

    def prompt(self, parts: Sequence[str | Features]) -> Prompt:
        """The prompt that asks the decoder for an answer to `parts`.

        :raises ModelError: if the chat template drops or repeats a clip
        """
        return self.tokenize(self.render(parts), [part for part in parts if isinstance(part, Features)])

    def render(self, parts: Sequence[str | Features], answer: str | None = None) -> str:
        """The prompt's text, clips written out; followed by `answer` as a whole turn when given."""
        content: list[dict[str, str]] = []
        for part in parts if self.keeps_order else numbered(parts):
            content += [{"type": "text", "text": part}] if isinstance(part, str) else self.content(part)
        messages: list[Message] = [{"role": "user", "content": content}]
        if answer is not None:
            messages.append({"role": "assistant", "content": [{"type": "text", "text": answer}]})
        text = self.apply_template(messages, ask=answer is None)
        texts = [text for part in parts if isinstance(part, Features) for text in self.visual_texts(part)]
        pieces = text.split(self.placeholder)
        if len(pieces) != len(texts) + 1:
            raise ModelError(
                f"the chat template wrote {len(pieces) - 1} pictures or clips for {len(texts)}; text that contains"
                f" {self.placeholder!r} cannot be asked of this model, leave it out"
            )
        return pieces[0] + "".join(text + piece for text, piece in zip(texts, pieces[1:], strict=True))

    @cached_property
    def keeps_order(self) -> bool:
        """Whether the chat template leaves text between clips where it stands; some write all clips first."""
        clip = {"type": self.content_type}
        texts = ("(text one)", "(text two)")
        content = [item for text in texts for item in ({"type": "text", "text": text}, clip)]
        written = self.apply_template([{"role": "user", "content": content}], ask=True)
        found = re.findall("|".join(map(re.escape, (*texts, self.placeholder))), written)
        return found == [texts[0], self.placeholder, texts[1], self.placeholder]

    def apply_template(self, messages: list[Message], *, ask: bool) -> str:
        """The chat template's text for `messages`; with `ask` it ends where an answer begins."""
        template = self.chat_template
        if template is None and self.tokenizer.chat_template is None:
            raise ModelError("the model has no chat template, so nothing can be asked of it; use its instruct version")
        try:
            text = self.tokenizer.apply_chat_template(
                messages, chat_template=template, tokenize=False, add_generation_prompt=ask
            )
        except Exception as error:  # it is a program, and fails in any way
            said = first_line(error)
            raise ModelError(f"the model's chat template fails ({said}); fetch or export the model again") from error
        return str(text)

    @property
    def foreign_template(self) -> str | None:
        """The text of the chat template, where the one that came with the model is used."""
        written = self.processing.chat_template or self.tokenizer.chat_template
        if isinstance(written, dict):
            written = written.get("default")
        return written if isinstance(written, str) and self.chat_template in (None, written) else None

    @property
    def chat_template(self) -> str | None:
        """The template to use; None is the tokenizer's own."""
        own = self.processing.chat_template
        return own if own or self.tokenizer.chat_template else self.default_template

    def answer_ids(self, parts: Sequence[str | Features], answer: str) -> tuple[int, ...]:
        """The token ids of `answer` as the whole reply to `parts`, end token included."""
        asked, replied = self.render(parts), self.render(parts, answer)
        tail = replied[len(asked) :] if replied.startswith(asked) else answer
        ids = list(self.tokenizer(tail, add_special_tokens=False)["input_ids"])
        ends = self.end_ids
        place = next((i for i, token in enumerate(ids) if token in ends), None)
        return tuple(ids[: place + 1]) if place is not None else (*ids, min(ends))

    @property
    def end_ids(self) -> frozenset[int]:
        """The token ids that end an answer."""
        text_config = self.config.get_text_config()
        found = set(self.rules.end_ids)
        for value in (self.tokenizer.eos_token_id, getattr(text_config, "eos_token_id", None)):
            if value is not None:
                found.update(value if isinstance(value, (list, tuple)) else [value])
        return frozenset(found)

    def positions(self, ids: Sequence[int], visuals: Sequence[Visual]) -> torch.Tensor | None:  # noqa: ARG002
        """[A, N] positions on the family's axes; None for counting from 0."""
        return None

    def blocks(self, visuals: Sequence[Visual], num_tokens: int) -> tuple[tuple[int, int], ...]:  # noqa: ARG002
        """Spans of a prompt whose tokens look at each other both ways."""
        return ()

    def language_inputs(
        self,
        language: Any,  # noqa: ARG002
        ids: Sequence[Sequence[int]],  # noqa: ARG002
        chunks: Sequence[PrefillChunk],  # noqa: ARG002
    ) -> LanguageInputs:
        """Further arguments of the language half.

        :param language: the language half
        :param ids: the token ids of each row, all padded to one length
        :param chunks: what is prefilled into each row; empty when one more token is decoded
        """
        return {}

    def tokenize(self, text: str, clips: Sequence[Features]) -> Prompt:
        """The prompt of a rendered text.

        :raises ModelError: if visual tokens and features do not match
        """
        start = self.tokenizer.bos_token
        written = self.add_special_tokens and not (start is not None and text.startswith(start))
        ids = tuple(self.tokenizer(text, add_special_tokens=written)["input_ids"])
        visuals = tuple(self._visuals(ids, clips))
        return Prompt(
            ids=ids,
            visuals=visuals,
            position_ids=self.positions(ids, visuals),
            blocks=self.blocks(visuals, len(ids)),
        )

    def _visuals(self, ids: Sequence[int], clips: Sequence[Features]) -> list[Visual]:
        places = [place for place, token in enumerate(ids) if token == self.image_token_id]
        rows = [(clip, row) for clip in clips for row in range(clip.values.shape[0])]
        if len(places) > len(rows):
            raise ModelError(f"the text contains {self.image_token!r}, which stands for pictures; leave it out")
        if len(places) < len(rows):
            raise ModelError("the prompt holds fewer visual tokens than the clips' features have rows")
        visuals: list[Visual] = []
        for place, (clip, row) in zip(places, rows, strict=True):
            last = visuals[-1] if visuals else None
            if last is not None and row and last.start + last.num_tokens == place:
                visuals[-1] = Visual(last.start, clip, last.row, last.num_tokens + 1)
            else:
                visuals.append(Visual(place, clip, row, 1))
        return visuals

    @property
    def add_special_tokens(self) -> bool:
        """Whether the tokenizer adds its own start token where the template has not written it."""
        return True


def numbered(parts: Sequence[str | Features]) -> list[str | Features]:
    """The parts for a template that writes all clips first: where text stands before a clip, each clip is named in the
    text at its place, by its number. As they are where all text follows the clips anyway.
    """
    last = max((place for place, part in enumerate(parts) if isinstance(part, Features)), default=-1)
    if not any(isinstance(part, str) for part in parts[:last]):
        return list(parts)
    clips = [part for part in parts if isinstance(part, Features)]
    numbers = itertools.count(1)
    told = [part if isinstance(part, str) else f"[clip {next(numbers)}]" for part in parts]
    return [*clips, "\n".join(told)]


def clip_times_s(features: Features, times_s: Sequence[float] | None = None) -> list[float]:
    """Times from the clip's start, seconds: a model was trained on whole videos, and a clip is one to it.

    :param times_s: times in the video; those of the features' frames if not given
    """
    times_s = features.timestamps_s if times_s is None else times_s
    # a sum of binary fractions must not fall below the whole second that it stands for; the first picture may have
    # been on the screen before the clip began
    return [max(0.0, round(time_s - features.clip.start_s, 3)) for time_s in times_s]


def clock(seconds: float) -> str:
    """Minutes and seconds, as most families write a frame's time."""
    return f"{int(seconds // 60):02d}:{int(seconds % 60):02d}"
