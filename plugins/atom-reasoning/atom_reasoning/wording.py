"""What the reply of one clip amounts to. English, by patterns; nothing here asks a model."""

from __future__ import annotations

import re

from atom_core.text.numbers import CARDINALS
from atom_reasoning.english.normal import plain

NOT_SHOWN = "not shown"
YES_OR_NO = ("no", "yes")

_REFUSALS = re.compile(
    r"(it |this |that |the |it is |it's |that is |that's |this is )?"
    r"(not (shown|visible|mentioned|specified|clear|possible|applicable|enough information)"
    r"|un(answerable|known|clear|certain)|n/?a\b|cannot|can't|can not)"
    r"|(i|we) (do not|don't|cannot|can't|am not|are not)\b|i'm not\b|we're not\b"
    r"|(the|this) (clip|video|image|scene|shot) (does not|doesn't) (show|contain|mention|depict)"
)
_ABSENCES = frozenset({"no", "none", "nothing", "nobody", "no one", "nowhere", "0", "zero", "never"})
_NUMBERS = dict(zip(CARDINALS[1:10], "123456789", strict=True))
_COUNT = re.compile(r"how (many|often)\b")
_AMOUNT = re.compile(
    rf"\d|\b({'|'.join(_NUMBERS)}|ten|eleven|twelve|dozen|zero|no|none|nothing|nobody|never|once|twice|many|several|few)\b"
)
_CHOICE = re.compile(r"[,:] (?:is it )?([^,:]+?),? or ([^,:]+)$")
_ARTICLES = ("a", "an", "the")
_YES_OR_NO = re.compile(r"(is|are|was|were|does|do|did|has|have|had|can|could|will|would)\b")
_EXISTENCE = re.compile(
    r"(is|are|was|were) there\b|(do|can|could) (you|we|i) (see|find|spot)\b"
    r"|(does|do|did) (the|this) (clip|video|scene|shot|image|film|footage) (show|contain|have|include)\b"
    r"|(has|have|does|do|did) .*\b(anyone|anything|any)\b"
    r"|(is|are|was|were|does|do|did) .*\b(visible|shown|present|appears?)$"
)
_MORE = re.compile(r"\b(or|what|which|how|where|who|whose|why|when|whether|if)\b")
"""Asks for more than whether, or offers something."""


def is_refusal(reply: str) -> bool:
    """Whether `reply` says that the clip does not answer the question."""
    text = plain(reply)
    return not text or _REFUSALS.match(text) is not None


def is_beside(question: str, reply: str) -> bool:
    """Whether a number is asked for and `reply` has none."""
    return _COUNT.match(plain(question)) is not None and _AMOUNT.search(plain(reply)) is None


def is_offered(question: str, reply: str) -> bool:
    """Whether `reply` is one of the things that a question such as "Which is first, the dog or the cat?" offers."""
    return " or " in plain(question) and names(question, reply)


def choice(question: str) -> tuple[str, ...]:
    """The two things that a question such as "Which is first, the dog or the cat?" offers; none if it does not."""
    found = _CHOICE.search(plain(question))
    return found.groups() if found else ()


def names(text: str, thing: str) -> bool:
    """Whether `text` has the words of `thing` one after the other, whatever the articles."""
    return f" {_words(thing)} " in f" {_words(text)} "


def _words(text: str) -> str:
    """The words of `text`, without articles and punctuation."""
    return " ".join(word for word in re.findall(r"[\w'-]+", plain(text)) if word not in _ARTICLES)


def is_absence(question: str, reply: str) -> bool:
    """Whether `reply` says that what is asked for is not there: true of one clip, but not thereby of the video."""
    key = key_of(question, reply)
    if key == "no":
        text = plain(question)
        return not _YES_OR_NO.match(text) or _EXISTENCE.match(text) is not None
    return key in _ABSENCES or plain(reply).startswith(("there is no ", "there are no "))


def is_presence(question: str) -> bool:
    """Whether `question` asks only whether something is there, so that yes and no are all the answers there are."""
    text = plain(question)
    return _EXISTENCE.match(text) is not None and _MORE.search(text) is None


def key_of(question: str, reply: str) -> str:
    """Replies with equal keys are one answer: articles, case, number words and what follows a yes or no are ignored."""
    text = plain(reply)
    if _YES_OR_NO.match(plain(question)) and (found := re.match(r"(yes|no)\b", text)):
        return found[1]
    words = [_NUMBERS.get(word, word) for word in text.split() if word not in _ARTICLES]
    return " ".join(words) or text
