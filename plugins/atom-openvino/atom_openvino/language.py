"""The language half on OpenVINO: passes over rows whose keys and values its states hold.

A request of OpenVINO's appends new tokens behind all its rows' columns, whatever each row holds: rows of fewer tokens
have columns in between that a mask hides. Which columns are whose is kept here. There are two requests of one graph:
while one decodes, prompts are read by the other, and only rows that come together from several are filled anew.

Shape letters: R rows, Q new tokens, L columns, D width, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from atom_core.providers import LanguageWeights, Passed, Rows
from atom_openvino.engine import compiled, precision_hint

if TYPE_CHECKING:
    import openvino as ov

_VERSION = 1
"""Raised when the graph computes otherwise, so that kept prefixes are made anew."""
_STATES = {"none": "f32", "bf16": "bf16"}
"""What keys and values are multiplied in, by precision; OpenVINO's own default is 8 bits. In int8 the built-in decoder
is faster: OpenVINO's attention reads what follows a kept prefix token by token, which costs more than its steps
spare."""


def language(weights: LanguageWeights) -> OpenVinoLanguage | None:
    """The language half of a model; None for precisions that the built-in one serves."""
    return OpenVinoLanguage(weights) if weights.precision in _STATES else None


class OpenVinoLanguage:
    """Follows the `Language` protocol. Its graphs are compiled when the first prompt comes."""

    def __init__(self, weights: LanguageWeights) -> None:
        self._weights = weights
        self._hint = precision_hint(weights.precision)
        self._states = _STATES[weights.precision]
        self.halves = self._hint == "bf16"
        self.fingerprint = f"openvino {version('openvino')} {_VERSION} {self._hint} {self._states}"
        self._stores: list[_Store] = []
        self._head: ov.InferRequest | None = None

    def __call__(self, embeds_RQD: np.ndarray, cos_RQW: np.ndarray, sin_RQW: np.ndarray, rows: Rows) -> Passed:
        """As `Language.__call__`."""
        self._compile()
        store = next((each for each in self._stores if each.has(rows)), None)
        if store is None:
            # the one that is not decoding: its rows may be wanted again
            store = self._stores[0]
            store.fill(rows)
        self._stores = [each for each in self._stores if each is not store] + [store]
        return store.run(embeds_RQD, cos_RQW, sin_RQW, rows)

    def logits(self, hidden_ND: np.ndarray) -> np.ndarray:
        """As `Language.logits`."""
        self._compile()
        assert self._head is not None
        self._head.infer([hidden_ND], share_inputs=True)
        found: np.ndarray = self._head.get_output_tensor(0).data
        return found

    def close(self) -> None:
        """As `Language.close`."""
        self._stores.clear()
        self._head = None

    def _compile(self) -> None:
        if self._head is not None:
            return
        from atom_openvino.language_graph import head, layers

        weights, hint = self._weights, self._hint
        first = compiled(layers(weights), weights.threads, hint, KV_CACHE_PRECISION=self._states)
        second = first.get_compiled_model().create_infer_request()
        self._stores = [_Store(request) for request in (first, second)]
        self._head = compiled(head(weights), weights.threads, hint)
        weights.let_go()


class _Store:
    """One request of OpenVINO's, and whose tokens its columns hold."""

    def __init__(self, request: ov.InferRequest) -> None:
        self._request = request
        self._rows: dict[int, int] = {}
        """The row of each sequence."""
        self._held_RL = np.zeros((0, 0), bool)
        """Which columns are tokens of the row's sequence."""
        self._filled: Sequence[np.ndarray] = ()
        """What the states were last filled with, until a pass is done: they borrow it."""
        self._newest = 0
        """How many of the last columns are new ones of the last pass, of which some may be padding."""

    def has(self, rows: Rows) -> bool:
        """Whether all that `rows` hold is here."""
        if not all(sequence in self._rows for sequence in rows.sequences):
            return False
        held_RL = self._held_RL[[self._rows[sequence] for sequence in rows.sequences]]
        most = held_RL.sum(1)
        least = most - held_RL[:, held_RL.shape[1] - self._newest :].sum(1)
        starts = np.array(rows.starts)
        return bool(((least <= starts) & (starts <= most)).all())

    def fill(self, rows: Rows) -> None:
        """Hold what `rows` hold, and nothing else."""
        import openvino as ov

        self._rows, self._newest = {}, 0  # until it is done nothing is here
        self._request.reset_state()
        starts = np.array(rows.starts)
        if starts.max():
            states = {state.name: state for state in self._request.query_state()}
            names = [f"{number}.{part}" for number in range(len(states) // 2) for part in ("key", "value")]
            self._filled = rows.states()
            for name, values in zip(names, self._filled, strict=True):
                states[name].state = ov.Tensor(values, shared_memory=True)
        self._held_RL = np.arange(starts.max()) < starts[:, None]
        self._rows = {sequence: row for row, sequence in enumerate(rows.sequences)}

    def run(self, embeds_RQD: np.ndarray, cos_RQW: np.ndarray, sin_RQW: np.ndarray, rows: Rows) -> Passed:
        """Compute new tokens; what `rows` hold is here."""
        (num_rows, new), starts = embeds_RQD.shape[:2], np.array(rows.starts)
        places = np.array([self._rows[sequence] for sequence in rows.sequences], np.int32)
        # of the newest columns, those beyond a row's tokens are padding
        held_RL = self._held_RL[places] & (np.cumsum(self._held_RL[places], 1) <= starts[:, None])
        self._rows = {}
        seen = np.concatenate([held_RL, np.ones((num_rows, new), bool)], 1)
        mask = np.where(seen, np.float32(0), np.float32(-np.inf))[:, None, None]
        if new > 1:
            later = np.triu(np.full((new, new), -np.inf, np.float32), 1)
            mask = np.repeat(mask, new, 2)
            mask[..., -new:] = later
        inputs = [embeds_RQD, cos_RQW[:, :, None], sin_RQW[:, :, None], mask, places]
        self._request.infer([np.ascontiguousarray(each) for each in inputs], share_inputs=True)
        self._filled = ()
        self._held_RL, self._newest = seen, new
        self._rows = {sequence: row for row, sequence in enumerate(rows.sequences)}
        final, inner, *states = (output.data for output in self._request.output_tensors)
        return Passed(hidden_ND=final, inner_ND=inner, states=states)
