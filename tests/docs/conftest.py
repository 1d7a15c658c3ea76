"""A place where the commands of the documentation run: the folder that `atom demo` leaves."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from atom_core.testing.terminal import run_here


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What `atom demo` leaves, made once; the settings of the user are out of sight."""
    base = tmp_path_factory.mktemp("docs")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("ATOM_")]:
            patch.delenv(name)
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("XDG_CACHE_HOME", str(base / "cache"))
        patch.setenv("XDG_DATA_HOME", str(base / "data"))
        done = run_here("demo", base / "atom-demo")
        assert done.code == 0, done.err
        yield base / "atom-demo"


@pytest.fixture
def place(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the demo's folder, as the current one."""
    folder = tmp_path / "atom-demo"
    shutil.copytree(demo, folder)
    monkeypatch.chdir(folder)
    return folder
