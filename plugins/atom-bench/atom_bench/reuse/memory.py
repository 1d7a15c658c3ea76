"""Memory of this process."""

from __future__ import annotations

import os

from atom_core.ledger import peak_memory_bytes as peak_bytes

__all__ = ["held_bytes", "peak_bytes"]


def held_bytes() -> int:
    """Memory held now, bytes (resident set size); the peak where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return peak_bytes()
