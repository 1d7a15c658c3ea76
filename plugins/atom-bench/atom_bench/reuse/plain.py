"""Ways (a), (b), (g) and (h): the whole model as transformers users call it; in (a) and (b) with pixels in
every request."""

from __future__ import annotations

import gc
import time
import weakref
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForImageTextToText

import atom_core as atom
from atom_bench.reuse import job as jobs
from atom_bench.reuse.job import EXPERT_BF16, EXPERT_WAYS, Done, Job, Said
from atom_bench.reuse.memory import held_bytes, peak_bytes
from atom_core.checkpoint.checkpoint import Checkpoint, open_checkpoint
from atom_core.families import family_of
from atom_core.loader.transformers_loader import choose_device
from atom_core.text.embedding import EMBED_INSTRUCTION, FORM, SKIPPED_LAYERS, TEXTS
from atom_core.text.sentences import as_caption


class Whole:
    """The unsplit model. It writes the same prompts as Atom; its frames are read anew for every request."""

    def __init__(
        self, checkpoint: Checkpoint, settings: atom.Settings, *, embeds: bool, dtype: torch.dtype | None = None
    ) -> None:
        """
        :param embeds: whether the model was trained to make vectors of texts
        :param dtype: its precision; None is float32 on a processor, bfloat16 on a card
        """
        self.embeds = embeds
        self.family = family_of(checkpoint)
        self.device = choose_device(settings.device)
        self.dtype = dtype or (torch.float32 if self.device == "cpu" else torch.bfloat16)
        model: Any = AutoModelForImageTextToText.from_pretrained(
            checkpoint.folder, dtype=self.dtype, local_files_only=True, use_safetensors=True
        )
        self.model = model.to(self.device).eval()
        self.frames = settings.most_frames
        self.tokens = self.encodes = 0
        self.known_s = 0.0
        """Seconds that took what Atom finds once for a model and keeps; not counted."""
        self._centre_D: torch.Tensor | None = None

    @torch.inference_mode()
    def generate(self, shown: Sequence[tuple[atom.Clip, Any]], text: str, max_new_tokens: int) -> atom.Generated:
        """Greedy text, and whether it ended by itself.

        :param shown: clips, each with the layout of its visual tokens
        """
        return self._generated(self._inputs(shown, text), max_new_tokens)

    def _generated(self, inputs: dict[str, Any], max_new_tokens: int) -> atom.Generated:
        out = self.model.generate(**inputs, max_new_tokens=max_new_tokens, do_sample=False)
        new = out[0][inputs["input_ids"].shape[1] :]
        self.tokens += len(new)
        told = str(self.family.tokenizer.decode(new, skip_special_tokens=True)).strip()
        ended = int(new[-1]) in self.family.end_ids
        return atom.Generated(told, num_tokens=len(new), finish_reason="stop" if ended else "length")

    @torch.inference_mode()
    def embed(self, shown: Sequence[tuple[atom.Clip, Any]], text: str) -> list[float]:
        """The last hidden state after the instruction, unit length; of text as `atom_core.text.embedding` says."""
        if not (shown or self.embeds):
            return self._embed_text(text)
        asked = f"{text}\n{EMBED_INSTRUCTION}" if text else EMBED_INSTRUCTION
        hidden = self.model.model(**self._inputs(shown, asked), use_cache=False).last_hidden_state[0, -1].float()
        return [float(value) for value in hidden / hidden.norm()]

    def _embed_text(self, text: str) -> list[float]:
        if self._centre_D is None:
            before = time.perf_counter()
            self._centre_D = torch.stack([self._inner_state(one) for one in TEXTS]).mean(0)
            self.known_s += time.perf_counter() - before
        state_D = self._inner_state(text) - self._centre_D
        return [float(value) for value in state_D / state_D.norm()]

    def _inner_state(self, text: str) -> torch.Tensor:
        """The state [D] before the last layers, at the end of the form."""
        ids = torch.tensor([self.family.tokenize(FORM.format(text=text.strip()), []).ids], device=self.device)
        states = self.model.model(input_ids=ids, use_cache=False, output_hidden_states=True).hidden_states
        place = -1 - SKIPPED_LAYERS if len(states) - 1 > SKIPPED_LAYERS else -1
        return states[place][0, -1].float()  # type: ignore[no-any-return]

    @torch.inference_mode()
    def score(self, shown: Sequence[tuple[atom.Clip, Any]], text: str, continuation: str) -> float:
        """Log-probability of `continuation` as the whole answer."""
        parts: list[str | atom.Features] = [*self._stubs(shown), text]
        answer = self.family.answer_ids(parts, continuation)
        inputs = self._inputs(shown, text, answer)
        output = self.model(**inputs, use_cache=False, logits_to_keep=len(answer) + 1)
        return logprob(output.logits, answer)

    def _inputs(self, shown: Sequence[tuple[atom.Clip, Any]], text: str, answer: Sequence[int] = ()) -> dict[str, Any]:
        seen = [self._seen(clip, layout) for clip, layout in shown]
        inputs = {name: value for _, pixels in seen for name, value in pixels.items()}
        input_ids = self._ids([*(clip for clip, _ in seen), text], answer)
        return {**inputs, "input_ids": input_ids, "attention_mask": torch.ones_like(input_ids)}

    def _seen(self, clip: atom.Clip, layout: Any) -> tuple[atom.Features, dict[str, Any]]:
        """What the prompt's wording needs of a clip, and its pixels, read anew."""
        from atom_core.media.sample import sample

        frames = sample(clip, self.frames, self.family.frame_pixels(self.frames))
        self.encodes += 1
        return _stub(clip, frames.timestamps_s, layout), self._moved(self.family.inputs(frames))

    def _ids(self, parts: Sequence[str | atom.Features], answer: Sequence[int]) -> torch.Tensor:
        """Token ids [1, N] of the prompt of `parts`, followed by `answer`."""
        rendered = self.family.render(parts)
        tokenizer = self.family.tokenizer
        start = tokenizer.bos_token
        special = self.family.add_special_tokens and not (start is not None and rendered.startswith(start))
        ids = [*tokenizer(rendered, add_special_tokens=special)["input_ids"], *answer]
        return torch.tensor([ids], device=self.device)

    def _moved(self, inputs: dict[str, object]) -> dict[str, object]:
        return {
            name: value.to(self.device, self.dtype if value.is_floating_point() else None)
            if isinstance(value, torch.Tensor)
            else value
            for name, value in inputs.items()
        }

    def _stubs(self, shown: Sequence[tuple[atom.Clip, object]]) -> list[atom.Features]:
        return [_stub(clip, (0.0,) * self.frames, layout) for clip, layout in shown]


