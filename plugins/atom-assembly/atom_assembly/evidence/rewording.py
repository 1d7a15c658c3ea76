"""Lines said in the words of the library's captions, by the decoder, which writes those.

Captions are the decoder's own sentences. Asked for the script of a film of one shot, it says in the same words what
somebody said in others. It is believed where it is as sure as of what it knows well, and where all its words are
words of captions that are there. A line that names no thing ("something that flickers"), or leaves open which, is
given one of the library's, which is taken out again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from attrs import frozen

import atom_core as atom
from atom_assembly.evidence.meaning import alternatives
from atom_assembly.evidence.plain_words import plainly
from atom_assembly.evidence.words import clauses, stem, stems, thing_of, told_apart
from atom_assembly.requests.english import DETERMINER, THING
from atom_assembly.requests.wanted import said_of_one
from atom_assembly.sources import MOST_LOOKED_FOR

SURE = 0.985
"""Least mean token probability of a rewording that is believed."""
_SAME = 0.6
"""As much for one in the same words."""
_RELATIVE = r"(?:that|which|who)(?:\s+(?:is|are|was|were))?\b"
_VERB = re.compile(r"(?:[^s]s|ing|[^e]ed)$|^(?:do|not|is|are|has|have|can|never)$", re.IGNORECASE)
_MOST_TOKENS = 48
_MOST_THINGS = 4


@frozen(kw_only=True)
class Vocabulary:
    """The words of the library's captions."""

    words: frozenset[str]
    """All of them."""
    things: tuple[str, ...]
    """What captions begin with, such as "a red circle", the commonest first."""
    of_things: frozenset[str]
    """The words of those."""

    @classmethod
    def of(cls, captions: Iterable[str]) -> Vocabulary:
        """The vocabulary of `captions`."""
        counted: Counter[str] = Counter()
        words: set[str] = set()
        for caption in captions:
            for clause in clauses(caption):
                words |= stems(clause)
                if thing := thing_of(clause):
                    counted[thing] += 1
        things = tuple(thing for thing, _ in counted.most_common(64))
        return cls(
            words=frozenset(words), things=things, of_things=frozenset(w for thing in counted for w in stems(thing))
        )


@frozen(kw_only=True)
class Said:
    """A clause in the words of captions."""

    thing: str
    """Which thing it speaks of, such as "a red star"; only "a star", or nothing, where the line leaves it open."""
    does: str = ""
    """What that does, such as "moves up"; empty where the line does not say."""
    as_written: bool = False
    """Whether these are the line's own words, which the decoder did not put into those of captions."""

    @property
    def words(self) -> frozenset[str]:
        """Its words, told apart where the decoder did."""
        return stems(self.thing) if self.as_written else told_apart(self.thing, self.does)

    def statements(self, caption: str) -> list[str]:
        """What it says of each thing of `caption` that it may speak of."""
        own = stems(self.thing)
        if self.as_written:
            return []
        if self.does and len(own) > 1:
            return [f"{self.thing} {self.does}"]
        if not self.does:
            return [f"there is {self.thing}"] if len(own) > 1 else []
        things = [thing for clause in clauses(caption) if (thing := thing_of(clause)) and own <= stems(thing)]
        return [f"{thing} {self.does}" for thing in things]


Wording = tuple[Said, ...]
"""A line in the words of captions, clause by clause."""


def wordings(line: str, vocabulary: Vocabulary, decoder: atom.Decoder, prompt: str) -> list[Wording]:
    """`line` in the words of captions, one wording for each of what "or" joins; none where the decoder is not sure."""
    if not vocabulary.things or len(line) > MOST_LOOKED_FOR:
        return []
    found: list[Wording] = []
    sure = False
    for one in map(said_of_one, alternatives(line)):
        parts = [_said(clause, vocabulary, decoder, prompt) for clause in clauses(one)]
        known = [part for part in parts if part is not None]
        sure = sure or (bool(parts) and len(known) == len(parts))
        found.append(tuple(known) if len(known) == len(parts) else _as_written(one))
    return found if sure else []


def _as_written(text: str) -> Wording:
    return tuple(Said(thing=clause, as_written=True) for clause in clauses(text))


def _said(clause: str, vocabulary: Vocabulary, decoder: atom.Decoder, prompt: str) -> Said | None:
    """A clause in the words of captions: what it says its thing does, as the decoder puts it of two things alike."""
    head, predicate = split_clause(clause, vocabulary)
    if not predicate:
        return Said(thing=clause) if stems(clause) <= vocabulary.words else None
    own = head if stems(head) else ""
    if not stems(own) <= vocabulary.words:  # a thing that no caption names is not put into other words
        return None
    things = [thing for thing in vocabulary.things if len(thing.split()) > 2 and not stems(thing) & stems(clause)]
    things = [*([own] if len(stems(own)) > 1 else []), *things][:_MOST_THINGS]
    for said in dict.fromkeys((predicate, plainly(predicate))):
        if _VERB.search(said.split()[0]) and (does := _agreed(said, things, vocabulary, decoder, prompt)):
            return Said(thing=own, does=does)
    return None


