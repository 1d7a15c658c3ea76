"""The engine that reads: RapidOCR with the PP-OCR models that its wheel ships, https://github.com/RapidAI/RapidOCR.

It is kept from the network: its models are named by their files, so that it looks for no others, and onnxruntime is
told to send nothing. cv2 and onnxruntime are imported when something is read, not before.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import atom_core as atom
from atom_core.quiet import quiet, without_ipv6_trial

if TYPE_CHECKING:
    import numpy as np

PACKAGE = "rapidocr"
INSTALL = f"install the reader: python -m pip install {PACKAGE} onnxruntime"
DETECTOR, RECOGNISER = "PP-OCRv6_det_small.onnx", "PP-OCRv6_rec_small.onnx"
SCRIPTS = ("Latin", "Chinese", "Japanese")
"""What the recogniser was trained to tell apart; lines in others are seen, but not read."""
LOOK_SIDE, GLANCE_SIDE = 640, 480
"""Longest side at which lines are looked for, pixels, and at a glance. Of 1280 x 720 a look finds lines of 20 pixels
up in an eighth of the time that the whole picture takes, a glance most of 32 up in half of that."""
_SIDE = 32
"""The detector takes sides that are multiples of it."""
_MARGIN = 0.12
"""How much of a line's height is read around it: what was found in a small picture is not exact in a large one."""
_AT_ONCE = 6
"""Lines that are recognised together."""
_BESIDE, _LEVEL = 0.8, 0.6
"""Parts of one line: how many times its height lies between them, and how much of the height they share."""


Box = tuple[float, float, float, float]
"""Left, top, right and bottom edge, parts of the picture's width and height."""
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


class Line(NamedTuple):
    """A line of text that was seen."""

    corners: np.ndarray
    """[4, 2], float32: x and y of the corners as parts of the picture's width and height, clockwise from the upper
    left."""
    score: float
    """How sure the detector is that it is one, 0 to 1."""

    @property
    def box(self) -> Box:
        """What it takes of the picture."""
        (left, top), (right, bottom) = self.corners.min(axis=0), self.corners.max(axis=0)
        return float(left), float(top), float(right), float(bottom)


def model_files() -> tuple[Path, Path]:
    """The detector and the recogniser that the package ships.

    :raises ModelError: if they are not there, with the command that installs them
    """
    spec = find_spec(PACKAGE)
    places = (spec.submodule_search_locations or ()) if spec else ()
    for folder in (Path(place) / "models" for place in places):
        files = folder / DETECTOR, folder / RECOGNISER
        if all(file.is_file() for file in files):
            return files
    lacking = f"{PACKAGE} ships no {DETECTOR}" if places else f"{PACKAGE} is not installed"
    raise atom.ModelError(f"written words cannot be read: {lacking}; {INSTALL}")


class Engine:
    """Finds and reads lines of text. Loaded on first use; several threads take turns."""

    def __init__(self, *, threads: int) -> None:
        self._threads = threads
        self._turn = threading.Lock()
        self._ocr: Any = None

    def look(self, image: np.ndarray, part: Box = WHOLE, *, side: int = LOOK_SIDE) -> list[Line]:
        """The lines of text in a picture [H, W, 3], uint8, RGB, from the top.

        :param part: where to look
        :param side: the picture's longest side when it is looked at, pixels
        :raises ModelError: if the engine cannot be loaded
        """
        import numpy as np

        height, width = image.shape[:2]
        left, top = int(part[0] * width), int(part[1] * height)
        right, bottom = max(math.ceil(part[2] * width), left + 1), max(math.ceil(part[3] * height), top + 1)
        small = _shrunk(image[top:bottom, left:right], side / max(height, width))
        with self._turn:
            found = self._loaded()(small, use_det=True, use_cls=False, use_rec=False)
        if found.boxes is None:
            return []
        scale = np.array([(right - left) / small.shape[1] / width, (bottom - top) / small.shape[0] / height])
        origin = np.array([left / width, top / height])
        lines = [
            Line(np.clip(np.asarray(corners) * scale + origin, 0, 1).astype(np.float32), float(score))
            for corners, score in zip(found.boxes, found.scores, strict=True)
        ]
        return joined(lines, width / height)

    def read(self, image: np.ndarray, lines: Sequence[Line]) -> list[tuple[str, float]]:
        """What stands in each line of a picture [H, W, 3], uint8, RGB, and how sure that is, 0 to 1."""
        found: list[tuple[str, float]] = []
        with self._turn:
            ocr = self._loaded()
            for start in range(0, len(lines), _AT_ONCE):
                crops = [_cropped(image, line) for line in lines[start : start + _AT_ONCE]]
                said = ocr.recognize_txt(crops)
                found += [(str(text).strip(), float(score)) for text, score in zip(said.txts, said.scores, strict=True)]
        return found

    def close(self) -> None:
        """Let go of the models."""
        with self._turn:
            self._ocr = None

    def _loaded(self) -> Any:
        if self._ocr is None:
            detector, recogniser = model_files()
            quiet()
            try:
                with without_ipv6_trial():
                    from rapidocr import RapidOCR
            except ImportError as error:
                raise atom.ModelError(f"written words cannot be read: {error}; {INSTALL}") from None
            self._ocr = RapidOCR(
                params={
                    "Global.log_level": "critical",
                    "Global.use_cls": False,
                    "Global.use_preprocess_img": False,  # pictures come in the size to look at
                    "Global.use_vertical_padding": False,
                    "EngineConfig.onnxruntime.intra_op_num_threads": self._threads,
                    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                    "Det.model_path": str(detector),
                    "Det.limit_type": "min",
                    "Det.limit_side_len": _SIDE,
                    "Rec.model_path": str(recogniser),
                }
            )
        return self._ocr


