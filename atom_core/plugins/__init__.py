"""Find, block, load, check and list plugins: entry points of group ``atom``.

A plugin is *discovered* (installed), then *blocked* (never imported), *broken* (left out, with the reason) or *loaded*.
Order: sorted by name, then by distribution. In that order plugins are imported, declare, and have their hooks called;
built-in plugins come last. Each is imported and asked in isolation, so that every fault is told at once.
"""

from atom_core.plugins.discovery import PluginInfo
from atom_core.plugins.registry import PluginSet, load_plugins

__all__ = ["PluginInfo", "PluginSet", "load_plugins"]
