"""`tiny` exported once; tests that run programs skip where ExecuTorch is not installed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from atom_executorch.runtime import INSTALL

import atom_core as atom

CLIPS = int(os.environ.get("ATOM_TEST_CLIPS", "10"))
"""How many clips answers are compared over; 100 in a long run."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What exports is slow, and has a mark by which it is left out."""
    for item in items:
        if "exported" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def engine() -> None:
    """ExecuTorch is there."""
    if find_spec("executorch") is None:
        pytest.skip(f"ExecuTorch is not installed: {INSTALL}")


@pytest.fixture(scope="session")
def tiny() -> Path:
    """The folder of the embedded model."""
    import atom_tiny

    return Path(str(atom_tiny.__file__)).parent / "checkpoint"


def export_tiny(tiny: Path, folder: Path, **options: object) -> Path:
    """`tiny` exported to `folder`."""
    from atom_executorch.exporting.export import ExportOptions, export

    export(str(tiny), "tiny", folder, ExportOptions(**options), atom.Settings(cache=folder.parent / "cache"), {})
    return folder


@pytest.fixture(scope="session")
def exported(engine: None, tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`tiny` exported in float32; in the folder of an earlier run where that is named."""
    if given := os.environ.get("ATOM_TEST_EXPORTED"):
        return Path(given)
    return export_tiny(tiny, tmp_path_factory.mktemp("export") / "tiny")


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with videos of `tiny`'s world, one shot each."""
    from atom_tiny.labels import write_folder

    folder = tmp_path_factory.mktemp("world")
    write_folder(folder, videos=CLIPS, seed=11)
    return folder


@pytest.fixture(scope="session")
def host(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[atom.Host]:
    """A host of the exported model."""
    cache = tmp_path_factory.mktemp("phone-cache")
    settings = atom.Settings(model=str(exported), cache=cache, library=cache / "library", segment="whole", threads=1)
    with atom.open_host(settings) as opened:
        yield opened


@pytest.fixture(scope="session")
def torch_host(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[atom.Host]:
    """A host of the model itself."""
    cache = tmp_path_factory.mktemp("torch-cache")
    settings = atom.Settings(
        model=str(tiny), cache=cache, library=cache / "library", segment="whole", threads=1, quantize="none"
    )
    with atom.open_host(settings) as opened:
        yield opened


@pytest.fixture(scope="session")
def clips(host: atom.Host, videos: Path) -> list[atom.Clip]:
    """One clip of each video."""
    return [atom.Clip.whole(host.video(path)) for path in sorted(videos.glob("*.mp4"))]