def opened(settings: atom.Settings) -> Checkpoint:
    """The model's config and tokenizer; opened once, also in (a)."""
    return open_checkpoint(settings.model, revision=settings.revision, offline=settings.offline)


def logprob(logits_1NV: torch.Tensor, answer: Sequence[int]) -> float:
    """Log-probability of `answer`, given the logits before each of its tokens and after the last."""
    logprobs = logits_1NV[0, :-1].float().log_softmax(-1).cpu()
    return float(logprobs.gather(1, torch.tensor(answer)[:, None]).double().sum())


def _stub(clip: atom.Clip, timestamps_s: tuple[float, ...], layout: Any) -> atom.Features:
    """What the prompt's wording needs of a clip."""
    return atom.Features(
        clip=clip, values=torch.empty(0), timestamps_s=timestamps_s, rule="", key="", layout=dict(layout)
    )


class PlainRun:
    """The standard pipeline with whole models, one subtask after the other."""

    def __init__(self, job: Job, clips: Sequence[atom.Clip], *, embeds: bool) -> None:
        self._embeds = embeds
        self._job, self._settings = job, atom.Settings(**job.settings)
        self._checkpoint: Checkpoint | None = None
        self._shown = [(clip, layout) for clip, layout in zip(clips, job.layouts, strict=True)]
        self._model: Whole | None = None
        self._stages: defaultdict[str, float] = defaultdict(float)
        self._tokens = self._encodes = self._loads = self._loaded_bytes = 0
        self._known_s = 0.0

    def run(self) -> Done:
        """Do it all."""
        job, shown = self._job, self._shown
        imported = held_bytes()
        start = time.perf_counter()
        with self._subtask("caption") as model:
            told = [model.generate([one], jobs.CAPTION_PROMPT, job.caption_tokens) for one in shown]
            captions = [as_caption(text, cut=text.cut) for text in told]
        with self._subtask("answer") as model:
            answers = [
                [model.generate([one], text, job.answer_tokens).whole for text in job.questions] for one in shown
            ]
        with self._subtask("index") as model:
            vectors = [model.embed([one], "") for one in shown]
            caption_vectors = [model.embed([], caption) if caption else [] for caption in captions]
        with self._subtask("assemble") as model:
            script = model.generate([], jobs.SCRIPT_PROMPT + job.request, job.caption_tokens)
            scores = [[model.score([one], jobs.CAPTION_PROMPT, line) for one in shown] for line in job.lines]
        self._drop()
        said = Said(
            captions=captions,
            answers=answers,
            script=script,
            vectors=vectors,
            caption_vectors=caption_vectors,
            scores=scores,
        )
        return Done(
            way=job.way,
            seconds=time.perf_counter() - start - self._known_s,
            stages=dict(self._stages),
            said=said,
            tokens=self._tokens,
            loads=self._loads,
            encodes=self._encodes,
            imported_bytes=imported,
            loaded_bytes=self._loaded_bytes,
            peak_bytes=peak_bytes(),
        )

    @contextmanager
    def _subtask(self, name: str) -> Iterator[Whole]:
        if self._job.way == "a":
            self._drop()
        if self._model is None:
            before = time.perf_counter()
            self._checkpoint = self._checkpoint or opened(self._settings)
            self._model = self._whole(self._checkpoint)
            self._stages["load"] += time.perf_counter() - before
            self._loads += 1
            self._loaded_bytes = self._loaded_bytes or held_bytes()
        before, known_s = time.perf_counter(), self._model.known_s
        yield self._model
        self._stages[name] += time.perf_counter() - before - (self._model.known_s - known_s)

    def _whole(self, checkpoint: Checkpoint) -> Whole:
        if self._job.way not in EXPERT_WAYS:
            return Whole(checkpoint, self._settings, embeds=self._embeds)
        from atom_bench.reuse.expert import Expert

        dtype = torch.bfloat16 if self._job.way == EXPERT_BF16 else None
        return Expert(checkpoint, self._settings, embeds=self._embeds, dtype=dtype)

    def _drop(self) -> None:
        if self._model is not None:
            self._tokens += self._model.tokens
            self._encodes += self._model.encodes
            self._known_s += self._model.known_s
            before, held = time.perf_counter(), weakref.ref(self._model.model)
            self._model = None
            if held() is not None:
                gc.collect()
            self._stages["drop"] += time.perf_counter() - before


def run_plain(job: Job) -> Done:
    """A way that uses transformers alone."""
    settings = atom.Settings(**job.settings)
    with atom.open_host(settings) as host:
        clips = [atom.Clip.whole(host.video(Path(path))) for path in job.videos]
        embeds = host.embeds
    return PlainRun(job, clips, embeds=embeds).run()
