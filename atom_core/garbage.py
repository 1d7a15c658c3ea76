"""When garbage is looked for: not while there is none.

Importing torch makes half a million objects that stay. Looking through them for garbage as they are made, and again
later, takes a fifth of the time that a start takes.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_is_program = False


def begin_program() -> None:
    """This process is a program of Atom's own; in those of others their collector is left as they have set it."""
    global _is_program
    _is_program = True


@contextmanager
def none_expected() -> Iterator[None]:
    """Inside no garbage is looked for, and what is there in the end is taken to stay: for imports."""
    if not (_is_program and gc.isenabled()):
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
