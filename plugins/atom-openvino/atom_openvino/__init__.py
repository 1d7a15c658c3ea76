"""Encoder and decoder on OpenVINO: ``--model openvino:NAME``."""

from __future__ import annotations

from collections.abc import Mapping

import atom_core as atom
from atom_core.providers import FamilySpec

PREFIX = "openvino:"


@atom.hookimpl
def atom_load_modules(
    source: str,
    settings: atom.Settings,
    ledger: atom.Ledger,
    families: Mapping[str, FamilySpec],
    tasks_bytes: Mapping[str, int],
) -> atom.ModelBackend | None:
    """The model behind ``openvino:``, its halves on OpenVINO; None for other models."""
    if not source.startswith(PREFIX):
        return None
    from atom_openvino.tower import load

    return load(source.removeprefix(PREFIX), settings, ledger, families, tasks_bytes)


@atom.hookimpl
def atom_identify_model(source: str, settings: atom.Settings) -> str | None:
    """Which model stands behind ``openvino:``; the same as without, since its vectors can be compared."""
    if not source.startswith(PREFIX):
        return None
    from atom_openvino.tower import identify

    return identify(source.removeprefix(PREFIX), settings)


@atom.hookimpl
def atom_add_commands(register: atom.Register) -> None:
    """Declare ``atom calibrate``."""
    register.command(
        "calibrate", "atom_openvino.command:CalibrateCommand", summary="Fit int8 on OpenVINO to your own footage"
    )
