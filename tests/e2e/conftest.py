"""The `atom` command on real files with the embedded model: in this process, or in one of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from atom_core.testing.terminal import Atom, run_here, run_process
from atom_core.testing.videos import BLUE, RED, Shot, write_video

NTSC = Fraction(30000, 1001)
SHOTS = (Shot(30, RED), Shot(30, BLUE))


@pytest.fixture(scope="session", autouse=True)
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Own cache and library for this session, the embedded model, short texts, no variables of the user; the folder."""
    folder = tmp_path_factory.mktemp("atom")
    values = {
        "ATOM_MODEL": "tiny",
        "ATOM_CACHE": str(folder / "cache"),
        "ATOM_LIBRARY": str(folder / "library"),
        "ATOM_CAPTION_MAX_NEW_TOKENS": "12",
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(folder / "hub"),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("ATOM_")]:
            patch.delenv(name)
        for name, value in values.items():
            patch.setenv(name, value)
        patch.chdir(folder)
        yield folder


@pytest.fixture(scope="session")
def atom() -> Atom:
    """Run `atom` in this process."""
    return run_here


@pytest.fixture(scope="session")
def process() -> Atom:
    """Run `atom` in a process of its own."""
    return run_process


def _varying(num_frames: int) -> list[float]:
    """Pictures that stay for 20, 40, 60 ms in turn, seconds."""
    times = [0.0]
    for number in range(num_frames - 1):
        times.append(times[-1] + (0.02, 0.04, 0.06)[number % 3])
    return times


FILES: dict[str, dict[str, Any]] = {
    "plain.mp4": {"fps": 24},
    "sound.mp4": {"fps": 25, "audio": True, "size": (160, 90)},
    "portrait.mp4": {"fps": NTSC, "size": (90, 160), "rotation": 90, "audio": True},
    "plain.mov": {"fps": NTSC},
    "turned.mov": {"fps": 24, "size": (90, 160), "rotation": 270},
    "sound.mkv": {"fps": 25, "audio": True},
    "varying.mkv": {"timestamps_s": _varying(60)},
    "upside.mkv": {"fps": 24, "rotation": 180},
    "plain.webm": {"fps": 25},
    "sound.webm": {"fps": NTSC, "audio": True},
    "varying.mp4": {"timestamps_s": _varying(60), "audio": True},
    "plain.avi": {"fps": NTSC},
    "sound.avi": {"fps": 24, "audio": True},
}
"""Every container, with and without sound, every kind of frame rate, turned every way."""


@pytest.fixture(scope="session")
def footage(settings: Path) -> dict[str, Path]:
    """The files by name; two shots each."""
    folder = settings / "footage"
    folder.mkdir()
    return {name: write_video(folder / name, shots=SHOTS, **options) for name, options in FILES.items()}
