"""Speech by espeak-ng, through its library, which tells when each word begins.

API: https://github.com/espeak-ng/espeak-ng/blob/master/src/include/espeak-ng/speak_lib.h
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import threading
from typing import Any

import numpy as np
from attrs import field, frozen

VOICES = ("en-us", "en-gb-x-rp", "en-gb-scotland")
"""Voices that every installation has and that are far enough apart."""
_SYNCHRONOUS, _UTF8 = 2, 1
_END, _WORD = 0, 1
_RATE, _PITCH = 1, 3
_QUIET = 0.02
"""Part of the loudest sample below which the end of a piece of speech counts as silence."""


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    ]


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))
_lock = threading.Lock()


@frozen(kw_only=True)
class Said:
    """A text as it is said."""

    text: str
    """What is said."""
    samples: np.ndarray = field(eq=False, repr=False)
    """[S], float32, -1 to 1."""
    rate_hz: int
    """Samples per second."""
    words: tuple[tuple[str, float, float], ...]
    """Each word with its start and its end, seconds from the first sample."""


def has_espeak() -> bool:
    """Whether espeak-ng's library is installed."""
    return ctypes.util.find_library("espeak-ng") is not None


@functools.cache
def _library() -> tuple[Any, int]:
    library: Any = ctypes.CDLL(ctypes.util.find_library("espeak-ng"))
    rate_hz = library.espeak_Initialize(_SYNCHRONOUS, 0, None, 0)
    if rate_hz <= 0:
        raise RuntimeError("espeak-ng cannot be used: it has no data; install the package espeak-ng-data")
    return library, int(rate_hz)


def say(text: str, voice: str = "en-us", *, words_per_minute: int = 160, pitch: int = 50) -> Said:
    """`text`, said by one of espeak-ng's voices.

    :param pitch: 0 to 100
    """
    heard: list[np.ndarray] = []
    starts: list[tuple[int, int, int]] = []

    def take(samples: Any, num_samples: int, events: Any) -> int:
        if num_samples > 0:
            heard.append(np.ctypeslib.as_array(samples, (num_samples,)).copy())
        at = 0
        while events[at].type != _END:
            if events[at].type == _WORD:
                starts.append((events[at].text_position - 1, events[at].length, events[at].sample))
            at += 1
        return 0

    with _lock:
        library, rate_hz = _library()
        if library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice!r}")
        library.espeak_SetParameter(_RATE, words_per_minute, 0)
        library.espeak_SetParameter(_PITCH, pitch, 0)
        callback = _Callback(take)
        library.espeak_SetSynthCallback(callback)
        data = text.encode() + b"\0"
        library.espeak_Synth(data, len(data), 0, 1, 0, _UTF8, None, None)
        library.espeak_Synchronize()
    samples = np.concatenate(heard).astype(np.float32) / 32768
    loud = np.flatnonzero(np.abs(samples) > _QUIET * np.abs(samples).max())
    end_s = (loud[-1] + 1) / rate_hz
    times_s = [sample / rate_hz for *_, sample in starts] + [float(end_s)]
    words = tuple(
        (text[at : at + length], times_s[index], times_s[index + 1])
        for index, (at, length, _) in enumerate(starts)
        if length
    )
    return Said(text=text, samples=samples, rate_hz=rate_hz, words=words)
