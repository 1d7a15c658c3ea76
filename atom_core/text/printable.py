"""Text that others have written, such as names of files and captions, shown as text wherever it is shown.

Nothing in it commands a terminal, begins a line or a cue of its own, or turns the direction of what follows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

_LINES = "\n\r\v\f\x1c-\x1e\x85\u2028\u2029"
_HIDDEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff"
)
"""Controls, line breaks, marks of direction, what is not seen, and bytes that are not UTF-8. Joiners are letters'."""
_IN_LINE = re.compile(f"[{_HIDDEN}\n]")
_IN_LINES = re.compile(f"[{_HIDDEN}]")
BREAK = re.compile(f"[{_LINES}]")
"""What begins a new line somewhere."""


def printable(text: str, *, lines: bool = False) -> str:
    r"""`text` on one line, with what would not be seen as text spelt out, such as ``\x1b`` and ``\u202e``.

    :param lines: whether its line breaks, as ``\n``, are meant
    """
    return (_IN_LINES if lines else _IN_LINE).sub(_spelt, text)


def printable_json(value: object, *, indent: int | None = 2, default: Callable[[object], object] | None = None) -> str:
    r"""`value` as JSON in which letters are seen as they are and all else is spelt out: a reader gets the same value.

    Of what JSON leaves as it is that is C1 controls, marks of direction and bytes that are not UTF-8, as ``\u009b``.
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=default)
    return _IN_LINES.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _spelt(match: re.Match[str]) -> str:
    code = ord(match[0])
    short = {"\n": "\\n", "\r": "\\r"}.get(match[0])
    return short or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")
