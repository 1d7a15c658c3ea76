"""A request in people's words, read into the lines of a script and the constraints of a film."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

from attrs import evolve, frozen

import atom_core as atom
from atom_assembly.evidence.words import stems
from atom_assembly.requests.english import ADJECTIVES, COUNT, SHOT, count_of
from atom_assembly.requests.forms.talk import without_talk
from atom_assembly.requests.lengths import MARK, take_any_length, take_lengths
from atom_assembly.requests.mentions.cues import in_cue_words
from atom_assembly.requests.mentions.film import read_around
from atom_assembly.requests.order import in_order
from atom_assembly.requests.sloppy import plain_english, whole_words
from atom_assembly.requests.wanted import Line, read_line, without_asking
from atom_assembly.requests.whole import film_constraints, take_whole, take_without, tidy

_TURNS = (
    r"(?:alternat(?:e|es|ed|ing|ely)|switch(?:es|ing)?|cut(?:s|ting)?|go(?:es"
    r"|ing)?|jump(?:s|ing)?|flip(?:s|ping)?|intercut(?:s|ting)?|interleav(?:e"
    r"|es|ing)|mix(?:es|ing)?)"
    r"(?:\s+(?:back\s+and\s+forth|to\s+and\s+fro|shots?\s+of|clips?\s+of))*"
)
_ALTERNATE = (
    re.compile(
        rf"\b{_TURNS}\s+between\s+(?P<items>.+?)(?P<rest>(?:[,;]?\s+(?:{COUNT})\s+times(?:\s+each)?)?\s"
        rf"*[.!]*)$",
        re.IGNORECASE | re.DOTALL,
    ),
    re.compile(
        rf"\b(?:alternat(?:e|es|ing)|intercut(?:s|ting)?|interleav(?:e|es|ing))\s+(?:shots?\s+of\s+"
        rf"|clips?\s+of\s+)?(?P<items>.+?)(?P<rest>(?:[,;]?\s+(?:{COUNT})\s+times(?:\s+each)?)?\s*[.!]*"
        rf")$",
        re.IGNORECASE | re.DOTALL,
    ),
    re.compile(
        rf"^(?P<items>.+?),?\s+(?:(?:which|that|should|shown|to|must)\s+)*(?:alternately"
        rf"|in\s+turns?|by\s+turns|taking\s+turns|take\s+turns|alternating|alternate"
        rf"|in\s+alternation|one\s+after\s+the\s+other\s+in\s+turn)\b(?P<rest>(?:[,;]?\s+(?:{COUNT})\s+"
        rf"times(?:\s+each)?)?\s*[.!]*)$",
        re.IGNORECASE | re.DOTALL,
    ),
)


@frozen(kw_only=True)
class Reading:
    """What was read in a request."""

    lines: tuple[str, ...]
    """What is to be seen, in order; empty texts stand for anything at all."""
    constraints: atom.Constraints
    """What else is asked."""
    ordered: bool
    """Whether the request says an order of several things."""
    chosen: bool = False
    """Whether it says which shots of a thing, or how many, it wants, or that things take turns."""
    absent_source: str = ""
    """A video that it names and the library has not."""
    passed_over: tuple[str, ...] = ()
    """Words that were taken for talk."""
    unclear: tuple[str, ...] = ()
    """What sounds like a number, a length or a "not", and was not understood."""


def read_request(text: str, *, names: Collection[str] = (), together: Callable[[str], bool] | None = None) -> Reading:
    """What `text` asks for.

    :param names: of the videos that there are
    :param together: whether there is a shot of what a phrase with "and" says as a whole
    """
    text = plain_english(without_talk(text))
    lengths, rest = take_lengths(text)
    whole, rest = take_whole(rest, names)
    rest = tidy(rest)
    rounds, rest = _take_turns(rest)
    without, rest = _stand_alone(rest)
    ordered = in_order(without_asking(rest), together)
    lines = _repeated([read_line(item) for item in _referred(ordered.texts)])
    without += [one for line in lines if not line.text for one in line.wanted.without] if len(lines) > 1 else []
    lines = _with_shared_counts([line for line in lines if line.text] or lines[:1])
    plain = atom.Wanted()
    chosen = rounds is not None or any(evolve(one.wanted, length_s=None, without=()) != plain for one in lines)
    lines = _with_plurals(lines)
    order = whole.sorting.order
    if whole.sorting.backwards and len(lines) > 1:
        lines, order = lines[::-1], ""
    if not lines:
        lines = [Line(text="", wanted=atom.Wanted(num_shots=None))]
    constraints = film_constraints(
        evolve(whole, sorting=evolve(whole.sorting, order=order)),
        lengths,
        wanted=tuple(
            line.wanted
            if line.text or line.counted
            else evolve(line.wanted, num_shots=line.wanted.num_shots if line.wanted.pick else None)
            for line in lines
        ),
        without=tuple(without),
        rounds=rounds,
    )
    if rounds is None and whole.num_shots is not None and len(lines) == 1:
        constraints = evolve(constraints, num_shots=None, wanted=(evolve(lines[0].wanted, num_shots=whole.num_shots),))
    return Reading(
        lines=tuple(line.text for line in lines),
        constraints=constraints,
        ordered=ordered.listed and len(lines) > 1,
        chosen=chosen or whole.num_shots is not None,
        absent_source=whole.absent_source,
    )


def read_by_mentions(text: str, known: Collection[str], *, names: Collection[str] = ()) -> Reading | None:
    """What `text` asks for by what it mentions and the words around that, whatever its grammar; None where it mentions
    nothing that captions say, or is longer than people write.

    :param known: the words of the library's captions, small
    :param names: of the videos that there are
    """
    if len(text) > _LONGEST:
        return None
    lengths, rest = take_any_length(in_cue_words(whole_words(without_talk(text))))
    whole, rest = take_whole(rest, names)
    film = read_around(rest, known)
    if whole.absent_source or film is None:
        return None
    items = film.items
    wanted = tuple(item.wanted for item in items)
    without = film.refused
    if len(items) == 1 and without:
        wanted, without = (evolve(wanted[0], without=without),), ()
    constraints = film_constraints(whole, lengths, wanted=wanted, without=without, rounds=film.rounds)
    if len(items) == 1 and whole.num_shots is not None:
        constraints = evolve(constraints, num_shots=None, wanted=(evolve(wanted[0], num_shots=whole.num_shots),))
    return Reading(
        lines=tuple(item.text for item in items),
        constraints=constraints,
        ordered=len(items) > 1,
        chosen=True,
        passed_over=film.passed_over,
        unclear=film.unclear,
    )


_LONGEST = 8_000
"""Characters of a request whose things are each compared with all others: some two hundred shots."""
_SAME = re.compile(
    rf"(?:again\s+)?(?:(?P<again>repeat\s+)?(?:the\s+)?(?P<first>first|opening)(?:\s+(?:one|thing|{SHOT}))?(?:\s+(?P<more>again"
    r"|once\s+more))?"
    rf"|(?:the\s+)?(?:very\s+)?same(?:\s+(?:one|thing|{SHOT}))?(?:\s+as\s+(?:before"
    r"|(?:at\s+)?(?:the\s+)?(?P<start>start|beginning|first)))?"
    r"(?:\s+(?:again|once\s+more))?)\W*",
    re.IGNORECASE,
)


def _referred(texts: Sequence[str]) -> list[str]:
    """Each thing by its own name: what "the same again" and "the first one again" stand for."""
    named: list[str] = []
    for text in texts:
        match = _SAME.fullmatch(text.strip()) if named else None
        if match and not (match["first"] and not (match["more"] or match["again"])):
            text = f"{named[0] if match['first'] or match['start'] else named[-1]} again"
        named.append(text)
    return named


def _repeated(lines: list[Line]) -> list[Line]:
    """A thing that is listed again may be the shot that was shown already, where there is no other one."""
    said: set[frozenset[str]] = set()
    made = []
    for line in lines:
        twice = bool(line.text) and stems(line.text) in said and line.wanted == atom.Wanted()
        made.append(evolve(line, wanted=evolve(line.wanted, again=True)) if twice else line)
        said.add(stems(line.text))
    return made


def _take_turns(text: str) -> tuple[int | None, str]:
    for pattern in _ALTERNATE:
        if match := pattern.search(text):
            items = re.sub(
                r"\s+(?:and\s+then|then|and|with|,)\s+", " and ", match["items"].strip(" .,"), flags=re.IGNORECASE
            )
            times = re.search(rf"({COUNT})\s+times", match["rest"], re.IGNORECASE)
            return count_of(times[1]) if times else 0, items
    return None, text


def _stand_alone(text: str) -> tuple[list[str], str]:
    """What sentences of their own say must not be seen: "No stars."; and what is left."""
    found: list[str] = []
    kept: list[str] = []
    for sentence in re.split(r"(?<=\w[.!;])\s+|\n", text):
        without, rest = take_without(sentence)
        if without and not re.search(r"\w", tidy(rest).replace(MARK, "")):
            found += without
        else:
            kept.append(sentence)
    return found, "\n".join(kept) if "\n" in text else " ".join(kept)


def _with_shared_counts(lines: list[Line]) -> list[Line]:
    """ "All stars and moons": what the first of a list says of all, where the others say nothing of their own."""
    first = lines[0] if lines else None
    if first is None or first.wanted.num_shots is not None:
        return lines
    plain = atom.Wanted()
    return [
        evolve(line, wanted=evolve(line.wanted, num_shots=None, purely=first.wanted.purely))
        if line.plural and evolve(line.wanted, without=(), length_s=None) == plain
        else line
        for line in lines
    ]


def _with_plurals(lines: list[Line]) -> list[Line]:
    """Where all lines name several things, "hearts, then stars", each is all that there are; so are bare adjectives
    among them, "the red ones, then blue".
    """
    if any(line.plural for line in lines):
        lines = [
            evolve(line, text=f"{line.text} things", plural=True)
            if line.text.casefold().removeprefix("the ") in ADJECTIVES and line.wanted == atom.Wanted()
            else line
            for line in lines
        ]
    if all(line.plural or line.wanted.num_shots is None for line in lines):
        return [evolve(line, wanted=evolve(line.wanted, num_shots=None)) if line.plural else line for line in lines]
    return lines
