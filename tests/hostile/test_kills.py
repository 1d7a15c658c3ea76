"""Commands that are killed while they write."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

REQUEST = "Everything"
PIPELINE = '[[steps]]\ntask = "caption"\n[[steps]]\ntask = "index"\n'


@frozen
class Scenario:
    """A command, and what it writes beside library and cache."""

    words: tuple[str, ...]
    """The command; ``FOOTAGE`` stands for the folder of videos."""
    writes: tuple[str, ...] = ()
    """Files and folders of results."""
    needs_library: bool = False
    """Whether everything must be indexed before."""


SCENARIOS = {
    "index": Scenario(("index", "FOOTAGE")),
    "rebuild": Scenario(("index", "--rebuild"), needs_library=True),
    "caption": Scenario(("caption", "FOOTAGE", "--format", "srt", "-o", "subtitles"), ("subtitles",)),
    "run": Scenario(("run", "pipeline.toml", "FOOTAGE")),
    "assemble": Scenario(
        ("assemble", REQUEST, "-o", "film.mp4", "--otio", "film.otio", "--overwrite"),
        ("film.mp4", "film.otio"),
        needs_library=True,
    ),
    "quantize": Scenario(("quantize", "tiny", "-o", "quantized", "--overwrite"), ("quantized",)),
}


class Place:
    """A folder in which a scenario runs."""

    def __init__(self, atom: Any, folder: Path, scenario: Scenario, footage: Path, indexed: Path) -> None:
        self.folder, self._atom, self._scenario, self._footage = folder, atom, scenario, footage
        folder.mkdir()
        (folder / "pipeline.toml").write_text(PIPELINE)
        if scenario.needs_library:
            shutil.copytree(indexed, folder, dirs_exist_ok=True)

    def run(self, *, kill_s: float | None = None) -> Any:
        """Run the command here."""
        words = [str(self._footage) if word == "FOOTAGE" else word for word in self._scenario.words]
        return self._atom(*words, *own(self.folder), cwd=self.folder, kill_s=kill_s)

    def results(self) -> dict[str, str]:
        """The hash of each file with results; of films their size in pages, for encoders differ in the last bits."""
        found = {}
        for name in self._scenario.writes:
            place = self.folder / name
            for file in sorted(place.rglob("*")) if place.is_dir() else [place] * place.exists():
                if file.is_file() and not file.name.startswith("."):
                    data = file.read_bytes() if file.suffix != ".mp4" else str(file.stat().st_size // 4096).encode()
                    found[str(file.relative_to(self.folder))] = hashlib.sha256(data).hexdigest()
        return found

    def entries(self) -> Any:
        """What the library holds."""
        if not (self.folder / "library").exists():
            return None
        told = self._atom("search", "a shape", "-k", "99", "--json", *own(self.folder), cwd=self.folder)
        line = next((line for line in told.text.splitlines() if line.startswith("[")), "[]")
        rows = json.loads(told.text[told.text.index(line) :].split("\natom:")[0]) if line != "[]" else []
        return sorted((Path(row["video"]).name, row["start_s"], row["caption"]) for row in rows)

    def left_over(self) -> list[str]:
        """What a killed command was writing and nobody has cleaned up."""
        return [str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.name.endswith(".part")]


def own(folder: Path) -> tuple[str, ...]:
    """The options that keep everything in `folder`."""
    return ("--model", "tiny", "--library", str(folder / "library"), "--cache", str(folder / "cache"))


@pytest.fixture(scope="module")
def indexed(atom: Any, footage: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with library and cache of all footage."""
    folder = tmp_path_factory.mktemp("indexed")
    ended = atom("index", str(footage), *own(folder), cwd=folder)
    assert ended.code == 0, ended.text
    return folder


def test_kills(
    atom: Any,
    footage: Path,
    indexed: Path,
    tmp_path: Path,
    tally: Any,
    rng: random.Random,
    rounds: Callable[..., Any],
) -> None:
    """Kills at random moments of index, rebuild, caption, run, assemble and quantize.

    What is there under its final name is whole, and the same command again gives what an undisturbed one does.
    """
    names, undisturbed = list(SCENARIOS), {}
    for number in rounds(0.3):
        name = names[number % len(names)]
        scenario = SCENARIOS[name]
        if name not in undisturbed:
            place = Place(atom, tmp_path / f"{name}-whole", scenario, footage, indexed)
            ended = place.run()
            assert ended.code == 0, f"{name}: {ended.text}"
            undisturbed[name] = ended.seconds, place.results(), place.entries()
        took_s, results, entries = undisturbed[name]
        place = Place(atom, tmp_path / f"{name}-{number}", scenario, footage, indexed)
        place.run(kill_s=rng.uniform(0.02, 1.0) * took_s)
        faults = [
            f"{name}: half a file, {file}" for file, value in place.results().items() if value != results.get(file)
        ]
        again = place.run()
        faults += again.faults(f"{name} again", (0,))
        if place.results() != results:
            faults.append(f"{name} again: other results than undisturbed")
        if place.entries() != entries:
            faults.append(f"{name} again: other entries than undisturbed: {place.entries()}, {entries}")
        faults += [f"{name}: left over, {file}" for file in place.left_over()]
        tally.case(*faults)
        if not faults:
            shutil.rmtree(place.folder)
    tally.judge(3)
