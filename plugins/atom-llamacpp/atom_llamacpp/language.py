"""The language half on llama.cpp, and the modules around it.

Keys and values stay in llama.cpp from pass to pass; they are read only where a prefix is kept, and written only where
one is used again. The head and the table of tokens are Atom's own.

Shape letters: R rows, Q new tokens, D width, V vocabulary, W head width.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from attrs import evolve

import atom_core as atom
from atom_core.providers import FamilySpec, LanguageWeights, Passed, Rows, identify_model, modules_with_tower
from atom_llamacpp.context import Context, Model
from atom_llamacpp.engine import api, check_installed, installed
from atom_llamacpp.gguf_file import write_layers
from atom_llamacpp.slots import Slots
from atom_llamacpp.states import StateFormat
from atom_llamacpp.tap import LayerTap

_VERSION = 1
"""Raised when something is computed otherwise, so that kept prefixes are made anew."""


def load(
    source: str,
    settings: atom.Settings,
    ledger: atom.Ledger,
    families: Mapping[str, FamilySpec],
    tasks_bytes: Mapping[str, int],
) -> atom.ModelBackend:
    """The model at `source` with its language half on llama.cpp.

    :raises ModelError: if llama.cpp is not installed, or the model cannot be served so
    """
    check_installed()
    own = evolve(settings, model=plain_name(settings))
    return modules_with_tower(source, own, ledger, families, tasks_bytes, language=LlamaCppLanguage)


def identify(source: str, settings: atom.Settings) -> str:
    """Which model is at `source`."""
    return identify_model(source, evolve(settings, model=plain_name(settings)))


def plain_name(settings: atom.Settings) -> str:
    """The model's name without what says that its language half runs here."""
    from atom_llamacpp import PREFIX

    return str(settings.model).removeprefix(PREFIX)


