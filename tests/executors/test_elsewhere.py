"""Runs whose videos are worked on elsewhere, with a node of this process for a machine."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attrs import evolve

from atom_core.errors import LibraryError, MediaError, SettingsError, TaskError
from atom_core.executors import Job
from atom_core.executors.elsewhere import run_elsewhere
from atom_core.executors.node import Node
from atom_core.executors.work import VideoDone, Work, parted
from atom_core.files import stamp
from atom_core.host import Host, open_host
from atom_core.pipeline.graph import Pipeline, Step
from atom_core.pipeline.journal import Journal
from atom_core.pipeline.run import StepResult, run_pipeline
from atom_core.testing.videos import BLUE, GREEN, RED, Shot, write_video

INDEX = Pipeline(steps=(Step(task="index-video"), Step(task="search", texts=("something red",))))


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three videos, of two clips, one clip and a single frame's length, and a file that is none."""
    folder = tmp_path_factory.mktemp("footage")
    write_video(folder / "a.mp4", shots=[Shot(12, RED), Shot(12, BLUE)])
    write_video(folder / "b.mp4", shots=[Shot(12, GREEN)])
    write_video(folder / "c.mp4", shots=[Shot(14, BLUE)])
    (folder / "d.mp4").write_bytes(b"no video")
    return folder


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files count as settled as soon as they are written: none here changes within a tick of the clock."""
    monkeypatch.setattr(stamp, "_YOUNG_NS", 0)


def opened(folder: Path, name: str) -> Host:
    few = {"caption": {"max_new_tokens": 6}}
    return open_host(
        model="tiny", cache=folder / f"{name}-cache", library=folder / name, workers=2, frames=2, tasks=few
    )


def job(host: Host, footage: Path, journal: Journal | None = None, pipeline: Pipeline = INDEX) -> Job:
    paths = sorted(footage.iterdir())
    return Job(pipeline=pipeline, host=host, paths=paths, roots=[footage], journal=journal)


class Machine:
    """Works on what it is sent, in this process; everything is pickled on the way."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def __call__(self, work: Work, paths: Sequence[Path]) -> Iterator[bytes | VideoDone]:
        work = pickle.loads(pickle.dumps(work))
        with closing(Node(work)) as node:
            for path in paths:
                self.sent.append(path.name)
                yield node.do(path)


def contents(host: Host) -> list[tuple[Any, ...]]:
    """What a library has of each clip, in order, and the vectors."""
    table = host.library._read(None)  # type: ignore[attr-defined]
    rows = [tuple(row[name] for name in ("content_hash", "start_s", "end_s", "caption", "path", "sampling"))
            for row in table.metadata]  # fmt: skip
    order = sorted(range(len(rows)), key=rows.__getitem__)
    return [(*rows[n], np.round(table.clips_NE[n], 3).tolist()) for n in order]


def told(results: Sequence[StepResult]) -> list[tuple[str, str, str]]:
    """What became of each record, in order."""
    rows = [(result.step, str(result.path), type(result.error or result.value).__name__) for result in results]
    return sorted(rows)


def test_same_as_here(footage: Path, tmp_path: Path) -> None:
    """Results, library, what was counted and what is found are those of a run on this machine; each failure is named
    once.
    """
    with opened(tmp_path, "here") as here, opened(tmp_path, "there") as there:
        on_this = list(run_pipeline(INDEX, here, sorted(footage.iterdir())))
        machine = Machine()
        on_others = list(run_elsewhere(job(there, footage), machine))
        assert told(on_others) == told(on_this)
        assert [str(result.path) for result in on_others if result.error] == [str(footage / "d.mp4")]
        assert contents(there) == contents(here)
        counted = there.ledger.as_dict()["encoder_clips"]
        assert counted["computed"] == here.ledger.as_dict()["encoder_clips"]["computed"]
        found = [
            [(moment.caption, moment.path) for moment in result.value]
            for result in (*on_this, *on_others)
            if result.step == "search"
        ]
        assert found[0] == found[1] != []
    assert machine.sent == ["a.mp4", "b.mp4", "c.mp4", "d.mp4"]