def joined(lines: Sequence[Line], aspect: float) -> list[Line]:
    """Lines whose words were found one by one, put together; those that are turned stay as they are.

    :param aspect: width of the picture, by its height
    """
    import numpy as np

    left: list[Line] = []
    for line in sorted(lines, key=lambda one: one.box[0]):
        for place, other in enumerate(left):
            if _are_one(other, line, aspect):
                (x0, y0, _, y1), (_, v0, x1, v1) = other.box, line.box
                top, bottom = min(y0, v0), max(y1, v1)
                corners = np.array([[x0, top], [x1, top], [x1, bottom], [x0, bottom]], np.float32)
                left[place] = Line(corners, min(other.score, line.score))
                break
        else:
            left.append(line)
    return sorted(left, key=lambda one: (one.box[1], one.box[0]))


def _are_one(before: Line, after: Line, aspect: float) -> bool:
    if not (_is_level(before, aspect) and _is_level(after, aspect)):
        return False
    one, other = before.box, after.box
    heights = one[3] - one[1], other[3] - other[1]
    shared = min(one[3], other[3]) - max(one[1], other[1])
    gap = (other[0] - one[2]) * aspect
    alike = max(heights) < 1.6 * min(heights)
    return alike and shared > _LEVEL * min(heights) and -max(heights) < gap < _BESIDE * min(heights)


def _is_level(line: Line, aspect: float) -> bool:
    """Whether a line runs from left to right."""
    across, down = line.corners[1] - line.corners[0]
    return bool(across > 0 and abs(down) < 0.1 * across * aspect)


def _shrunk(image: np.ndarray, scale: float) -> np.ndarray:
    """A part of a picture in the size to look at, BGR."""
    import cv2
    import numpy as np

    height, width = image.shape[:2]
    size = tuple(max(round(side * scale / _SIDE), 1) * _SIDE for side in (width, height))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.ascontiguousarray(cv2.resize(image, size, interpolation=method)[..., ::-1])


def _cropped(image: np.ndarray, line: Line) -> np.ndarray:
    """A line upright, BGR, with a margin."""
    import cv2
    import numpy as np
    from rapidocr.utils.process_img import get_rotate_crop_image

    corners = line.corners * np.array([image.shape[1], image.shape[0]], np.float32)
    along, down = corners[1] - corners[0], corners[3] - corners[0]
    length, height = max(float(np.linalg.norm(along)), 1.0), max(float(np.linalg.norm(down)), 1.0)
    across, under = along / length * height * _MARGIN, down * _MARGIN
    wider = corners + np.array([-across - under, across - under, across + under, under - across])
    left, top = np.floor(wider.min(axis=0)).astype(int).clip(0)
    right, bottom = np.ceil(wider.max(axis=0)).astype(int) + 1
    part = np.ascontiguousarray(image[top:bottom, left:right])  # what is turned is that part alone
    upright = get_rotate_crop_image(part, (wider - [left, top]).astype(np.float32))
    return np.ascontiguousarray(cv2.cvtColor(np.ascontiguousarray(upright), cv2.COLOR_RGB2BGR))
