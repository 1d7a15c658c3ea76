"""``python -m atom_core.cli``."""

import sys

from atom_core.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
