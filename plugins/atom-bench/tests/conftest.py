"""A model with random weights, two videos, and a host that has both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import atom_core as atom
from atom_core.testing.models import make_checkpoint
from atom_core.testing.videos import BLUE, RED, Shot, write_video


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny model."""
    return make_checkpoint(tmp_path_factory.mktemp("model") / "toy", "smolvlm")


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two videos of one shot each."""
    folder = tmp_path_factory.mktemp("videos")
    return [write_video(folder / f"{n}.mp4", shots=[Shot(12 + n, colour)]) for n, colour in enumerate((RED, BLUE))]


@pytest.fixture(scope="session")
def settings(model: Path, tmp_path_factory: pytest.TempPathFactory) -> atom.Settings:
    """Of a host that is fast to work with."""
    cache = tmp_path_factory.mktemp("cache")
    return atom.Settings(
        model=str(model), cache=cache, library=cache / "library", frames=2, segment="whole", threads=1, workers=4
    )


@pytest.fixture(scope="session")
def host(settings: atom.Settings) -> Iterator[atom.Host]:
    """An open host."""
    with atom.open_host(settings) as opened:
        yield opened


@pytest.fixture(scope="session")
def clips(host: atom.Host, videos: list[Path]) -> list[atom.Clip]:
    """One clip for each video."""
    return [atom.Clip.whole(host.video(path)) for path in videos]
