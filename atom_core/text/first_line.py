"""What an error of somebody else's code says, on one line."""

from __future__ import annotations


def first_line(error: BaseException) -> str:
    """The first line of what `error` says, with the next where it ends in a colon; its type where it says nothing.

    Of a trace, which some put into their message, that is the last line.
    """
    lines = [line.strip() for line in str(error).strip().splitlines()] or [type(error).__name__]
    if lines[0].startswith("Traceback ("):
        return lines[-1]
    return " ".join(lines[: 2 if lines[0].endswith(":") else 1])
