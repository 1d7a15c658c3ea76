"""What an error of somebody else's code says, on one line."""

from __future__ import annotations


def first_line(error: BaseException) -> str:
    """The first line of what `error` says, with the next where it ends in a colon; its type where it says nothing.

    Of a trace, which some put into their message, that is the last line.
    """
    return first_line_of(str(error)) or type(error).__name__


def first_line_of(text: str) -> str:
    """The first line of what an error says, as `first_line` has it; empty if there is none."""
    lines = [line.strip() for line in text.strip().splitlines()] or [""]
    if lines[0].startswith("Traceback ("):
        return lines[-1]
    return " ".join(lines[: 2 if lines[0].endswith(":") else 1])
