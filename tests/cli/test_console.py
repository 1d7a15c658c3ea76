"""What the console writes, and where."""

import io
import json
import logging
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from attrs import frozen

from atom_core.call_context import watch
from atom_core.cli.console import Console, Remarks, describe, table
from atom_core.errors import MediaError, PluginError
from atom_core.text.width import width


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


@frozen
class Point:
    """A record."""

    x: int


def test_json_values():
    """Records, paths and numpy's numbers become JSON; letters stay as they are."""
    out = io.StringIO()
    console = Console(as_json=True, out=out, err=io.StringIO())
    console.emit({"at": Point(1), "file": Path("a"), "score": np.float32(0.5), "vector": np.ones(2), "text": "ä"}, "-")
    console.close()
    assert json.loads(out.getvalue()) == [
        {"at": {"x": 1}, "file": "a", "score": 0.5, "vector": [1.0, 1.0], "text": "ä"}
    ]
    assert "ä" in out.getvalue()


def test_no_json_value():
    """A value that JSON has no form for is a fault of the command that gave it."""
    console = Console(as_json=True, out=io.StringIO(), err=io.StringIO())
    console.emit(object(), "-")
    with pytest.raises(TypeError, match="object is no JSON value"):
        console.close()


@pytest.mark.parametrize("err", [io.StringIO(), Terminal()], ids=["file", "terminal"])
def test_no_bar_for_short_work(err):
    """Work under a second shows no bar, and no bar is ever written to a file."""
    with Console(out=io.StringIO(), err=err).progress("Captioning", 3) as bar:
        bar.advance(3)
    assert err.getvalue() == ""


@pytest.mark.parametrize(
    ("err", "quiet", "shown"), [(Terminal, False, True), (Terminal, True, False), (io.StringIO, False, False)]
)
def test_bar_past_a_second(monkeypatch, err, quiet, shown):
    """Past a second the bar shows label, count and time left, on a terminal, unless quiet; it is cleared at the end."""
    stream = err()
    now_s = [100.0]
    monkeypatch.setattr("atom_core.cli.bar.time.monotonic", lambda: now_s[0])
    with Console(quiet=quiet, out=io.StringIO(), err=stream).progress("Captioning", 4) as bar:
        now_s[0] += 30
        bar.advance(1)
        assert ("Captioning 1/4, 1:30 left [####" in stream.getvalue()) is shown
    assert stream.getvalue().endswith("\r\x1b[K") is shown


def test_bar_shows_itself_during_long_work():
    """A bar appears after a second although nothing is done yet."""
    stream = Terminal()
    with Console(out=io.StringIO(), err=stream).progress("Loading", 1):
        deadline_s = time.monotonic() + 5
        while "Loading 0/1" not in stream.getvalue() and time.monotonic() < deadline_s:
            time.sleep(0.02)
    assert "Loading 0/1" in stream.getvalue()


def test_a_bar_tells_how_far_a_video_is_looked_through(monkeypatch):
    """On a terminal it names the video, what is done, the time that was reached and the length; never less than before
    of one video, never more than fits in a line, and another video only once nothing has come of the first."""
    err = Terminal()
    now_s, columns = [100.0], [80]
    monkeypatch.setattr("atom_core.cli.bar.time.monotonic", lambda: now_s[0])

    def shown(*seen):
        now_s[0] += 1
        told(*seen)
        return err.getvalue().rpartition("\x1b[K")[2]

    with Console(out=io.StringIO(), err=err, columns=lambda: columns[0]).progress("Indexing", 2):
        told = watch.get()
        film, other = Path("a\n.mp4"), Path("映画" * 30)
        now_s[0] += 5
        assert shown("shots", film, 65.2, 3700.0).startswith("Indexing 0/2, a\\n.mp4: shots 1:05 of 1:01:40 [----")
        assert "shots 1:05 of" in shown("shots", film, 60.0, 3700.0)
        assert "shots 1:05 of" in shown("shots", other, 70.0, 80.0)
        assert "caption 0:10 of" in shown("caption", film, 10.0, 3700.0)
        now_s[0] += 5
        assert "画...映画映画映画映画映画: shots 1:10 of 1:20" in shown("shots", other, 70.0, 80.0)
        for columns[0] in (10, 40, 41, 42, 60, 80):
            assert width(shown("shots", other, 70.0, 80.0)) < columns[0]
    assert watch.get() is None


@pytest.mark.parametrize(("err", "quiet"), [(io.StringIO(), False), (Terminal(), True)])
def test_nobody_watches_without_a_terminal(err, quiet):
    """Where no bar is shown, nobody is told how far a video is looked through."""
    with Console(quiet=quiet, out=io.StringIO(), err=err).progress("Indexing", 2):
        assert watch.get() is None


