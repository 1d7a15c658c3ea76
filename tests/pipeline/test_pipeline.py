"""Pipelines: what flows where, in what order, and what is not done twice."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import numpy as np
import pytest

import atom_core as atom
from atom_core.call_context import caller
from atom_core.host import BUILTINS, Host, open_host
from atom_core.pipeline.graph import Pipeline, Step
from atom_core.pipeline.journal import Journal
from atom_core.pipeline.run import StepResult, run_pipeline
from atom_core.plugins import load_plugins
from atom_core.settings import Settings
from atom_core.testing import wait_until
from atom_core.testing.videos import Shot, write_video

ran: Counter[str] = Counter()


class Caption:
    """A caption; fails for the second clip of any video called bad, and gives that of one called sulky up."""

    consumes, produces = atom.Clip, atom.Caption

    def run(self, clip: atom.Clip) -> atom.Caption:
        ran["caption"] += 1
        if clip.index == 1 and "bad" in clip.video.path.name:
            raise ValueError("unreadable")
        if clip.index == 1 and "sulky" in clip.video.path.name:
            raise atom.Cancelled("no more")
        time.sleep(0.002 * (3 - clip.index))
        return atom.Caption(clip=clip, text=f"shot {clip.index} of {clip.video.path.stem}")


class Index:
    """An entry, kept in the world outside."""

    consumes, produces = atom.Caption, atom.Entry

    def run(self, caption: atom.Caption) -> atom.Entry:
        ran["index"] += 1
        return atom.Entry(clip=caption.clip, caption=caption.text, vector=np.ones(2, np.float32))


class SumUp:
    """All captions of a video in one."""

    consumes, produces = tuple[atom.Caption, ...], atom.Caption

    def run(self, captions: tuple[atom.Caption, ...]) -> atom.Caption:
        ran["sum-up"] += 1
        return atom.Caption(clip=atom.Clip.whole(captions[0].clip.video), text="; ".join(c.text for c in captions))


class Split:
    """Several records from one."""

    consumes, produces = atom.Caption, tuple[atom.Caption, ...]

    def run(self, caption: atom.Caption) -> tuple[atom.Caption, ...]:
        return tuple(atom.Caption(clip=caption.clip, text=word) for word in caption.text.split())


class Answer:
    """Answers a question."""

    consumes, produces = atom.Question, atom.Answer

    def run(self, question: atom.Question) -> atom.Answer:
        ran["answer"] += 1
        return atom.Answer(clip=atom.Clip.whole(question.video), question=question.text, text="yes")


class Assemble:
    """A timeline; tells how many entries there were when it ran."""

    consumes, produces = atom.Request, atom.Timeline

    def run(self, request: atom.Request) -> atom.Timeline:
        cut = atom.Cut(
            start_s=0.0, end_s=1.0, path="a", content_hash="h", line="l", caption=str(ran["index"]), score=1.0
        )
        return atom.Timeline(request=request, cuts=(cut,))


class Describe:
    """A caption that tells what it was made with."""

    consumes, produces = atom.Clip, atom.Caption

    @attrs.frozen(kw_only=True)
    class Settings:
        """Settings of the task."""

        prompt: str = ""
        """What is asked."""
        style: str = ""
        """How it is told."""

    def run(self, clip: atom.Clip, *, settings: Settings, host: Host) -> atom.Caption:
        return atom.Caption(clip=clip, text=f"{settings.prompt} {settings.style} {host.model}")


class Quote:
    """What another task says."""

    consumes, produces = atom.Clip, atom.Caption

    def run(self, clip: atom.Clip, *, host: Host) -> atom.Caption:
        caption: atom.Caption = host.run("describe", clip)
        return caption


class Spell:
    """Makes what is no record."""

    consumes, produces = atom.Clip, str

    def run(self, clip: atom.Clip) -> str:
        return "a"


@attrs.frozen(kw_only=True)
class Loose:
    """A record of a plugin that minds nobody: with a type that only type checkers know, and a value JSON has not."""

    clip: atom.Clip
    share: Unknown | None = None  # type: ignore[name-defined]  # noqa: F821
    seen: frozenset[str] = frozenset({"red"})


class MakeLoose:
    """Makes such a record."""

    consumes, produces = atom.Clip, Loose

    def run(self, clip: atom.Clip) -> Loose:
        ran["make-loose"] += 1
        return Loose(clip=clip)


class ReadLoose:
    """Takes such a record."""

    consumes, produces = Loose, atom.Caption

    def run(self, loose: Loose) -> atom.Caption:
        ran["read-loose"] += 1
        return atom.Caption(clip=loose.clip, text="".join(loose.seen))


class Waits:
    """Ends when it is cancelled."""

    consumes, produces = atom.Clip, atom.Caption

    def run(self, clip: atom.Clip) -> atom.Caption:
        ran["waits"] += 1
        wait_until(caller.get().cancelled.is_set, 60)
        ran["cancelled"] += 1
        return atom.Caption(clip=clip, text="")


TASKS = {
    "caption": Caption,
    "index": Index,
    "sum-up": SumUp,
    "split": Split,
    "answer": Answer,
    "assemble": Assemble,
    "waits": Waits,
    "quote": Quote,
    "spell": Spell,
    "make-loose": MakeLoose,
    "read-loose": ReadLoose,
    "describe": Describe,
}


class Plugin:
    """The test's tasks, a prompt for one of them and a model that is not loaded."""

    prompt, weights = "short", "first"

    @atom.hookimpl
    def atom_register_tasks(self, register: atom.Register) -> None:
        for name, task in TASKS.items():
            register(name, f"{__name__}:{task.__name__}", summary="A task.", pure=name not in {"index", "assemble"})

    @atom.hookimpl
    def atom_register_prompts(self, register: atom.Register) -> None:
        register("short", self.prompt, summary="A prompt.")

    @atom.hookimpl
    def atom_identify_model(self, source: str) -> str | None:
        return self.weights if source == "named" else None


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has run yet; the targets of tasks can be imported by name."""
    ran.clear()
    monkeypatch.setitem(sys.modules, __name__, SimpleNamespace(**globals()))


@contextmanager
def opened(**arguments: Any) -> Iterator[Host]:
    """A host with the test's tasks only."""
    settings = Settings.load({"load_plugins": (), **arguments}, environ={})
    with open_host(settings, plugins=load_plugins(settings, builtins=(*BUILTINS, ("test", Plugin())))) as host:
        yield host


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three videos of three shots."""
    folder = tmp_path_factory.mktemp("videos")
    shots = [Shot(num_frames=24, colour=colour) for colour in ((200, 30, 30), (30, 40, 220), (40, 200, 60))]
    return [write_video(folder / f"{name}.mp4", shots=shots) for name in ("a", "b", "bad")]


def pipeline(*steps: Step) -> Pipeline:
    """A pipeline made in Python."""
    return Pipeline(steps=steps)


def by_step(results: list[StepResult], step: str) -> list[Any]:
    """The values that a step made."""
    return [result.value for result in results if result.step == step and result.error is None]


STANDARD = pipeline(
    Step(task="caption"),
    Step(task="index"),
    Step(task="sum-up"),
    Step(task="answer", texts=("Is it red?", "Is it blue?")),
    Step(task="assemble", texts=("A film.",)),
)


def test_every_record_goes_its_way(videos: list[Path]) -> None:
    """Clips become captions, captions entries and one summary a video in clip order; texts are asked."""
    with opened() as host:
        results = list(run_pipeline(STANDARD, host, videos[:2]))
    counts = Counter(result.step for result in results)
    assert counts == {"caption": 6, "index": 6, "sum-up": 2, "answer": 4, "assemble": 1}
    assert sorted(c.text for c in by_step(results, "sum-up")) == [
        "shot 0 of a; shot 1 of a; shot 2 of a",
        "shot 0 of b; shot 1 of b; shot 2 of b",
    ]
    assert by_step(results, "assemble")[0].cuts[0].caption == "6"


def test_records_do_not_wait_for_a_step_to_finish_all_its_clips(videos: list[Path]) -> None:
    """With one worker the first clip is indexed before the last is captioned."""
    with opened(workers=1) as host:
        order = [result.step for result in run_pipeline(STANDARD, host, videos[:1])]
    assert order.index("index") < len(order) - 1 - order[::-1].index("caption")


def test_a_run_that_is_given_up_cancels_what_runs(videos: list[Path]) -> None:
    """Who stops asking for results waits only until the tasks that run notice."""
    with opened() as host:
        results = run_pipeline(pipeline(Step(task="caption"), Step(task="waits")), host, videos[:1])
        assert next(results).step == "caption"
        del results
    assert ran["cancelled"] == ran["waits"]


@pytest.mark.parametrize("where", ["about", "video"])
def test_whatever_is_raised_for_one_record_is_its_failure(
    videos: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Also what nobody meant for users: the others go on, and the cause is kept for the trace."""
    with opened() as host:
        real, odd = getattr(host, where), AttributeError("codec_context")

        def fail_once(*arguments: Any, **more: Any) -> Any:
            monkeypatch.setattr(host, where, real)
            raise odd

        monkeypatch.setattr(host, where, fail_once)
        steps, journal = pipeline(Step(task="caption")), Journal(tmp_path / "journal")
        results = list(run_pipeline(steps, host, videos[:2], journal=journal))
    failed = [result for result in results if result.error is not None]
    assert [type(result.error) for result in failed] == [atom.TaskError]
    assert "AttributeError: codec_context" in str(failed[0].error)
    assert failed[0].error is not None
    assert failed[0].error.__cause__ is odd
    assert len(results) > len(failed)


