"""Numbers in English words: how many, and which in a row."""

from __future__ import annotations

_CARDINALS = """
zero one two three four five six seven eight nine ten
eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty
"""
_ORDINALS = """
first second third fourth fifth sixth seventh eighth ninth tenth
eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth
"""

CARDINALS = tuple(_CARDINALS.split())
"""Words for 0 to 20, each at its number."""
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
"""Words for 20 to 90."""
ORDINALS = tuple(_ORDINALS.split())
"""Words for the 1st to the 20th, in order."""
NUMBERS = {word: number for number, word in enumerate(CARDINALS)} | {
    word: 10 * number for number, word in enumerate(TENS, 2)
}
"""What single words of numbers stand for."""
