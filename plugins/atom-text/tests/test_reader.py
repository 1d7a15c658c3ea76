"""What is written is read letter by letter, once, and kept; nothing is fetched or sent."""

import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from atom_text.engine import Engine
from atom_text.reader import AT_ONCE, PART_S, Reader
from attrs import evolve

import atom_core as atom
from atom_core.testing.titles import Title, write_titled

pytest.importorskip("rapidocr")

TITLES = (
    Title("Harbour market opens at nine", 24, 1.0, 4.0),
    Title("Exit 42 to Fjordgata", 32, 4.5, 8.0, 300, 90, -30),
)


@pytest.fixture
def settings(tmp_path):
    return atom.Settings(model="none", cache=tmp_path / "cache", load_plugins=("text",), threads=1)


def read(settings, path, **span):
    with atom.open_host(settings) as host:
        video = host.video(path)
        clip = atom.Clip(video=video, **span) if span else atom.Clip.whole(video)
        return host.run("read", clip), host.module("reader").num_unread(clip), host.ledger.as_dict()["modules"]


def test_titles_are_read(settings, tmp_path, monkeypatch):
    """Letter by letter, each once, with their times and places; a clip has those that stand during it. A second
    program reads nothing anew, whatever clip it asks for.
    """
    path = write_titled(tmp_path / "titled.mp4", TITLES, 8.0)
    texts, unread, modules = read(settings, path)
    assert [one.text for one in texts] == [title.text for title in TITLES]
    assert unread == 0
    assert modules["reader"]["computed"] == 1
    first, second = texts
    assert (first.start_s, first.end_s) == pytest.approx((1.0, 4.0), abs=0.3)
    assert first.box == pytest.approx((60 / 640, 260 / 360, (60 + TITLES[0].width) / 640, 290 / 360), abs=0.03)
    assert second.end_s == pytest.approx(8.0, abs=0.8)
    monkeypatch.setattr(Engine, "look", lambda *_, **__: pytest.fail("it looks again"))
    assert read(settings, path)[0] == texts
    [part] = read(settings, path, start_s=2.0, end_s=3.0)[0]
    assert (part.text, part.start_s, part.end_s) == (first.text, 2.0, 3.0)


@pytest.mark.parametrize("duration_s", [60.0, 47.3, 15.2, 0.1])
def test_few_pictures_are_in_memory_at_once(settings, tmp_path, monkeypatch, duration_s):
    """Those that are seen are evenly spaced in each part of a video, however few are read at once."""
    asked, seen = [], []

    def frames(clip, num, *, max_pixels):
        asked.append(num)
        images = (np.zeros((8, 8, 3), np.uint8),) * num
        return atom.Frames(clip=clip, images=images, timestamps_s=(0.0,) * num, rule="")

    path = write_titled(tmp_path / "titled.mp4", TITLES[:1], 1.0)
    monkeypatch.setattr("atom_text.watch.Watcher.see", lambda _, __, time_s: seen.append(time_s))
    with atom.open_host(settings) as host:
        video = evolve(host.video(path), duration_s=duration_s)
        host.module("reader")._read(video, 0, frames)
    num_parts = math.ceil(duration_s / PART_S)
    part_s = duration_s / num_parts
    num = max(round(part_s / 0.5), 1)
    wanted = [(part + (place + 0.5) / num) * part_s for part in range(num_parts) for place in range(num)]
    assert seen == pytest.approx(wanted, abs=1e-9)
    assert max(asked) <= AT_ONCE


def test_a_line_across_blocks_is_one(settings, tmp_path, monkeypatch):
    """What stands on both sides of a border is one line."""
    monkeypatch.setattr("atom_text.reader.BLOCK_S", 2.0)
    path = write_titled(tmp_path / "titled.mp4", [Title("Platform 7, train to Bergen", 30, 1.0, 5.0)], 6.0)
    [text] = read(settings, path)[0]
    assert (text.start_s, text.end_s) == pytest.approx((1.0, 5.0), abs=0.3)


@pytest.mark.parametrize("alone", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_nothing_is_imported_fetched_or_said(settings, tmp_path, alone):
    """To import the plugin loads neither cv2 nor onnxruntime; to read connects to nothing, also below Python, works
    where there is no network, prints and logs nothing.
    """
    if alone and (shutil.which("strace") is None or os.geteuid() != 0):
        pytest.skip("needs strace, and root for a network of its own")
    path = write_titled(tmp_path / "titled.mp4", TITLES[:1], 3.0)
    code = f"""
import os, socket, sys
def refuse(*_, **__): raise SystemExit("it connects")
socket.socket.connect = socket.create_connection = refuse
import atom_core as atom, atom_text.task, atom_text.command
assert not set(sys.modules) & {{"cv2", "onnxruntime", "rapidocr", "av"}}
settings = atom.Settings(model="none", cache={str(settings.cache)!r}, load_plugins=("text",), threads=1)
with atom.open_host(settings) as host:
    assert host.run("read", atom.Clip.whole(host.video({str(path)!r})))
assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"
"""
    lets = {name: value for name, value in os.environ.items() if not name.startswith(("ATOM_", "ORT_"))}
    trace = tmp_path / "calls.txt"
    around = ["unshare", "-n", "strace", "-f", "-e", "trace=connect,sendto", "-o", str(trace)] if alone else []
    done = subprocess.run(
        [*around, sys.executable, "-c", code], capture_output=True, text=True, env={**lets, "HOME": str(tmp_path)}
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    if alone:
        assert "connect(" not in trace.read_text()
        assert "sendto(" not in trace.read_text()


def test_damaged_readings_are_made_again(settings, tmp_path):
    """What is kept and cannot be read back costs reading again, never a wrong result."""
    path = write_titled(tmp_path / "titled.mp4", TITLES[:1], 4.0)
    texts, _, _ = read(settings, path)
    [file] = (settings.cache / "reads").glob("*/*.json")
    for damaged in ('{"version"', file.read_text().replace('"unread"', '"unknown"')):
        file.write_text(damaged)
        assert read(settings, path)[0] == texts


def test_pictures_of_other_shapes(settings, tmp_path):
    """Tiny, narrow and plain pictures have no text, and are no error."""
    from atom_core.testing.videos import write_video

    for number, size in enumerate([(16, 16), (640, 16), (34, 480)]):
        path = write_video(tmp_path / f"{number}.mp4", size=size)
        assert read(settings, path)[0] == ()


def test_without_the_engine(settings, monkeypatch):
    """One line says what to install."""
    monkeypatch.setattr("atom_text.engine.PACKAGE", "no_such_package")
    with (
        atom.open_host(settings) as host,
        pytest.raises(atom.ModelError, match=r"no_such_package is not installed; .*pip install rapidocr"),
    ):
        host.module("reader").num_unread(atom.Clip)
    assert "pip install rapidocr" in Reader.lacking(settings)


def test_scripts_that_the_reader_lacks(settings, tmp_path):
    """A line in another script is no text, and is told of."""
    from PIL import ImageFont

    file = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
    if not file.is_file():
        pytest.skip("needs DejaVu Sans, which has other scripts")
    import atom_core.testing.titles as drawing

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "_font", lambda size: ImageFont.truetype(str(file), size))
        path = write_titled(tmp_path / "titled.mp4", [Title("Вокзал закрыт до понедельника", 30, 1.0, 4.0)], 5.0)
    texts, unread, _ = read(settings, path)
    assert texts == ()
    assert unread == 1