def test_a_failure_stops_only_what_follows_from_it(videos: list[Path], tmp_path: Path) -> None:
    """A bad clip and a missing video are told; the rest of the run is whole."""
    with opened() as host:
        results = list(run_pipeline(STANDARD, host, [videos[2], tmp_path / "missing.mp4", videos[0]]))
    failed = {(r.step, r.path.name if r.path else ""): str(r.error) for r in results if r.error}
    assert set(failed) == {("caption", "bad.mp4"), ("open", "missing.mp4")}
    assert "unreadable" in failed["caption", "bad.mp4"]
    assert len(by_step(results, "index")) == 5
    assert "shot 0 of bad; shot 2 of bad" in [c.text for c in by_step(results, "sum-up")]
    assert len(by_step(results, "assemble")) == 1


def test_a_task_that_cancels_itself_stops_nothing_else(videos: list[Path], tmp_path: Path) -> None:
    """It is told as a failure, unless the run was given up."""
    sulky = shutil.copy(videos[0], tmp_path / "sulky.mp4")
    with opened() as host:
        results = list(run_pipeline(pipeline(Step(task="caption")), host, [sulky, videos[1]]))
    assert [str(result.error) for result in results if result.error] == ["no more"]
    assert len(by_step(results, "caption")) == 5


def test_a_tuple_is_handed_on_one_by_one_or_gathered_in_order(videos: list[Path]) -> None:
    """What makes several records feeds each to the next step; a gathering step gets all, flat, in clip order."""
    steps = pipeline(
        Step(task="caption"),
        Step(task="split"),
        Step(task="index", source="split"),
        Step(task="sum-up", source="split"),
    )
    with opened() as host:
        results = list(run_pipeline(steps, host, videos[:1]))
    assert len(by_step(results, "index")) == 12
    assert by_step(results, "sum-up")[0].text == "; ".join(
        [word for i in range(3) for word in ("shot", str(i), "of", "a")]
    )


