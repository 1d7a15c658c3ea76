"""Settings: defaults < ``atom.toml`` < ``ATOM_*`` variables < arguments."""

from atom_core.settings.fields import evolve_one, field_docs, texts_under, type_hints
from atom_core.settings.settings import (
    DEFAULT_EMBEDDER,
    DEFAULT_FRAMES,
    DEFAULT_MODEL,
    DEFAULT_MODEL_BYTES,
    Settings,
    load_with_sources,
)
from atom_core.settings.sources import FromFolder
from atom_core.settings.tables import GROUPS
from atom_core.settings.tasks import module_settings, task_defaults, task_settings
from atom_core.settings.values import parse_bytes
from atom_core.text.suggestions import suggest

__all__ = [
    "DEFAULT_EMBEDDER",
    "DEFAULT_FRAMES",
    "DEFAULT_MODEL",
    "DEFAULT_MODEL_BYTES",
    "GROUPS",
    "FromFolder",
    "Settings",
    "evolve_one",
    "field_docs",
    "load_with_sources",
    "module_settings",
    "parse_bytes",
    "suggest",
    "task_defaults",
    "task_settings",
    "texts_under",
    "type_hints",
]
