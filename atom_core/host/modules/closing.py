"""Closes what plugins made, for so long as that may take."""

from __future__ import annotations

from collections.abc import Callable

from atom_core.background import aside
from atom_core.plugins.discovery import one_line


def close_within(limit_s: float, close: Callable[[], object], name: str) -> str:
    """Call `close`, in a thread called `name`, and wait no longer than `limit_s`; what was wrong with it, and what to
    do. Empty if nothing was."""
    outcome = aside(close, name)
    try:
        outcome.result(limit_s)
    except BaseException as error:
        if not outcome.done() and isinstance(error, TimeoutError):
            return f"is still being closed after {limit_s:g} s and is waited for no more; raise hook_limit_s"
        if not outcome.done():
            raise  # the user interrupts
        return f"could not be closed: {one_line(error)}; repair or update it"
    return ""