def test_without_videos_steps_that_run_once_still_run() -> None:
    """A request needs no video."""
    with opened() as host:
        results = list(run_pipeline(pipeline(Step(task="assemble", texts=("x", "y"))), host, []))
    assert [result.step for result in results] == ["assemble", "assemble"]


def test_done_work_is_not_done_again(videos: list[Path], tmp_path: Path) -> None:
    """After a run that was cut off, only what is missing is run, and the results are the same."""
    with opened() as host:
        journal = Journal(tmp_path / "journal")
        whole = list(run_pipeline(STANDARD, host, videos[:2], journal=journal))
        assert ran["caption"] == 6
        journal.remove()
        ran.clear()

        journal = Journal(tmp_path / "journal")
        cut = run_pipeline(STANDARD, host, videos[:2], journal=journal)
        for _ in range(5):
            next(cut)
        cut.close()  # type: ignore[attr-defined]
        journal.close()
        done = ran["caption"]
        again = list(run_pipeline(STANDARD, host, videos[:2], journal=Journal(tmp_path / "journal")))
    assert done > 0
    assert ran["caption"] == 6
    told = [{(r.step, repr(r.value)) for r in results if r.step != "assemble"} for results in (again, whole)]
    assert told[0] == told[1]
    assert sum(r.resumed for r in again if r.step == "caption") == done
    assert not any(r.resumed for r in again if r.step == "index"), "what has effects is done again"


def test_other_settings_are_other_work(videos: list[Path], tmp_path: Path) -> None:
    """A result made with another model or sampling is not taken for this one."""
    steps = pipeline(Step(task="caption"))
    for frames in (8, 9):
        with opened(frames=frames) as host:
            results = list(run_pipeline(steps, host, videos[:1], journal=Journal(tmp_path / "journal")))
        assert not any(result.resumed for result in results)