class LlamaCppLanguage:
    """Follows the `HoldingLanguage` protocol. llama.cpp loads the layers when the first prompt comes."""

    halves = False

    def __init__(self, weights: LanguageWeights) -> None:
        self._weights = weights
        self._states = "f32" if weights.precision == "none" else "f16"
        self.fingerprint = f"llamacpp {installed()} {_VERSION} {weights.precision} {self._states}"
        self._model: Model | None = None
        self._slots: Slots | None = None
        """Where sequences are decoded."""
        self._tapped: tuple[Slots, LayerTap] | None = None
        """Where those are read whose inner states are wanted."""

    def __call__(self, embeds_RQD: np.ndarray, cos_RQW: np.ndarray, sin_RQW: np.ndarray, rows: Rows) -> Passed:  # noqa: ARG002
        """As `Language.__call__`.

        :raises ModelError: if positions are other than llama.cpp counts them, or it fails
        """
        if embeds_RQD.shape[1] > 1:
            self._check_positions(cos_RQW, rows.starts)
        slots = self._loaded()
        if rows.inner and self._weights.tapped >= 0:
            return self._run_tapped(embeds_RQD, rows)
        self._gather(rows, slots)
        hidden_ND = slots.run(embeds_RQD, rows.sequences, rows.starts)
        return Passed(hidden_ND=hidden_ND, inner_ND=hidden_ND, states=())

    def logits(self, hidden_ND: np.ndarray) -> np.ndarray:
        """As `Language.logits`."""
        return self._weights.head(hidden_ND)

    def read(self, sequence: int, start: int, end: int) -> Sequence[np.ndarray]:
        """As `HoldingLanguage.read`."""
        held = next(slots for slots in self._all if slots.holds(sequence, end))
        return self._format.unpack(held.block(sequence), start, end)

    def drop(self, sequence: int) -> None:
        """As `HoldingLanguage.drop`."""
        for slots in self._all:
            slots.drop(sequence)

    def close(self) -> None:
        """As `Language.close`."""
        for slots in self._all:
            slots.close()
        self._slots = self._tapped = None
        if self._model is not None:
            api().llama_model_free(self._model.pointer)
        self._model = None

    def _run_tapped(self, embeds_RQD: np.ndarray, rows: Rows) -> Passed:
        """One row after the other: what a tap sees is then in order."""
        slots, tap = self._tapped = self._tapped or self._with_tap()
        self._gather(rows, slots)
        final, inner = [], []
        for row, (sequence, start) in enumerate(zip(rows.sequences, rows.starts, strict=True)):
            tap.taken()
            final.append(slots.run(embeds_RQD[row : row + 1], [sequence], [start]))
            inner.append(tap.taken())
        if [len(each) for each in inner] != [len(each) for each in final]:
            raise atom.ModelError(
                f"llama-cpp-python {installed()} shows no states between layers, which vectors are made"
                " of; name the model without llamacpp:"
            )
        return Passed(hidden_ND=np.concatenate(final), inner_ND=np.concatenate(inner), states=())

    def _gather(self, rows: Rows, slots: Slots) -> None:
        """Have in `slots` what the rows hold: it may be elsewhere, or come from kept prefixes."""
        kept: Sequence[np.ndarray] = ()
        for row, (sequence, start) in enumerate(zip(rows.sequences, rows.starts, strict=True)):
            if not start or slots.holds(sequence, start):
                continue
            elsewhere = next((each for each in self._all if each.holds(sequence, start)), None)
            if elsewhere is not None:
                block = elsewhere.block(sequence)
                num_tokens = elsewhere.length(sequence)
                elsewhere.drop(sequence)
            else:
                kept = kept or rows.states()
                block, num_tokens = self._format.pack([each[row, :, :start] for each in kept]), start
            slots.add(sequence, block, num_tokens)

    @property
    def _all(self) -> list[Slots]:
        found = [self._slots, None if self._tapped is None else self._tapped[0]]
        return [slots for slots in found if slots is not None]

    @property
    def _format(self) -> StateFormat:
        weights, is_full = self._weights, self._states == "f32"
        return StateFormat(
            layers=weights.layers,
            key_heads=weights.key_heads,
            head_width=weights.head_width,
            dtype=np.float32 if is_full else np.float16,
            kind=int(api().GGML_TYPE_F32 if is_full else api().GGML_TYPE_F16),
            across=is_full,  # flash attention, where it is not, computes in half precision
        )

    def _with_tap(self) -> tuple[Slots, LayerTap]:
        model, tap = self._model, LayerTap(self._weights.tapped, self._weights.width)
        assert model is not None
        return Slots(lambda slots, tokens: Context(model, slots, tokens, tap)), tap

    def _loaded(self) -> Slots:
        if self._slots is None:
            weights = self._weights
            pointer = _loaded_model(weights)
            weights.let_go()
            model = Model(pointer=pointer, width=weights.width, threads=weights.threads, states=self._format)
            self._model, self._slots = model, Slots(lambda slots, tokens: Context(model, slots, tokens))
        return self._slots

    def _check_positions(self, cos_RQW: np.ndarray, starts: Sequence[int]) -> None:
        """Tokens are one further each, and no angle is scaled by its position."""
        frequencies = self._weights.frequencies
        angles = (np.array(starts)[:, None] + np.arange(cos_RQW.shape[1]))[..., None] * frequencies
        if not np.allclose(np.cos(angles), cos_RQW[..., : len(frequencies)], atol=1e-2):
            raise atom.ModelError(
                f"model {self._weights.model} counts positions otherwise than llama.cpp does; name the model without"
                " llamacpp:"
            )


def _loaded_model(weights: LanguageWeights) -> object:
    """llama.cpp's model of the layers, by way of a file that is gone afterwards.

    :raises ModelError: if the file cannot be written or is refused
    """
    functions = api()
    with contextlib.ExitStack() as stack:
        try:
            path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="atom-llamacpp-"))) / "layers.gguf"
            write_layers(path, weights)
        except OSError as error:
            raise atom.ModelError(
                f"the layers for llama.cpp cannot be written to {tempfile.gettempdir()}: {error.strerror or error}; set"
                " TMPDIR to a folder with room for them"
            ) from None
        options = functions.llama_model_default_params()
        options.load_mode = functions.LLAMA_LOAD_MODE_NONE  # mapped, the file could not go
        pointer = functions.llama_model_load_from_file(str(path).encode(), options)
    if not pointer:
        raise atom.ModelError(
            f"llama.cpp {installed()} does not load the language half of model {weights.model}; name the"
            " model without llamacpp:"
        )
    return pointer
