"""Numbers in phrases: ``nineteen dollars``, ``19 dollars`` and ``$19`` are said alike, and found alike."""

from __future__ import annotations

import re

from atom_core.text.numbers import CARDINALS, NUMBERS, TENS

_UNITS = {"$": "dollars", "\u20ac": "euros", "\u00a3": "pounds", "%": "percent"}
_ONES = "|".join(CARDINALS[1:10])
_WORDS = re.compile(rf"\b(?:({'|'.join(TENS)})[\s-]+({_ONES})|({'|'.join(NUMBERS)}))\b", re.IGNORECASE)
"""Numbers below a hundred in words."""
_DIGITS = re.compile(r"(?<![\w.,])(\d{1,2})\b(?![\w.,]*\d)")
_GROUPED = re.compile(r"(?<=\d),(?=\d{3}\b)")
_BEFORE = re.compile(r"([$\u20ac\u00a3])\s?(\d[\d.]*)")
_AFTER = re.compile(r"(\d)\s?([$\u20ac\u00a3%])")
_UNIT = re.compile(rf"(?<=\d)\s+(?:{'|'.join(unit.rstrip('s') for unit in _UNITS.values())})s?\b", re.IGNORECASE)


def in_digits(text: str) -> str:
    """A text with its numbers below a hundred in digits, and what is counted in words: ``19 dollars``."""
    text = _WORDS.sub(_number, _GROUPED.sub("", text))
    text = _BEFORE.sub(lambda found: f"{found[2]} {_UNITS[found[1]]}", text)
    return _AFTER.sub(lambda found: f"{found[1]} {_UNITS[found[2]]}", text)


def forms_of(phrase: str) -> tuple[str, ...]:
    """A phrase as it may be written: as it is, with numbers in digits, with signs for what is counted, in words."""
    digits = in_digits(phrase)
    return tuple(dict.fromkeys((phrase, digits, _UNIT.sub("", digits), in_words(phrase))))


def in_words(text: str) -> str:
    """A text with its numbers below a hundred in words: ``nineteen dollars``."""
    return _DIGITS.sub(_words, in_digits(text))


def _number(found: re.Match[str]) -> str:
    tens, one, alone = found.groups()
    return str(NUMBERS[alone.lower()] if alone else NUMBERS[tens.lower()] + NUMBERS[one.lower()])


def _words(found: re.Match[str]) -> str:
    number = int(found[1])
    if number < len(CARDINALS):
        return CARDINALS[number]
    tens, one = divmod(number, 10)
    return TENS[tens - 2] + (f" {CARDINALS[one]}" if one else "")
