"""How far what goes into the tower's linear layers reaches: found on pictures, kept for each model.

Shape letters: S side, C channels.
"""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import atom_core as atom
from atom_core.files import beside
from atom_core.providers import TowerWeights

if TYPE_CHECKING:
    import openvino as ov

    from atom_openvino.graph import Ranges

_SEED, _DRAWN = 7, 12


def ranges_file(weights: TowerWeights) -> Path:
    """Where the ranges of a model that was calibrated are kept."""
    return weights.cache / "openvino" / f"{weights.content[:32]}.npz"


def drawn_ranges(weights: TowerWeights, side: int) -> Ranges:
    """Ranges found on drawn pictures; once for a model, since it takes as long as encoding two clips."""
    path = weights.cache / "openvino" / "drawn" / f"{weights.content[:32]}-{side}.npz"
    known = kept_ranges(weights, path)
    if known is not None:
        return known
    finder = RangeFinder(weights)
    finder(np.stack(list(drawn(side))))
    with contextlib.suppress(atom.ModelError):  # a full disk costs finding them again
        _keep(path, finder.ranges)
    return finder.ranges


def kept_ranges(weights: TowerWeights, path: Path) -> Ranges | None:
    """The model's ranges in a file; None where there are none, or they cannot be read."""
    with contextlib.suppress(OSError, ValueError, KeyError, zipfile.BadZipFile):
        with np.load(path, allow_pickle=False) as file:
            found = {place: np.asarray(file[place], np.float32) for place in file.files}
        places = {f"{number}.{part}" for number in range(weights.layers) for part in ("qkv", "out", "fc1", "fc2")}
        if places == set(found) and all(np.isfinite(one).all() and one.ndim == 1 for one in found.values()):
            return found
    return None


def keep_ranges(weights: TowerWeights, ranges: Ranges) -> Path:
    """Keep ranges for the next runs; where.

    :raises ModelError: if they cannot be written
    """
    path = ranges_file(weights)
    _keep(path, ranges)
    return path


def _keep(path: Path, ranges: Ranges) -> None:
    content = io.BytesIO()
    np.savez(content, **dict(ranges))  # type: ignore[arg-type]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside(path) as temporary:
            temporary.write_bytes(content.getvalue())
            temporary.replace(path)
    except OSError as error:
        raise atom.ModelError(f"{path} cannot be written: {error.strerror}; choose another --cache DIR") from None


class RangeFinder:
    """Follows the `Tower` protocol, in float32, and notes the largest magnitudes in any of its pictures."""

    fingerprint = "openvino ranges"

    def __init__(self, weights: TowerWeights) -> None:
        self.weights = weights
        self.ranges: dict[str, np.ndarray] = {}
        """The largest magnitude of each channel [C], by the place of the layer that it goes into."""
        self.num_pictures = 0
        """How many there were."""
        self._request: ov.InferRequest | None = None
        self._places: list[str] = []

    def __call__(self, pixels_N3SS: np.ndarray) -> np.ndarray:
        """As `Tower.__call__`."""
        features = []
        for picture in pixels_N3SS:
            if self._request is None:
                self._request = self._compiled(picture.shape[-1])
            self._request.infer([np.ascontiguousarray(picture[None], np.float32)])
            features.append(np.array(self._request.get_output_tensor(0).data[0], np.float32))
            for number, place in enumerate(self._places):
                range_C = np.array(self._request.get_output_tensor(number + 1).data, np.float32)
                known_C = self.ranges.get(place)
                self.ranges[place] = range_C if known_C is None else np.maximum(known_C, range_C)
            self.num_pictures += 1
        return np.stack(features)

    def close(self) -> None:
        """As `Tower.close`."""
        self._request = None

    def _compiled(self, side: int) -> ov.InferRequest:
        from openvino import opset13 as op

        from atom_openvino.engine import compiled
        from atom_openvino.graph import Graph, whole

        taps: dict[str, ov.Output] = {}

        def tap(place: str, x: ov.Output) -> ov.Output:
            taps[place] = op.reduce_max(op.abs(x), whole(0, 1), False).output(0)
            return x

        model = Graph(self.weights, side, tap=tap).model()
        model.add_outputs(list(taps.values()))
        self._places = list(taps)
        return compiled(model, self.weights.threads, "f32")


def drawn(side: int) -> Iterator[np.ndarray]:
    """Pictures [3, S, S], from -1 to 1, for models that were not calibrated: plains, slopes, edges, and noise with as
    much detail at every scale as nature has. The same each time."""
    random = np.random.default_rng(_SEED)
    y, x = np.mgrid[0:side, 0:side] / side
    yield np.full((3, side, side), -1, np.float32)
    yield np.full((3, side, side), 1, np.float32)
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    frequency[0, 0] = 1
    for number in range(_DRAWN):
        waves = np.fft.rfft2(random.standard_normal((3, side, side))) / frequency
        picture = np.fft.irfft2(waves, s=(side, side))
        picture = picture / np.abs(picture).max() * random.uniform(0.3, 1) + random.uniform(-0.5, 0.5, (3, 1, 1))
        for _ in range(number % 5):
            left, top, size = random.uniform(0, 0.8, 3)
            inside = (abs(x - left - size / 2) < size / 2) & (abs(y - top - size / 2) < size / 2)
            if random.random() < 0.5:
                inside = np.hypot(x - left, y - top) < size / 2
            picture[:, inside] = random.uniform(-1, 1, (3, 1))
        if number % 4 == 3:
            picture[:, (np.floor(x * 64) % 2 == 0) & (y > 0.7)] = 1
        yield np.clip(picture, -1, 1).astype(np.float32)