def test_how_wide_results_may_be():
    """As wide as the terminal on which they are read; elsewhere as wide as they are."""
    assert Console(out=Terminal(), columns=lambda: 42).result_columns == 42
    assert Console(out=Terminal(), as_json=True).result_columns is None
    assert Console(out=io.StringIO()).result_columns is None


def test_results_clear_the_bar(monkeypatch):
    """A result printed under a bar stands on a line of its own."""
    out, err = io.StringIO(), Terminal()
    console = Console(out=out, err=err)
    now_s = [100.0]
    monkeypatch.setattr("atom_core.cli.bar.time.monotonic", lambda: now_s[0])
    with console.progress("Captioning", 2) as bar:
        now_s[0] += 5
        bar.advance()
        console.emit({}, "a result")
        assert err.getvalue().endswith("\r\x1b[K")
    assert out.getvalue() == "a result\n"


def test_threads_do_not_mix_lines():
    """Lines of many threads come out whole."""
    out = io.StringIO()
    console = Console(out=out, err=io.StringIO())
    threads = [threading.Thread(target=lambda: [console.emit({}, "x" * 50) for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert out.getvalue() == ("x" * 50 + "\n") * 200


@pytest.mark.parametrize(
    ("verbose", "quiet", "shown"), [(False, False, ["warned"]), (True, False, ["said", "warned"]), (False, True, [])]
)
def test_log_records_are_remarks(verbose, quiet, shown):
    """What is logged as a warning is shown as a remark, information under -v, nothing under -q."""
    err = io.StringIO()
    handler = Remarks(Console(verbose=verbose, quiet=quiet, out=io.StringIO(), err=err))
    logger = logging.Logger("atom", handler.level)
    logger.addHandler(handler)
    logger.debug("nothing")
    logger.info("said")
    logger.warning("%s", "warned")
    assert err.getvalue().splitlines() == [f"atom: {line}" for line in shown]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (MediaError("it is empty; name another"), "it is empty; name another"),
        ("as it is", "as it is"),
        (PermissionError(13, "Permission denied", "film.mp4"), "Permission denied: film.mp4"),
        (ValueError("odd"), "ValueError: odd"),
    ],
)
def test_describe(error, text):
    """Errors made for the user speak for themselves; others say their type."""
    assert describe(error) == text


def test_table():
    """Columns are as wide as their widest cell; nothing trails."""
    assert table([("a", "bb", "c"), ("aaa", "b", "")]) == ["a    bb  c", "aaa  b"]
    assert table([]) == []


def test_names_command_no_terminal():
    """What is hostile in a file's name is spelt out in results on a terminal; elsewhere the name is exact."""
    name = "a\x1b[31m\u202e\natom: done.mp4"
    for stream, seen in ((Terminal(), "a\\x1b[31m\\u202e\\natom: done.mp4"), (io.StringIO(), name)):
        console = Console(out=stream, err=io.StringIO())
        console.emit({"video": Path(name), "clips": [{"n": 1}]}, f"{name}: ä\n\tb")
        assert stream.getvalue() == f"{seen}: ä\n\tb\n"


@pytest.mark.parametrize("stream", [Terminal, io.StringIO])
def test_remarks_stand_on_a_line(stream):
    """A name in a remark or failure makes no line that looks like Atom's own, also not in a log."""
    err = stream()
    console = Console(out=io.StringIO(), err=err)
    for say in (console.note, console.error, lambda text: console.error(text, MediaError(text))):
        say("a\r\natom: done\x9b1m")
    assert err.getvalue() == "atom: a\\r\\natom: done\\x9b1m\n" * 3


def test_remarks_of_several_lines():
    """Tables, what is wrong with plugins, and traces have lines of their own, without commands."""
    err = io.StringIO()
    console = Console(out=io.StringIO(), err=err, verbose=True)
    console.note("counts\n  1\x1b", lines=True)
    console.error("a is broken\n  b\x1b", PluginError("x\x1b"))
    assert err.getvalue().startswith("atom: counts\n  1\\x1b\natom: a is broken\n  b\\x1b\n")
    assert "\x1b" not in err.getvalue()


def test_json_on_a_terminal_and_elsewhere():
    """JSON holds no controls, whatever a name holds, and gives the name exactly."""
    for stream in (Terminal(), io.StringIO()):
        console = Console(as_json=True, out=stream, err=io.StringIO())
        console.emit({"video": "a\x9b\x7f\u202e\udce9\n"}, "-")
        console.close()
        assert json.loads(stream.getvalue()) == [{"video": "a\x9b\x7f\u202e\udce9\n"}]
        assert all(char.isprintable() or char == "\n" for char in stream.getvalue())
