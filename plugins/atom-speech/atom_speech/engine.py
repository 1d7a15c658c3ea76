"""Whisper by faster-whisper, on CTranslate2: https://github.com/SYSTRAN/faster-whisper.

Samples are [S], float32, mono, 16 kHz; times are seconds from the first of them.
"""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import atom_core as atom
from atom_core.quiet import quiet
from atom_core.text.suggestions import suggest

if TYPE_CHECKING:
    import numpy as np

RATE_HZ = 16000
FILES = ("config.json", "model.bin", "tokenizer.json")
"""Without these a folder is no Whisper model of CTranslate2; without the last the engine would ask the network."""
ALL_FILES = (*FILES, "preprocessor_config.json", "vocabulary.json", "vocabulary.txt")
LONGEST_S = 28.0
"""Longest stretch that is decoded at once; Whisper reads 30 s."""
_LEAST_SPEECH_S, _LEAST_SILENCE_S = 0.1, 0.1
_TOO_REGULAR = 2.4
"""How much text that was decoded may shrink when compressed; beyond that it says the same over and over."""


class Heard(NamedTuple):
    """A word as the engine tells it."""

    text: str
    start_s: float
    end_s: float
    confidence: float


class Engine:
    """A Whisper model, and the detector of voices that comes with faster-whisper (Silero's); opened when first used.

    Called from several threads at once.
    """

    def __init__(self, folder: Path, *, device: str, precision: str, threads: int, num_beams: int) -> None:
        """
        :param folder: with `FILES`
        :param device: ``cpu``, ``cuda`` or ``cuda:1``
        :param precision: CTranslate2's compute type
        :param threads: 0 lets the environment say, or takes all cores
        """
        self._folder, self._device, self._precision = folder, device, precision
        self._threads, self._num_beams = threads, num_beams
        self._lock = threading.Lock()
        self._model: Any = None

    def speech(self, samples: np.ndarray, threshold: float) -> list[tuple[float, float]]:
        """Where somebody speaks: start and end of each stretch between pauses, in order."""
        quiet()
        from faster_whisper.vad import VadOptions, get_speech_timestamps

        options = VadOptions(
            threshold=threshold,
            min_speech_duration_ms=round(_LEAST_SPEECH_S * 1000),
            min_silence_duration_ms=round(_LEAST_SILENCE_S * 1000),
            max_speech_duration_s=LONGEST_S - 1,
            speech_pad_ms=0,
        )
        found = get_speech_timestamps(samples, options, sampling_rate=RATE_HZ)
        return [(span["start"] / RATE_HZ, span["end"] / RATE_HZ) for span in found]

    def words(self, samples: np.ndarray, language: str, *, translate: bool) -> list[Heard]:
        """The words that are said in at most `LONGEST_S` of sound."""
        options: dict[str, Any] = {
            "language": language,
            "task": "translate" if translate else "transcribe",
            "beam_size": self._num_beams,
            "temperature": 0.0,
            "condition_on_previous_text": False,
            "word_timestamps": True,
        }
        segments = list(self._opened().transcribe(samples, **options)[0])
        if any(segment.compression_ratio > _TOO_REGULAR for segment in segments):
            options |= {"repetition_penalty": 1.2, "no_repeat_ngram_size": 4}
            segments = list(self._opened().transcribe(samples, **options)[0])
        return [
            Heard(word.word.strip(), float(word.start), float(word.end), float(min(max(word.probability, 0.0), 1.0)))
            for segment in segments
            if segment.compression_ratio <= _TOO_REGULAR
            for word in segment.words or ()
            if word.word.strip()
        ]

    def language(self, samples: np.ndarray) -> tuple[str, float]:
        """What is spoken, as an ISO 639 code, and how sure the model is of it, 0 to 1."""
        language, sure, _ = self._opened().detect_language(samples)
        return str(language), float(sure)

    @property
    def is_multilingual(self) -> bool:
        """Whether it knows other languages than English."""
        return bool(self._opened().model.is_multilingual)

    def check(self, language: str, *, translate: bool) -> None:
        """
        :raises SettingsError: if the model does not know `language`, or cannot translate
        """
        known = self._opened().supported_languages
        if language and language not in known:
            only = "only English (en)" if known == ["en"] else f"{len(known)} languages by their ISO 639-1 codes"
            raise atom.SettingsError(
                f"the speech model in '{self._folder}' knows {only}, not {language!r}{suggest(language, known)}; leave"
                " out --language, or name another model with --set modules.transcriber.model=ID"
            )
        if translate and not self.is_multilingual:
            raise atom.SettingsError(
                f"the speech model in '{self._folder}' knows only English and translates nothing; name a"
                " multilingual one with --set modules.transcriber.model=ID"
            )

    def _opened(self) -> Any:
        with self._lock:
            if self._model is None:
                quiet()
                logging.getLogger("faster_whisper").setLevel(logging.ERROR)
                from faster_whisper import WhisperModel

                kind, _, index = self._device.partition(":")
                try:
                    self._model = WhisperModel(
                        str(self._folder),
                        device=kind,
                        device_index=int(index or 0),
                        compute_type=self._precision,
                        cpu_threads=self._threads or _cores(),
                        local_files_only=True,
                    )
                except Exception as error:  # CTranslate2 and tokenizers raise what they like of what is damaged
                    why = next(iter(str(error).splitlines()), type(error).__name__)
                    raise atom.ModelError(
                        f"speech model {self._folder} cannot be opened: {why}; fetch it again, or name another with"
                        " --set modules.transcriber.model=ID"
                    ) from None
            return self._model


def _cores() -> int:
    """Threads where nothing says how many; 0 leaves it to OMP_NUM_THREADS."""
    if "OMP_NUM_THREADS" in os.environ:
        return 0
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