def test_goes_on(footage: Path, tmp_path: Path) -> None:
    """A run that was cut off sends what is not done: nothing twice, unless the library has it no more, or the file is
    another.
    """
    machine, journal = Machine(), Journal(tmp_path / "journal.sqlite")
    with opened(tmp_path, "library") as host:
        results = run_elsewhere(job(host, footage, journal), machine)
        first = [next(results)]
        results.close()  # type: ignore[attr-defined]
        assert first[0].path == footage / "a.mp4"
        all_of_it = list(run_elsewhere(job(host, footage, journal), machine))
        assert [result.resumed for result in all_of_it if result.path == footage / "a.mp4"] == [True]
        machine.sent.clear()
        again = list(run_elsewhere(job(host, footage, journal), machine))
        assert machine.sent == ["d.mp4"]
        assert told(again) == told(all_of_it)
        host.library.remove(next(key for key, path in host.library.videos().items() if path.name == "b.mp4"))
        machine.sent.clear()
        list(run_elsewhere(job(host, footage, journal), machine))
        assert machine.sent == ["b.mp4", "d.mp4"]


def test_another_file_in_its_place(footage: Path, tmp_path: Path) -> None:
    """What is done goes by content: a file that was put in the place of another is worked on, and replaces nothing
    else.
    """
    copies = tmp_path / "footage"
    copies.mkdir()
    for name in ("a.mp4", "b.mp4"):
        (copies / name).write_bytes((footage / name).read_bytes())
        os.utime(copies / name, (1, 1))
    machine, journal = Machine(), Journal(tmp_path / "journal.sqlite")
    with opened(tmp_path, "library") as host:
        list(run_elsewhere(job(host, copies, journal), machine))
        (copies / "b.mp4").write_bytes((footage / "c.mp4").read_bytes())
        machine.sent.clear()
        list(run_elsewhere(job(host, copies, journal), machine))
    assert machine.sent == ["b.mp4"]


def test_lost_and_broken(footage: Path, tmp_path: Path) -> None:
    """A video that no machine could finish is one failure; what a machine raises as a whole ends the run."""

    def lossy(work: Work, paths: Sequence[Path]) -> Iterator[bytes | VideoDone]:
        yield VideoDone.failed(paths[0], TaskError("its machine died"))
        raise MediaError("the cluster is gone")

    with opened(tmp_path, "library") as host:
        results = run_elsewhere(job(host, footage), lossy)
        first = next(results)
        assert (first.path, str(first.error)) == (footage / "a.mp4", "its machine died")
        with pytest.raises(MediaError, match="cluster is gone"):
            next(results)


def test_machines_that_do_not_fit(footage: Path, tmp_path: Path) -> None:
    """Another version, another model, no footage: each says what is wrong and what to do."""
    with opened(tmp_path, "library") as host:
        asked = job(host, footage)
        work = Work.of(asked, parted(asked.pipeline.check(host.plugins))[0])
    assert work.model
    others: list[tuple[dict[str, Any], str]] = [
        (
            {"versions": {**work.versions, "atom-core": "9.9"}},
            r"it has atom-core .*, the run is of atom-core 9.9; inst",
        ),
        ({"versions": {**work.versions, "atom-more": "1"}}, "it has no atom-more, the run is of atom-more 1; install"),
        ({"model": "other"}, "its model tiny is .*, that of the run is other; have the same files there"),
        ({"roots": (tmp_path / "gone",)}, "gone' is not there; have the footage in the same place on every machine"),
    ]
    for changes, said in others:
        with pytest.raises(SettingsError, match=said):
            Node(evolve(work, **changes))


def test_library_of_another_model(footage: Path, tmp_path: Path) -> None:
    """It is refused before anything is sent."""
    machine = Machine()
    with opened(tmp_path, "library") as host:
        list(run_elsewhere(job(host, footage), machine))
        machine.sent.clear()
        asked = job(host, footage)
        work = Work.of(asked, parted(asked.pipeline.check(host.plugins))[0])
        with closing(Node(work)) as node:
            done = VideoDone.loads(node.do(footage / "a.mp4"))
        strange = evolve(done.parcel, made_by={"model": "x@y", "embedder": ""})  # type: ignore[arg-type,misc]
        with pytest.raises(LibraryError, match="was made with model x@y"):
            host.library.take([strange])  # type: ignore[attr-defined]