def _agreed(
    predicate: str, things: Sequence[str], vocabulary: Vocabulary, decoder: atom.Decoder, prompt: str
) -> str | None:
    """What a thing does in the words of captions, if the decoder says the same of two things; None if it does not."""
    votes: Counter[str] = Counter()
    for thing in things:
        words = vocabulary.words | stems(f"{thing} {predicate}")
        said = _sure(f"Show {thing} {predicate}.", words, decoder, prompt)
        if said is not None and len(clauses(said)) == 1 and stems(thing_of(said)) == stems(thing):
            does = said.removeprefix(thing_of(said)).strip()
            votes[does] += 1
            if votes[does] == min(2, len(things)) or stems(does) == stems(predicate):
                return does
    return None


def _looks_like_verb(word: str) -> bool:
    return re.search(r"[^s]s$", word) is not None or (word.endswith("ing") and stem(word) != word)


def split_clause(clause: str, vocabulary: Vocabulary) -> tuple[str, str]:
    """What a clause says which thing it is, and what that does: "a star", "rising"; either may be empty."""
    words = clause.split()

    def of_thing(word: str) -> bool:
        bare = re.sub(r"[^\w]", "", word)
        return (
            bool(re.fullmatch(rf"{DETERMINER}|{THING}|of", bare, re.IGNORECASE)) or stem(bare) in vocabulary.of_things
        )

    one = re.match(
        r"(?:an?|the|one|some(?:thing|one)|any(?:thing|one)|every(?:thing|one)|each|every)\b", clause, re.IGNORECASE
    )

    def begins_predicate(number: int) -> bool:
        after_relative = number > 0 and words[number - 1].casefold() in ("that", "which", "who")
        after_thing = number > 1 or re.fullmatch(THING, words[0], re.IGNORECASE) is not None
        return after_relative or (one is not None and number > 0 and after_thing and _looks_like_verb(words[number]))

    names_none = re.fullmatch(THING, words[0], re.IGNORECASE) is not None
    attributive = len(words) > 1 and words[0].endswith("ing") and not names_none and _looks_like_verb(words[0])
    if attributive and of_thing(words[1]):
        return " ".join(words[1:]), words[0]
    front = next(
        (number for number, word in enumerate(words) if not of_thing(word) or begins_predicate(number)), len(words)
    )
    if one is not None and front == 1 and not names_none:
        # of a thing that no caption names ("a red circle", where none is red) all before the verb is the thing
        verbs = (number for number in range(2, len(words)) if _looks_like_verb(words[number]))
        verb = next((number for number in verbs if not any(map(of_thing, words[number + 1 : number + 2]))), None)
        if verb is not None:
            return " ".join(words[:verb]), " ".join(words[verb:])
    head, rest = words[:front], " ".join(words[front:])
    if head and not all(
        re.fullmatch(DETERMINER, word, re.IGNORECASE) and not re.fullmatch(THING, word, re.IGNORECASE) for word in head
    ):
        head = head[:-1] if head[-1].casefold() in ("that", "which", "who") else head
        return " ".join(head), re.sub(rf"^(?:{_RELATIVE}|(?:is|are)\b(?=\s+\w+ing))\s*", "", rest)
    back = next((number for number in range(len(words), front, -1) if not of_thing(words[number - 1])), front)
    return " ".join(words[back:]), " ".join(words[front:back])


def _sure(said: str, words: frozenset[str], decoder: atom.Decoder, prompt: str) -> str | None:
    """What the decoder makes of a request for one shot, if it is sure and uses no others than `words`."""
    text = decoder.generate([prompt + said], max_new_tokens=_MOST_TOKENS)
    line = text.strip().rstrip(".")
    sure = text.confidence >= (_SAME if stems(line) == stems(said) else SURE)
    good = text.finish_reason == "stop" and sure and "\n" not in line
    return line if good and stems(line) and stems(line) <= words else None


def speaks(vocabulary: Vocabulary, captions: Iterable[str], decoder: atom.Decoder, prompt: str) -> bool:
    """Whether the decoder says a caption of its own in the same words when asked for a film of it."""
    plain = sorted({one for one in captions if len(clauses(one)) == 1}, key=lambda one: (len(one), one))
    return any(_sure(f"Show {one}.", vocabulary.words, decoder, prompt) == one for one in plain[:2])