@pytest.mark.parametrize("changed", ["variable", "setting"])
def test_a_task_that_asks_others_is_other_work_when_they_are(
    videos: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    """What is set for a task that another asks of the host counts as its own settings do."""
    resumed = []
    for value in ("one", "two", "two"):
        tasks = {"describe": {"style": value}} if changed == "setting" else {}
        if changed == "variable":
            monkeypatch.setenv("ATOM_DESCRIBE_STYLE", value)
        with opened(model="named", tasks=tasks) as host:
            results = run_pipeline(
                pipeline(Step(task="quote")), host, videos[:1], journal=Journal(tmp_path / "journal")
            )
            resumed.append([result.resumed for result in results])
    assert resumed == [[False] * 3, [False] * 3, [True] * 3]


@pytest.mark.parametrize("changed", ["style", "prompt", "weights"])
def test_what_a_name_stands_for_is_part_of_the_work(
    videos: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    """A variable's value, the text of a named prompt and the weights behind a model's name are not taken for others."""
    steps = pipeline(Step(task="describe", settings={"prompt": "@short"}))
    texts = []
    for value in ("one", "two", "two"):
        if changed == "style":
            monkeypatch.setenv("ATOM_DESCRIBE_STYLE", value)
        else:
            monkeypatch.setattr(Plugin, changed, value)
        with opened(model="named") as host:
            results = list(run_pipeline(steps, host, videos[:1], journal=Journal(tmp_path / "journal")))
        texts.append({result.value.text for result in results})
    assert texts[0] != texts[1]
    assert all(result.resumed for result in results), "the same work is known"


def test_a_damaged_journal_is_told(tmp_path: Path) -> None:
    """A file that is no journal is not overwritten."""
    path = tmp_path / "journal"
    path.write_bytes(b"something else" * 100)
    with pytest.raises(atom.SettingsError, match="cannot be used"):
        Journal(path)
    assert path.read_bytes().startswith(b"something else")


@pytest.mark.parametrize("table", ["clips (id TEXT)", "done (task TEXT, day TEXT)"])
def test_another_database_is_no_journal(tmp_path: Path, table: str) -> None:
    """It would be deleted when the run is complete."""
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"CREATE TABLE {table}")
    before = path.read_bytes()
    with pytest.raises(atom.SettingsError, match="it is another database"):
        Journal(path)
    assert path.read_bytes() == before


def test_what_cannot_be_noted_is_done_again(
    videos: list[Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Records of plugins that JSON has no form for cost their reuse, not the run; it is said once a run."""
    steps = pipeline(Step(task="make-loose"), Step(task="read-loose"), Step(task="caption"))
    for resumed in (0, 3):
        with opened() as host:
            results = list(run_pipeline(steps, host, videos[:1], journal=Journal(tmp_path / "journal")))
        assert [caption.text for caption in by_step(results, "read-loose")] == ["red"] * 3
        assert sum(result.resumed for result in results) == resumed
    assert (ran["make-loose"], ran["read-loose"], ran["caption"]) == (6, 6, 3)
    assert [record.getMessage().split(":")[0] for record in caplog.records] == 2 * [
        f"not all can be noted in journal {tmp_path / 'journal'}"
    ]


def test_a_journal_that_cannot_be_written_any_more_costs_no_result(
    videos: list[Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As when the disk is full: the run goes on without, and says so once."""
    journal = Journal(tmp_path / "journal")
    journal._db.execute("PRAGMA query_only = 1")
    with opened() as host:
        results = list(run_pipeline(STANDARD, host, videos[:1], journal=journal))
    assert not [result.error for result in results if result.error]
    assert [record.getMessage() for record in caplog.records] == [
        f"not all can be noted in journal {journal.path}: attempt to write a readonly database; if this run is cut"
        " off, that is done again"
    ]


def test_arrays_survive_the_journal(tmp_path: Path) -> None:
    """A record with a vector comes back equal."""
    video = atom.Video(path="a.mp4", content_hash="c0ffee" * 6, duration_s=1.0, width=8, height=8, fps=25.0)
    entry = atom.Entry(clip=atom.Clip.whole(video), caption="x", vector=np.arange(3, dtype=np.float32))
    journal = Journal(tmp_path / "journal")
    key = journal.key({}, entry.clip)
    assert journal.done(key, atom.Entry) is None
    journal.keep(key, entry)
    found = journal.done(key, atom.Entry)
    assert found == entry
    assert np.array_equal(found.vector, entry.vector)
    assert found.vector.dtype == np.float32


def test_work_is_the_same_in_any_order(tmp_path: Path) -> None:
    """Settings, and what a record maps, are told by their names."""
    video = atom.Video(path="a.mp4", content_hash="c0ffee" * 6, duration_s=1.0, width=8, height=8, fps=25.0)
    journal, clip = Journal(tmp_path / "journal"), atom.Clip.whole(video)
    keys = {journal.key(dict(pairs), clip) for pairs in ([("a", 1), ("b", 2)], [("b", 2), ("a", 1)])}
    keys |= {journal.key({"a": 1}, dict(pairs)) for pairs in ([("x", 1), ("y", 2)], [("y", 2), ("x", 1)])}
    assert len(keys) == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no steps"),
        ("steps = 3", "no steps"),
        ("[[steps]]\ntusk = 'caption'", "names no task"),
        ("[[steps]]\ntask = 'caption'\nfrum = 'x'", "no key 'frum'"),
        ("[[steps]]\ntask = 'capton'", "did you mean 'caption'"),
        ("[[steps]]\ntask = 'index'", "takes Caption, which no step before it makes"),
        ("[[steps]]\ntask = 'index'\nsource = 'caption'\n[[steps]]\ntask = 'caption'", "cycle"),
        ("[[steps]]\ntask = 'caption'\n[[steps]]\ntask = 'caption'", "two steps are called 'caption'"),
        (
            "[[steps]]\ntask = 'caption'\n[[steps]]\ntask = 'answer'\nsource = 'caption'\ntexts = ['x']",
            "takes Question",
        ),
        ("[[steps]]\ntask = 'answer'", "give it some"),
        ("[[steps]]\ntask = 'caption'\ntexts = ['x']", "takes no texts"),
        ("[[steps]]\ntask = 'caption'\nafter = []", "run once"),
        ("[[steps]]\ntask = 'caption'\nsettings = { a = 1 }", "has no setting 'a'"),
        ("[[steps]]\ntask = 'answer'\ntexts = 'x'", "list of texts"),
        ("[[steps]]\ntask = 'answer'\ntexts = 3", "list of texts"),
        ("[[steps]]\ntask = 'answer'\ntexts = ['x', ' ']", "has an empty text"),
        ("[[steps]]\ntask = 'assemble'\ntexts = ['x']\nafter = true", "list of texts"),
        ("[[steps]]\ntask = 'caption'\nname = 3", "name must be a text"),
        ("[[steps]]\ntask = 'caption'\nname = ''", "name must be a text"),
        ("[[steps]]\ntask = 'caption'\nsource = { step = 'x' }", "source must be a text"),
        ("[[steps]]\ntask = 'spell'", "task 'spell' makes str, which no pipeline can hand on"),
        pytest.param("x = " + "[" * 3000 + "]" * 3000, "cannot be read", id="deep"),
        ("[[steps", "cannot be read"),
    ],
)
def test_a_wrong_pipeline_is_told_before_anything_runs(text: str, says: str, tmp_path: Path) -> None:
    """Each mistake is named; no task has run and no module was loaded."""
    path = tmp_path / "pipeline.toml"
    path.write_text(text)
    with opened() as host, pytest.raises(atom.AtomError, match=says):
        run_pipeline(Pipeline.load(path), host, [])
    assert not ran


def test_what_is_no_pipeline_is_told(tmp_path: Path) -> None:
    """A folder or a video in the pipeline's place is one line, without codes of the system."""
    (tmp_path / "video.mp4").write_bytes(b"\x00\x9f" * 100)
    for path in (tmp_path, tmp_path / "video.mp4"):
        with pytest.raises(atom.SettingsError, match="; name a TOML file") as caught:
            Pipeline.load(path)
        assert not {"Errno", "codec"} & set(str(caught.value).split())


def test_a_pipeline_is_read_from_toml(tmp_path: Path) -> None:
    """The file says the same as Python."""
    path = tmp_path / "pipeline.toml"
    rows = "\n".join(
        f"[[steps]]\ntask = {json.dumps(step.task)}\ntexts = {json.dumps(list(step.texts))}" for step in STANDARD.steps
    )
    path.write_text(rows)
    assert Pipeline.load(path) == STANDARD
