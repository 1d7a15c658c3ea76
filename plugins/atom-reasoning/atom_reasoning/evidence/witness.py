"""What each clip of some footage says: its caption, whether it shows something, and its reply to a question."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any

from attrs import frozen

import atom_core as atom
from atom_reasoning.english.clauses import Clause, best_fit, clauses, contradicts, fit, wanted
from atom_reasoning.english.words import ARTICLES, KINDS_OF_WORDS, base, is_generic, meaning
from atom_reasoning.evidence.footage import Footage
from atom_reasoning.evidence.kept import Kept
from atom_reasoning.evidence.likelihood import NO, YES, Parts, probability, scores_of
from atom_reasoning.evidence.notes import read_captions, searched
from atom_reasoning.evidence.strange import control, strange_words, words_of
from atom_reasoning.reading.record import Condition
from atom_reasoning.wording import is_refusal

SAID, PARTLY, NOT_SAID, DENIED = 4.0, -2.0, -3.0, -4.0
"""Log-odds that a clip shows what its caption says in so many words, says in part, does not mention, and where it says
what cannot be at the same time."""
MOST_HELD = 24
"""Clips whose features are held while a question is answered."""
TRUST, MOST_ODDS = 0.75, 5.0
"""How much the decoder's log-odds of yes against no count beside the caption, and up to which size."""


@frozen(kw_only=True)
class Sighting:
    """Whether one clip shows something."""

    place: int
    """The clip's place in the footage."""
    p: float
    """The probability that it does."""
    number: int = 0
    """How many things fit, by the caption; at least 1 where the clip shows it."""
    clauses: tuple[Clause, ...] = ()
    """The clauses of the caption that fit."""
    first: int = 0
    """Of a clip in which one thing comes after another, which of them it is, from 0."""
    looked: bool = False
    """Whether the clip was looked at anew, or only its caption was read."""

    @property
    def holds(self) -> bool:
        """Whether it more likely does than not."""
        return self.p >= 0.5


@frozen(kw_only=True)
class Reply:
    """What one clip says to a question."""

    place: int
    """The clip's place in the footage."""
    text: str
    """Its words."""
    confidence: float
    """Geometric mean token probability, 0 to 1."""
    truncated: bool = False
    """Whether the decoder was stopped before its end."""


