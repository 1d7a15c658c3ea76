"""Versions of installed libraries: part of every key under which results that depend on them are kept."""

from __future__ import annotations

import functools
import importlib.metadata


def versions_of(*distributions: str) -> dict[str, str]:
    """The version of each of `distributions`, which are installed, by name.

    :raises PackageNotFoundError: if one is not
    """
    return {name: _version(name) for name in distributions}


@functools.cache  # metadata is a file that is parsed at each call
def _version(distribution: str) -> str:
    return importlib.metadata.version(distribution)
