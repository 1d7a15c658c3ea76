"""What every test may use: the embedded model and clips to show it; nothing of the user's is read or written.

How the tests were started makes no difference.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from atom_core.host import Host, open_host
from atom_core.records import Clip
from atom_core.testing.videos import Shot, write_video

COLOURS = [
    (200, 30, 30),
    (30, 180, 40),
    (40, 60, 220),
    (220, 200, 40),
    (20, 20, 20),
    (240, 240, 240),
    (200, 40, 200),
    (60, 210, 210),
]


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache folder of this session's own, in this process and those that it starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> Iterator[None]:
    """Ctrl-C does what it does in a terminal: a shell that starts tests in the background has them ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def checkpoint() -> Path:
    """The folder of the embedded model."""
    spec = find_spec("atom_tiny")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "checkpoint"


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Clip]:
    """Clips of equal length and size that differ in colour only, one from each of several videos."""
    folder = tmp_path_factory.mktemp("videos")
    found = []
    with open_host(model="none", load_plugins=(), segment="whole") as host:
        for number, colour in enumerate(COLOURS):
            path = write_video(folder / f"{number}.mp4", shots=[Shot(num_frames=24, colour=colour)])
            found += host.clips(host.video(path))
    return found


@pytest.fixture(scope="session")
def host(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host of the embedded model with reuse."""
    cache = tmp_path_factory.mktemp("cache")
    with open_host(model=str(checkpoint), load_plugins=(), cache=cache) as opened:
        yield opened


@pytest.fixture(scope="session")
def cold_host(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host that keeps nothing and decodes one request at a time."""
    cache = tmp_path_factory.mktemp("cold")
    with open_host(model=str(checkpoint), load_plugins=(), cache=cache, reuse=False, batch=1) as opened:
        yield opened


@pytest.fixture(scope="session")
def whole(checkpoint: Path) -> Any:
    """The unsplit model, as transformers users have it."""
    from transformers import AutoModelForImageTextToText

    return AutoModelForImageTextToText.from_pretrained(checkpoint, local_files_only=True)