class Witness:
    """Asks clips, and remembers what they said; of many clips only the likeliest `looks` are looked at anew."""

    def __init__(
        self,
        host: atom.Host,
        encoder: atom.Encoder,
        decoder: atom.Decoder,
        footage: Footage,
        *,
        looks: int,
        tokens: int,
    ) -> None:
        """
        :param looks: how many clips are looked at anew at most
        :param tokens: the longest reply, tokens
        """
        self._host, self._encoder, self._decoder = host, encoder, decoder
        self.footage = footage
        self._looks, self._tokens = looks, tokens
        self._kept = [Kept(host, video, decoder) for video in footage.videos]
        self._video_of = {place: shot.video for shot in footage.shots for place in shot.places}
        self._captions: list[tuple[str, float]] | None = None
        self.looked: set[int] = set()
        """The places of the clips that were looked at anew."""
        self._seen: dict[int, atom.Features] = {}
        self.provenance: atom.Provenance | None = None
        """Of the last clip looked at."""

    def close(self) -> None:
        """Keep what is new for the next question."""
        for kept in self._kept:
            kept.close()

    @property
    def captions(self) -> list[tuple[str, float]]:
        """Each clip's caption and how sure it is; made once, kept."""
        if self._captions is None:
            self._captions = read_captions(self._host, self.footage, self._kept, few=self._looks)
        return self._captions

    @property
    def told(self) -> list[str]:
        """The captions that were made so far: all, or none where none was needed."""
        return [text for text, _ in self._captions or ()]

    def begin(self) -> None:
        """Before each question: its clips are counted anew."""
        self.looked.clear()

    def askable(self, places: Sequence[int]) -> list[int]:
        """Which of some clips may be asked more: those looked at already, and others while there is room for them."""
        room = self._looks - len(self.looked)
        found = []
        for place in places:
            if place in self.looked or room > 0:
                room -= place not in self.looked
                found.append(place)
        return found[: self._looks]

    def clauses(self, place: int) -> tuple[Clause, ...]:
        """What the caption of a clip says."""
        return clauses(self.captions[place][0])

    def kept_of(self, place: int) -> Kept:
        """What is kept of a clip's video."""
        return self._kept[self._video_of[place]]

    def sight(self, condition: Condition, places: Sequence[int]) -> list[Sighting]:
        """Whether each of some clips shows something, in their order."""
        want = self._wanted(condition)
        fits = {place: best_fit(self.captions[place][0], want) for place in places}
        chosen = self.choose(condition, fits)
        odds = self._unbiased(condition, self._odds(condition, chosen))
        return [self._sighting(condition, place, fits[place], odds.get(place)) for place in places]

    def _unbiased(self, condition: Condition, odds: dict[int, float]) -> dict[int, float]:
        """Log-odds of what no caption knows a word of: only as far as the decoder says yes to it rather than to a word
        that does not exist."""
        affirmed = [place for place, value in odds.items() if value > 0]
        if not affirmed or not strange_words(condition, words_of(self.told)):
            return odds
        to_nothing = self._odds(control(condition), affirmed)
        return odds | {place: odds[place] - max(value, 0.0) for place, value in to_nothing.items()}

    def _wanted(self, condition: Condition) -> Any:
        return wanted(condition.subject, condition.predicate)

    def _sighting(self, condition: Condition, place: int, found: float, odds: float | None) -> Sighting:
        want = self._wanted(condition)
        if condition.is_anything:
            own = tuple(clause for clause in self.clauses(place) if clause.text)
            return Sighting(place=place, p=0.98 if own else 0.05, number=sum(c.number for c in own), clauses=own)
        fitting = tuple(clause for clause in self.clauses(place) if fit(clause, want) == 1.0)
        said = SAID if found == 1.0 else NOT_SAID + (PARTLY - NOT_SAID) * min(found / 0.9, 1.0)
        if found < 1.0 and any(contradicts(clause, want) for clause in self.clauses(place)):
            said = DENIED
        if odds is not None:
            said += TRUST * min(max(odds, -MOST_ODDS), MOST_ODDS)
        p = probability(said)
        number = sum(clause.number for clause in fitting) if p >= 0.5 else 0
        own = self.clauses(place)
        first = sum(clause.follows for clause in own[: own.index(fitting[0]) + 1]) if fitting else 0
        number = max(number, int(p >= 0.5))
        return Sighting(place=place, p=p, number=number, clauses=fitting, first=first, looked=odds is not None)

    def choose(self, condition: Condition, fits: dict[int, float]) -> list[int]:
        """The clips to look at anew: all of a few; else some that the caption speaks of, and those that are nearest."""
        if condition.is_anything:
            return []
        room = self._looks - len(self.looked)
        fresh = [place for place in fits if place not in self.looked]
        if len(fresh) <= room:
            return list(fits)
        said = sorted((place for place in fresh if fits[place] == 1.0), key=lambda place: self.captions[place][1])
        near = sorted(
            (place for place in fresh if fits[place] < 1.0), key=lambda place: (-fits[place], self.captions[place][1])
        )
        found = self._found(condition, set(fresh)) if room else []
        near = list(dict.fromkeys([*(place for place in found if fits[place] < 1.0), *near])) if found else near
        first = said[: max(room - min(len(near), room // 2), 0)]
        return [*(place for place in fits if place in self.looked), *first, *near[: max(room - len(first), 0)]]

    def _found(self, condition: Condition, places: set[int]) -> list[int]:
        """What the search of the library finds, where there is one and the videos are in it."""
        return [place for place in searched(self._host, self.footage, condition.text, self._looks) if place in places]

    def _odds(self, condition: Condition, places: Sequence[int]) -> dict[int, float]:
        """The log-odds of yes against no of each of some clips; of several questions the least, of several things
        that a clip shows the greatest."""
        there = f"Is there {with_article(singular(condition.subject))}?" if condition.subject else ""
        asked: dict[int, list[list[str]]] = {}
        for place in places:
            if not condition.predicate:
                asked[place] = [[there]]
                continue
            subjects = [singular(condition.subject)] if condition.subject else self._subjects(place, condition)
            asked[place] = [[*([there] if there else []), statement(subject, condition)] for subject in subjects]
        answers = self.ask_yes_no(
            {place: list(dict.fromkeys(q for way in ways for q in way)) for place, ways in asked.items()}
        )
        return {
            place: max(min(answers[place, q] for q in way) for way in ways) for place, ways in asked.items() if ways
        }

    def _subjects(self, place: int, condition: Condition) -> list[str]:
        """Which things of a clip may do what is asked for: those of which the caption says so, else all it names."""
        own = self.clauses(place)
        fitting = [clause for clause in own if fit(clause, self._wanted(condition)) == 1.0]
        names = [name_of(clause) for clause in fitting or own if clause.predicate]
        return list(dict.fromkeys(name for name in names if name and len(name.split()) <= 5))[:3] or ["something"]

    def ask_yes_no(self, asked: dict[int, list[str]]) -> dict[tuple[int, str], float]:
        """The log-odds of yes against no, by clip and question."""
        answers: dict[tuple[int, str], float] = {}
        open_pairs: list[tuple[int, str]] = []
        for place, questions in asked.items():
            self.looked.add(place)
            for question in questions:
                kept = self.kept_of(place).reply(self.footage.clips[place], f"{YES}/{NO} {question}")
                if isinstance(kept, float):
                    answers[place, question] = kept
                else:
                    open_pairs.append((place, question))
        if open_pairs:
            features = self._features({place for place, _ in open_pairs})
            pairs: list[tuple[Parts, str]] = [
                ([features[place], self.worded(question)], answer)
                for place, question in open_pairs
                for answer in (NO, YES)
            ]
            scores = scores_of(self._decoder, pairs)
            for at, (place, question) in enumerate(open_pairs):
                odds = round(scores[2 * at + 1] - scores[2 * at], 3)
                answers[place, question] = odds
                self.kept_of(place).put_reply(self.footage.clips[place], f"{YES}/{NO} {question}", odds)
        return answers

    def replies(self, question: str, places: Sequence[int], *, choices: Sequence[str] | None = None) -> list[Reply]:
        """The replies of the clips that do not refuse, in their order."""
        name = f"{'/'.join(choices)} {question}" if choices else question
        found: dict[int, Reply] = {}
        for place in places:
            self.looked.add(place)
            kept = self.kept_of(place).reply(self.footage.clips[place], name)
            if isinstance(kept, list) and len(kept) == 3:
                found[place] = Reply(place=place, text=str(kept[0]), confidence=float(kept[1]), truncated=bool(kept[2]))
        fresh = [place for place in places if place not in found]
        if fresh:
            features = self._features(set(fresh))
            prompts: list[Parts] = [[features[place], self.worded(question)] for place in fresh]
            texts = self._decoder.generate_many(prompts, max_new_tokens=self._tokens, choices=choices)
            for place, text in zip(fresh, texts, strict=True):
                found[place] = Reply(
                    place=place, text=text.whole.strip(), confidence=text.confidence, truncated=text.cut
                )
                self.kept_of(place).put_reply(
                    self.footage.clips[place], name, [found[place].text, text.confidence, text.cut]
                )
            self.note(features[fresh[0]], question)
        return [found[place] for place in places if not is_refusal(found[place].text)]

    def note(self, features: atom.Features, question: str) -> None:
        """Remember what the answer comes from."""
        self.provenance = atom.Provenance.of(self._decoder, self.worded(question), features)

    def worded(self, question: str) -> str:
        """A question in the words that the model is trained with."""
        return str(getattr(self._decoder, "wordings", {}).get("answer", "{question}")).replace("{question}", question)

    def _features(self, places: Iterable[int]) -> dict[int, atom.Features]:
        """The features of clips; those that this question had before are asked for once."""
        ordered = sorted(places)
        missing = [place for place in ordered if place not in self._seen]
        found = self._encoder.encode_batch([self.footage.clips[place] for place in missing]) if missing else []
        got = {place: self._seen[place] for place in ordered if place in self._seen} | dict(
            zip(missing, found, strict=True)
        )
        self._seen |= dict(itertools.islice(got.items(), max(MOST_HELD - len(self._seen), 0)))
        return got


def name_of(clause: Clause) -> str:
    """The thing that a clause speaks of, without its article; without a verb, all of it."""
    words = (clause.subject or clause.text).split()
    while words and words[0] in ARTICLES:
        words.pop(0)
    return " ".join(words)


def word_of_kind(clause: Clause, kind: str) -> str:
    """The word of a kind, such as a colour, that a clause has for its thing; empty where it has none."""
    known = {base(word): word for word in KINDS_OF_WORDS[kind].split()}
    stems = [word for word in meaning(clause.subject or clause.text)]
    return next((known[word] for word in (reversed(stems) if kind == "shape" else stems) if word in known), "")


def with_article(noun: str) -> str:
    """A noun phrase with an article where it can have one: "a star", "an apple", but "stars", "two dogs"."""
    first = noun.split()[0] if noun else ""
    last = noun.split()[-1] if noun else ""
    if not first or first[0].isdigit() or first in ("two", "three", "four", "five", "something", "people"):
        return noun
    if last.endswith("s") and not last.endswith("ss") and base(last) != last and last not in ("gas", "bus"):
        return f"any {noun}"
    return f"{'an' if first[0] in 'aeiou' else 'a'} {noun}"


def singular(noun: str) -> str:
    """A noun phrase with its last word in the singular."""
    words = noun.split()
    if not words:
        return noun
    last = words[-1]
    if last.endswith("ies") and len(last) > 4:
        last = last[:-3] + "y"
    elif last.endswith(("shes", "ches", "xes", "sses")):
        last = last[:-2]
    elif last.endswith("s") and not last.endswith(("ss", "us", "is")):
        last = last[:-1]
    return " ".join([*words[:-1], last])


def statement(subject: str, condition: Condition) -> str:
    """ "Does the star blink?" or "Is the star red?"."""
    subject = subject.strip() or "something"
    the = subject if is_generic(subject.split()[0]) or subject == "something" else f"the {subject}"
    first, _, rest = condition.predicate.partition(" ")
    if condition.copula and not (first.endswith("ing") and len(first) > 4):
        return f"Is {the} {condition.predicate}?"
    if first.endswith("ing") and len(first) > 5 and base(first) in _stems():
        return f"Does {the} {_bare(first)}{' ' + rest if rest else ''}?"
    if first == "not":
        return (
            f"Does {the} stay still?"
            if base(rest.split()[0] if rest else "") == base("move")
            else f"Does {the} {condition.predicate}?"
        )
    return f"Does {the} {condition.predicate}?"


def _stems() -> frozenset[str]:
    from atom_reasoning.english.clauses import VERBS

    return VERBS


def _bare(gerund: str) -> str:
    """ "moving" as "move", "blinking" as "blink", "spinning" as "spin"."""
    stem = gerund.removesuffix("ing")
    if len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] not in "ls":
        return stem[:-1]
    if (
        base(f"{stem}e") == base(gerund)
        and (stem[-1] in "vzcgu" or stem.endswith(("rcl", "is", "os", "id", "ik", "id", "as", "ang", "in")))
        and stem not in ("blink", "sing", "swing", "grow", "hang", "spin")
    ):
        return f"{stem}e"
    return stem


def joint(confidence: float, words: int) -> float:
    """The probability of a whole text of which each token has this one, in the mean."""
    return math.exp(math.log(max(confidence, 1e-6)) * (words + 1))
