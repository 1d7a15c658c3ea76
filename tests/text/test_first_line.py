"""What an error says, on one line."""

from __future__ import annotations

import pytest

from atom_core.text.first_line import first_line


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("no such key"), "no such key"),
        (ValueError("\n  no such key\nat line 3\n"), "no such key"),
        (ValueError("it cannot be read:\n  no such key\n  at all"), "it cannot be read: no such key"),
        (ValueError("it cannot be read:"), "it cannot be read:"),
        (ValueError('Traceback (most recent call last):\n  File "a.py", line 1\nKeyError: 3\n'), "KeyError: 3"),
        (ZeroDivisionError(), "ZeroDivisionError"),
        (RuntimeError(" \n "), "RuntimeError"),
    ],
)
def test_first_line(error: Exception, line: str) -> None:
    """Its first line, where that ends in a colon the next, too, of a trace the last; its type if there is none."""
    assert first_line(error) == line
