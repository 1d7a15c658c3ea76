"""The vision tower on OpenVINO, and the modules around it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve

import atom_core as atom
from atom_core.providers import FamilySpec, TowerWeights, modules_with_tower
from atom_openvino.engine import check_installed, compiled, precision_hint
from atom_openvino.language import language
from atom_openvino.ranges import drawn_ranges, kept_ranges, ranges_file

if TYPE_CHECKING:
    import openvino as ov

    from atom_openvino.graph import Ranges

_VERSION = 1
"""Raised when the graph computes otherwise, so that features are made anew."""


def load(
    source: str,
    settings: atom.Settings,
    ledger: atom.Ledger,
    families: Mapping[str, FamilySpec],
    tasks_bytes: Mapping[str, int],
) -> atom.ModelBackend:
    """The model at `source` with its tower and its decoder on OpenVINO.

    :raises ModelError: if OpenVINO is not installed, or the model cannot be served so
    """
    check_installed()
    own = evolve(settings, model=plain_name(settings))
    return modules_with_tower(source, own, ledger, families, tasks_bytes, tower=OpenVinoTower, language=language)


def identify(source: str, settings: atom.Settings) -> str:
    """Which model is at `source`."""
    from atom_core.providers import identify_model

    return identify_model(source, evolve(settings, model=plain_name(settings)))


def plain_name(settings: atom.Settings) -> str:
    """The model's name without what says that it runs here."""
    from atom_openvino import PREFIX

    return str(settings.model).removeprefix(PREFIX)


class OpenVinoTower:
    """Follows the `Tower` protocol. Its graph is compiled while the first pictures are read."""

    def __init__(self, weights: TowerWeights) -> None:
        self._weights = weights
        self._requests: dict[int, ov.InferRequest] = {}
        self._ranges = kept_ranges(weights, ranges_file(weights)) if weights.precision == "int8" else None
        parts = [version("openvino"), str(_VERSION), precision_hint(weights.precision)]
        if weights.precision == "int8":
            parts.append("drawn" if self._ranges is None else digest(self._ranges))
        self.fingerprint = f"openvino {' '.join(parts)}"

    def __call__(self, pixels_N3SS: np.ndarray) -> np.ndarray:
        """As `Tower.__call__`."""
        side = pixels_N3SS.shape[-1]
        self.prepare(side)
        request, features = self._requests[side], []
        for picture in pixels_N3SS:
            request.infer([np.ascontiguousarray(picture[None], np.float32)])
            features.append(np.array(request.get_output_tensor(0).data[0], np.float32))
        return np.stack(features)

    def prepare(self, side: int) -> None:
        """Compile the graph for pictures of this side, if it is not."""
        if side not in self._requests:
            self._requests[side] = self._compiled(side)

    def close(self) -> None:
        """As `Tower.close`."""
        self._requests.clear()

    def _compiled(self, side: int) -> ov.InferRequest:
        from atom_openvino.graph import Graph

        weights, ranges = self._weights, self._ranges
        if weights.precision == "int8" and ranges is None:
            ranges = drawn_ranges(weights, side)
        return compiled(Graph(weights, side, ranges=ranges).model(), weights.threads, precision_hint(weights.precision))


def digest(ranges: Ranges) -> str:
    """Names ranges by what they are."""
    found = hashlib.sha256()
    for place in sorted(ranges):
        found.update(place.encode() + np.ascontiguousarray(ranges[place], np.float32).tobytes())
    return found.hexdigest()[:16]
