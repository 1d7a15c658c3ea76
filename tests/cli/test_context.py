"""What a command is lent: videos, the host, failures."""

import argparse
import io
import json
from pathlib import Path

import pytest
from attrs import evolve

from atom_core.cli.console import Console
from atom_core.cli.context import Context
from atom_core.errors import LibraryError, MediaError, ModelError, SettingsError
from atom_core.ledger import Ledger
from atom_core.plugins import PluginSet
from atom_core.records import Video
from atom_core.settings import Settings
from atom_core.testing.fakes import fake_video


class FakeHost:
    """A host that reads names instead of files."""

    def __init__(self) -> None:
        self.closed = 0
        self.ledger = Ledger()

    def video(self, path: Path) -> Video:
        """The file's video, unless its name says it is bad; with a fault if its name says so."""
        if "bad" in path.name:
            raise MediaError(f"{path}: cannot be decoded; convert it", path=path)
        return evolve(fake_video(str(path.absolute())), fault="is cut off" if "cut" in path.name else "")

    def close(self) -> None:
        """Count."""
        self.closed += 1


@pytest.fixture
def err() -> io.StringIO:
    """What was said."""
    return io.StringIO()


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> FakeHost:
    """The host that contexts open."""
    fake = FakeHost()
    monkeypatch.setattr("atom_core.host.open_host", lambda settings, plugins: fake)
    return fake


def make(err: io.StringIO, **arguments: object) -> Context:
    """A context that speaks to `err`."""
    return Context(
        args=argparse.Namespace(**{"stats": None, "trace": None, **arguments}),
        settings=Settings(),
        sources={},
        plugins=PluginSet(),
        console=Console(out=io.StringIO(), err=err),
    )


def test_videos(tmp_path, err, host):
    """Files and folders become videos; what cannot be read is named, and the rest is there."""
    folder = tmp_path / "films"
    folder.mkdir()
    (tmp_path / "empty").mkdir()
    for name in ("b.mp4", "a.mkv", "bad.mp4", "notes.txt"):
        (folder / name).write_text("x")
    (tmp_path / "alone.dat").write_text("x")
    with make(err) as context:
        videos = context.videos(
            [str(folder), str(tmp_path / "alone.dat"), str(tmp_path / "gone.mp4"), str(tmp_path / "empty")]
        )
    assert [video.path.name for video in videos] == ["a.mkv", "b.mp4", "alone.dat"]
    assert context.failed
    lines = err.getvalue().splitlines()
    assert [Path(word).name for word in ("bad.mp4", "gone.mp4", "empty") if word not in err.getvalue()] == []
    assert len(lines) == 3


def test_videos_are_called_as_the_user_wrote_them(tmp_path, err, host, monkeypatch):
    """A path stays relative where it was given so, and a file that is named twice is one video."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.mp4", "cut.mp4"):
        (tmp_path / name).write_text("x")
    with make(err) as context:
        videos = context.videos(["./a.mp4", str(tmp_path / "a.mp4"), "cut.mp4"])
    assert [str(video.path) for video in videos] == ["a.mp4", "cut.mp4"]
    assert err.getvalue() == "atom: 'cut.mp4' is cut off\n"
    assert not context.failed


def test_host_is_opened_once_and_closed(err, host):
    """The host is opened when it is first wanted, and closed once, errors or not."""

    def work() -> None:
        with make(err) as context:
            assert context.host() is context.host() is host
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert host.closed == 1
    with make(err):
        pass
    assert host.closed == 1


def test_failure_names_its_input_once(err):
    """An error about the input itself names it already; one about anything else, or that does not say, is prefixed."""
    context = make(err)
    context.fail("a.mp4", MediaError("a.mp4: is empty; name another", path="a.mp4"))
    context.fail("b.mp4", MediaError("is empty; name another"))
    context.fail("c", MediaError("no such file: 'd'", path="d"))
    context.fail("a film of c", MediaError("'c' has changed", path="c"))
    context.fail("", "there is no setting 'c'")
    lines = [
        "a.mp4: is empty; name another",
        "b.mp4: is empty; name another",
        "c: no such file: 'd'",
        "a film of c: 'c' has changed",
        "there is no setting 'c'",
    ]
    assert err.getvalue().splitlines() == [f"atom: {line}" for line in lines]


def test_failure_names_its_input_as_the_user_wrote_it(err, tmp_path, monkeypatch):
    """A message about the same file by its whole path says the path once, and as it was given."""
    monkeypatch.chdir(tmp_path)
    context = make(err)
    context.fail(
        "sub/a.mp4", MediaError(f"cannot read '{tmp_path}/sub/a.mp4': it is no video", path=f"{tmp_path}/sub/a.mp4")
    )
    assert err.getvalue() == "atom: cannot read 'sub/a.mp4': it is no video\n"


@pytest.mark.parametrize("error", [SettingsError("bad"), LibraryError("other model"), ModelError("not here")])
def test_what_no_input_survives_is_a_mistake(err, host, error):
    """A setting, a library or a model that cannot be used is told once, as a mistake, not once for each input."""
    with make(err) as context:
        context.host()
        with pytest.raises(type(error)):
            context.fail("a.mp4", error)
    assert not context.failed
    assert err.getvalue() == ""


def test_model_error_of_one_input(err, host):
    """Once the model is loaded, a model's error concerns one input."""
    host.ledger.count("loads", computed=1)
    with make(err) as context:
        context.host()
        context.fail("a.mp4", ModelError("prompt too long; shorten it"))
    assert context.failed
    assert err.getvalue() == "atom: a.mp4: prompt too long; shorten it\n"


def test_stats_folder_must_be_writable(err, tmp_path, monkeypatch):
    """A --stats file that cannot be made is a mistake before any work."""
    with pytest.raises(SettingsError, match="does not exist; create it"):
        make(err, stats=tmp_path / "none" / "stats.json")
    monkeypatch.setattr("os.access", lambda path, mode: path != tmp_path)
    with pytest.raises(SettingsError, match="no permission to write there; name another file"):
        make(err, stats=tmp_path / "stats.json")


@pytest.mark.parametrize("option", ["stats", "trace"])
def test_a_ledger_replaces_ledgers_alone(err, tmp_path, option):
    """A slip such as ``--stats package.json`` is a mistake before any work; an earlier ledger is replaced."""
    file = tmp_path / "ledger.json"
    for _ in range(2):
        with make(err, **{option: file}):
            pass
    file.write_text('{"name": "mine"}')
    with pytest.raises(SettingsError, match=rf"--{option} .*ledger.json: it exists and is not what Atom wrote there"):
        make(err, **{option: file})
    assert file.read_text() == '{"name": "mine"}'


def test_the_trace_is_written_and_its_fault_told(err, tmp_path):
    """--trace writes events that trace viewers open; a file that cannot be made is a failure at the end."""
    with make(err, trace=tmp_path / "trace.json"):
        pass
    assert json.loads((tmp_path / "trace.json").read_text())["traceEvents"] == []
    with make(err, trace=tmp_path) as context:
        pass
    assert context.failed


def test_stats_that_cannot_be_written(err, tmp_path):
    """A --stats file that turns out unwritable is a failure at the end."""
    with make(err, stats=tmp_path) as context:
        pass
    assert context.failed
    assert str(tmp_path) in err.getvalue()
