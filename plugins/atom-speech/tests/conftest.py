"""What tests of speech share: an engine that hears what it is told, and sound that is a record."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from atom_speech.engine import RATE_HZ, Heard
from atom_speech.transcriber import Transcriber

import atom_core as atom
from atom_core.testing.fakes import fake_video


class FakeEngine:
    """Hears a word in each second whose samples are not silent: ``word12.`` in the thirteenth."""

    is_multilingual = True

    def __init__(self) -> None:
        self.num_decoded = 0
        self.asked: list[tuple[str, bool]] = []

    def speech(self, samples: np.ndarray, threshold: float) -> list[tuple[float, float]]:
        """Every stretch of samples that are not 0."""
        assert 0 < threshold < 1
        loud = np.flatnonzero(np.diff(np.concatenate([[0], samples != 0, [0]]).astype(int)))
        return [(begin / RATE_HZ, end / RATE_HZ) for begin, end in zip(loud[::2], loud[1::2], strict=True)]

    def words(self, samples: np.ndarray, language: str, *, translate: bool) -> list[Heard]:
        """One word for each stretch, late as Whisper's are; it is called by its loudness, in hundredths."""
        self.num_decoded += 1
        self.asked.append((language, translate))
        return [
            Heard(
                f"word{round(float(samples[round(begin_s * RATE_HZ) + 9]) * 1000)}.", begin_s + 0.11, end_s + 0.11, 0.9
            )
            for begin_s, end_s in self.speech(samples, 0.5)
        ]

    def language(self, samples: np.ndarray) -> tuple[str, float]:
        """German in the second half of a piece that is loud, else English."""
        return ("de", 0.9) if float(samples.max()) > 0.5 else ("en", 0.9)

    def check(self, language: str, *, translate: bool) -> None:
        """Knows two languages."""
        if language not in ("", "en", "de"):
            raise atom.SettingsError(f"no {language}")
        del translate


def spoken_at(times_s: list[float], duration_s: float) -> np.ndarray:
    """Samples with half a second of sound at each of `times_s`, louder each time."""
    samples = np.zeros(round(duration_s * RATE_HZ), np.float32)
    for number, time_s in enumerate(times_s, 1):
        samples[round(time_s * RATE_HZ) : round((time_s + 0.5) * RATE_HZ)] = number / 1000
    return samples


class FakeSound:
    """Lends samples as the sound of a video, and notes what was asked for."""

    def __init__(self, samples: np.ndarray) -> None:
        self.samples = samples
        self.spans: list[tuple[float, float]] = []

    def __call__(
        self, of: atom.Clip | atom.Video, *, rate_hz: int = RATE_HZ, num_channels: int = 1, track: str = ""
    ) -> atom.Sound:
        """The sound of a clip."""
        assert isinstance(of, atom.Clip)
        assert (rate_hz, num_channels) == (RATE_HZ, 1)
        self.spans.append((of.start_s, of.end_s))
        samples = self.samples[None, round(of.start_s * RATE_HZ) : round(of.end_s * RATE_HZ)]
        number = int(track or 1)
        return atom.Sound(
            video=of.video, start_s=of.start_s, end_s=of.end_s, samples=samples, rate_hz=RATE_HZ, track=number
        )

    @property
    def video(self) -> atom.Video:
        """A video as long as the sound."""
        return atom.Video(
            path="said.mp4",
            content_hash=fake_video("said.mp4").content_hash,
            duration_s=len(self.samples) / RATE_HZ,
            width=64,
            height=48,
            fps=10.0,
            has_audio=True,
        )


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A folder with the names of a model's files."""
    folder = tmp_path / "whisper-fake"
    folder.mkdir()
    for name in ("config.json", "model.bin", "tokenizer.json"):
        (folder / name).write_text(name)
    return folder


@pytest.fixture
def make(weights: Path, tmp_path: Path) -> Callable[..., tuple[Transcriber, FakeEngine]]:
    """Makes transcribers with an engine that hears what it is told, all with one cache."""

    def made(**settings: object) -> tuple[Transcriber, FakeEngine]:
        options = Transcriber.Settings(model=str(weights))
        transcriber = Transcriber(atom.Settings(cache=tmp_path / "cache", **settings), options)
        engine = FakeEngine()
        transcriber._engine = engine
        return transcriber, engine

    return made


@pytest.fixture
def spoken() -> Callable[[list[float], float], FakeSound]:
    """Makes sounds of a length with half a second of noise at each of some times, louder each time."""
    return lambda times_s, duration_s: FakeSound(spoken_at(times_s, duration_s))


@pytest.fixture
def played() -> Callable[[np.ndarray], FakeSound]:
    """Makes sounds of samples."""
    return FakeSound
