"""What a pattern read held against what the wording is like: which of the two is believed, and how far."""

from __future__ import annotations

import re

from attrs import evolve

from atom_reasoning.reading.conditions import named
from atom_reasoning.reading.record import Condition, Kind, Reading
from atom_reasoning.reading.wordings.agree import kind_of, leftovers
from atom_reasoning.reading.wordings.frames import framed
from atom_reasoning.reading.wordings.likeness import likeness

FITTED, DIRTY, LOOSE = 20.0, 0.3, 0.2
"""How much likelier the kind that a pattern read is than its wording says: where the pattern fitted; where it took words of
asking for what is asked about; where only single words were read."""
LEAST = 0.04
"""The least likelihood of a kind that a pattern read."""
UNFIT = 0.05
"""How much of its likelihood a kind keeps that lacks what it has to name."""
ENOUGH = 0.4
"""The least share of a kind that is read against what the patterns read."""
AS_IT_IS = 0.5
"""The least trust in a question that no kind fits: it is put to the clips as it is."""
_ASKS_WHETHER = re.compile(r"(?:is|are|was|were|does|do|did|has|have|had|can|could|will|would|any)\b")
_ASKS_MORE = re.compile(r"\b(?:what|which|who|whose|when|where|how|why|or)\b")

_REQUEST = re.compile(
    r"(?:can|could|may|might|will|would|shall) (?:i|you|we|one|someone|somebody|anyone) (?:please |kindly |maybe |possibly |just )?"
    r"(?!ever|also|even|see|find|spot|notice|watch|observe|detect|make out|come across)"
)
"""How a wish begins that has the form of a question for yes or no."""

_ASKS_FOR = (
    (re.compile(r"how (?:many|often|much)\b"), (Kind.COUNT, Kind.HOW_LONG, Kind.WHEN)),
    (re.compile(r"(?:for )?how long\b"), (Kind.HOW_LONG, Kind.WHEN)),
    (re.compile(r"when (?:is|are|was|were|do|does|did|can)\b"), (Kind.WHEN,)),
)
"""How a question begins whose answer is of some kinds only."""

_COMING = re.compile(
    r"\b(?:what|who|things?|objects?|shapes?|anything|something|everything) (?:(?:that|which) )?(?:is|are) appearing\b"
)


def weighed(found: Reading, text: str) -> Reading:
    """The likelier of what a pattern read and what the wording is like.

    :param text: the question in plain form
    """
    best = _likeliest(found, text)
    if best.conditions == (Condition(),) and _COMING.search(text):
        return evolve(best, conditions=(Condition(predicate="appear"),))  # of all that is there, what comes
    return evolve(best, conditions=tuple(map(named, best.conditions)))


def _likeliest(found: Reading, text: str) -> Reading:
    own, is_fit = kind_of(found), found.sure and not leftovers(found)
    if not own and is_fit:
        return found
    if len(text.split()) < 2:
        return found if is_fit else evolve(found, trust=AS_IT_IS)
    shares = likeness().of(text)
    none = max(1.0 - sum(shares.values()), 0.0)
    made = {kind: framed(kind, text, found.text) for kind, share in shares.items() if share > 0.03}
    for kind, reading in made.items():
        if reading is None or leftovers(reading):
            shares[kind] *= UNFIT
        elif not may_be(reading, text):
            shares[kind] = 0.0
    weight = FITTED if is_fit else DIRTY if found.sure else LOOSE
    shares[own] = max(shares.get(own, 0.0), LEAST) * weight
    best = max(shares, key=lambda kind: shares[kind])
    trust = shares[best] / (sum(shares.values()) + none)
    if best == own and is_fit:
        return evolve(found, trust=trust)
    reading = made.get(best)
    if reading is not None and not leftovers(reading) and trust >= ENOUGH:
        return evolve(reading, trust=trust)
    share = shares[own] / (sum(shares.values()) + none)
    return evolve(found, trust=AS_IT_IS if found.kind is Kind.WHAT and not found.sure else min(share, AS_IT_IS))


def may_be(reading: Reading, text: str) -> bool:
    """Whether the first words of a question can ask for this kind of answer."""
    if _REQUEST.match(text):
        return True
    for begins, kinds in _ASKS_FOR:
        if begins.match(text):
            return reading.kind in kinds
    if _ASKS_WHETHER.match(text) and not _ASKS_MORE.search(text):
        return reading.kind is Kind.YES_NO
    return True
