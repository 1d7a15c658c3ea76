"""``atom index``, ``atom library`` and ``atom search``."""
