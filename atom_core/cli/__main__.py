"""The program: ``atom``, and ``python -m atom_core.cli``."""

import os
import sys
from contextlib import suppress

from atom_core.cli.codes import INTERRUPTED


def program() -> None:
    """Run ``atom`` and leave with its exit code.

    An interrupted program leaves at once: threads that still compute, such as a decoder of video, are not waited for.
    """
    try:
        from atom_core.cli.main import main

        code = main()
    except KeyboardInterrupt:  # while the program itself was being imported
        code = INTERRUPTED
    if code == INTERRUPTED:
        with suppress(OSError):
            sys.stdout.flush()
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    program()
