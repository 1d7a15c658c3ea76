"""The task ``script``: from a request to the shots of a film."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterable, Sequence
from functools import partial

from attrs import evolve, field, frozen
from attrs.validators import ge, min_len

import atom_core as atom
from atom_assembly.evidence.meaning import read_meaning, says
from atom_assembly.evidence.rewording import Vocabulary, speaks
from atom_assembly.evidence.words import clauses, stems
from atom_assembly.requests.forms.talk import without_talk
from atom_assembly.requests.learned.read import read_learned
from atom_assembly.requests.read import Reading, read_by_mentions, read_request
from atom_assembly.requests.sloppy import without_slips
from atom_assembly.requests.spoken import read_spoken
from atom_assembly.requests.told import told
from atom_assembly.requests.wordings.weighing import weighed
from atom_assembly.sources import MOST_LOOKED_FOR

PROMPT = "Write the shots of this film, one per line: "
LONGEST_LINE = 300

_BULLET = re.compile(r"^(?:[-*•–—>#]+\s+|\(?\d{1,3}[.):](?!\d)\s*|(?:shot|scene)\s*\d+\s*[.:)-]\s*)+", re.IGNORECASE)
_QUOTES = re.compile(r"[\"“”„«»]")
"""What quotes in a request is told apart here; a search would look for it word by word."""
_OFFERED = 12
_MOST_SEEN = 200

log = logging.getLogger("atom")


class WriteScript:
    """The shots of the film that is asked for, and what else the request says of it.

    A request that says what is to be seen is its own script: its lines, their number, order and lengths are read from
    it. Of any other, such as "a film about summer", the decoder writes one, and is told what the library has; if
    nothing usable comes, the request is split. A decoder that writes captions of its own in the same words again is
    not asked: the lines are put into those words when cuts are looked for.
    """

    consumes = atom.Request
    produces = atom.Script

    @frozen(kw_only=True)
    class Settings:
        """Settings of ``script``."""

        prompt: str = field(default=PROMPT, validator=min_len(1))
        """What stands before the request."""
        max_new_tokens: int = field(default=256, validator=ge(1))
        """Longest script, tokens."""
        max_lines: int = field(default=24, validator=ge(1))
        """A longer script is taken for babble."""
        verbatim: bool = True
        """Whether a request that lists its shots is taken at its word, or the decoder writes every script."""

    def run(
        self, request: atom.Request, *, decoder: atom.Decoder, host: atom.Host, settings: WriteScript.Settings
    ) -> atom.Script:
        """The script for `request`; its provenance is None when the request itself was split.

        :raises SettingsError: if the request names a video that the library has not
        """
        seen, names = in_view(host, request.text)
        text = without_slips(request.text, _words_of(seen), _tell_slip)
        spoken = read_spoken(without_talk(text), names) if "transcribe" in host.tasks else None
        reading = spoken or read_against(text, names, seen)
        if reading.absent_source:
            raise atom.SettingsError(
                f"there is no video '{reading.absent_source}' in library '{host.settings.library_called}'; "
                "`atom library` lists them"
            )
        own = atom.Script(request=request, lines=reading.lines, constraints=reading.constraints)
        if spoken is not None:
            return own
        if settings.verbatim and (
            reading.ordered or reading.chosen or any(says_it(seen, line) for line in reading.lines)
        ):
            return own
        vocabulary = Vocabulary.of(seen)
        if settings.verbatim and seen and speaks(vocabulary, seen, decoder, PROMPT):
            return own
        offered = "".join(f"\n- {caption}" for caption in list(dict.fromkeys(seen))[:_OFFERED])
        offered = f"\nShots that are there:{offered}" if offered else ""
        prompt = settings.prompt + " ".join(request.text.split()) + offered
        written = decoder.generate([prompt], max_new_tokens=settings.max_new_tokens)
        lines = parse_script(written, cut_short=written.finish_reason == "length")
        whole = evolve(reading.constraints, wanted=())
        if not usable(lines, settings.max_lines):
            log.warning("the model wrote no usable script; the request itself was split into lines")
            return own if reading.lines != ("",) else atom.Script(request=request, lines=split_request(request.text))
        provenance = atom.Provenance.of(decoder, prompt)
        return atom.Script(request=request, lines=tuple(lines), provenance=provenance, constraints=whole)


def read_against(text: str, names: Collection[str], seen: Sequence[str]) -> Reading:
    """What `text` asks for: as the networks read it, if they are sure; else by what it mentions, if captions say all of
    that, or more of it than of what its grammar gives; else by its grammar. Where the latter two differ, by the known
    wordings that it is most like, if these tell it surely. A request of which the grammar makes something else is told
    how it is read.

    :param names: of the videos that there are
    :param seen: the captions of the library's clips
    """
    together = partial(_shown_together, seen) if seen else None
    plain = read_request(text, names=names, together=together)
    other = read_by_mentions(text, _words_of(seen), names=names) if seen else None
    careful = other is not None and (bool(other.unclear) or (_alike(plain, other) and not _unsaid(other, seen)))
    if (learned := read_learned(text, plain, seen, careful=careful)) is not None:
        if not _alike(plain, learned):
            log.warning("the request is read as %s", told(learned))
        return learned
    if other is None:
        return plain
    unsaid, plainly = _unsaid(other, seen), _unsaid(plain, seen)
    keeps = unsaid > plainly or (unsaid and unsaid == plainly and other.passed_over)
    reading = plain if keeps else other
    agree = _alike(plain, other)
    if not agree or _unsaid(reading, seen):
        reading = weighed(reading, text, seen, twice=agree)
    differs = reading.lines != plain.lines and (plainly or len(reading.lines) != len(plain.lines))
    if differs or reading.unclear or (reading is not plain and reading is not other):
        log.warning("the request is read as %s", told(reading))
    return reading


def _alike(one: Reading, other: Reading) -> bool:
    """Whether two readings ask for the same."""

    def asked(reading: Reading) -> object:
        rest = reading.constraints
        return [*map(stems, reading.lines)], rest.wanted, {*map(stems, rest.without)}, rest.rounds, rest.num_shots

    return asked(one) == asked(other)


def _unsaid(reading: Reading, seen: Sequence[str]) -> int:
    """How many lines no caption says."""
    return sum(bool(line) and not says_it(seen, line) for line in reading.lines)


def in_view(host: atom.Host, text: str) -> tuple[list[str], list[str]]:
    """The captions of the library's clips, the nearest to `text` first, and the names of its videos; none where there
    is no library.
    """
    try:
        if len(host.library) == 0:
            return [], []
        moments = host.run("search", atom.Query(text=_QUOTES.sub(" ", text)[:MOST_LOOKED_FOR], limit=_MOST_SEEN))
    except (atom.LibraryError, atom.PluginError, atom.TaskError):
        return [], []
    return [moment.caption for moment in moments], sorted({path.name for path in host.library.videos().values()})


def _words_of(captions: Iterable[str]) -> frozenset[str]:
    """The words of captions, small."""
    return frozenset(word.casefold() for caption in captions for word in re.findall(r"[^\W\d_]+", caption))


def _tell_slip(written: str, meant: str) -> None:
    log.warning("%r is read as %r, which captions of the library say", written, meant)


def says_it(captions: Iterable[str], line: str) -> bool:
    """Whether a caption says what `line` says."""
    meaning = read_meaning(line)
    return bool(stems(line)) and any(says(caption, meaning) for caption in captions)


def _shown_together(captions: Iterable[str], line: str) -> bool:
    return len(clauses(line)) > 1 and says_it(captions, line)


def parse_script(text: str, *, cut_short: bool = False) -> list[str]:
    """The lines of a script without numbers, bullets, quotes, headings and empty lines.

    :param cut_short: whether the last line may be incomplete; it is dropped if there are others
    """
    lines = [_bare(line) for line in text.splitlines()]
    lines = [line for line in lines if re.search(r"\w", line) and not line.endswith(":")]
    return lines[:-1] if cut_short and len(lines) > 1 else lines


def usable(lines: list[str], max_lines: int) -> bool:
    """Whether a script makes sense: some lines, not too many, none too long, not one thing over and over."""
    distinct = set(lines)
    repeats = len(lines) > 3 and len(distinct) * 2 < len(lines)
    return 0 < len(distinct) <= max_lines and not repeats and max(map(len, lines)) <= LONGEST_LINE


def listed_shots(text: str) -> tuple[str, ...]:
    """The shots that a request lists in order; none if it does not say an order."""
    reading = read_request(text)
    return reading.lines if reading.ordered and all(reading.lines) else ()


def split_request(text: str) -> tuple[str, ...]:
    """The things that a request names, in its order; the whole of it where there are none."""
    lines = tuple(line for line in read_request(text).lines if re.search(r"\w", line))
    return lines or (text.strip(),)


def _bare(line: str) -> str:
    return _BULLET.sub("", line.strip()).replace("**", "").strip().strip("\"'“”„«»`").strip().rstrip(",;")
