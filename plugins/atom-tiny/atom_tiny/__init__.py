"""Atom's embedded model: a small video-language model that knows only a synthetic world of coloured shapes."""

from __future__ import annotations

from pathlib import Path

import atom_core as atom

CHECKPOINT = Path(__file__).parent / "checkpoint"
"""The shipped model, a Hugging Face folder in SmolVLM format."""

NOTICE = (
    "tiny knows only its synthetic world of coloured shapes that move on dark backgrounds; "
    "on any other footage its answers mean nothing."
)


@atom.hookimpl
def atom_register_models(register: atom.Register) -> None:
    """Offer the embedded model under the name `tiny`."""
    summary = "Embedded model, 9 MB, knows a synthetic world of moving shapes"
    register.model("tiny", CHECKPOINT, summary=summary, notice=NOTICE, embeds=True)


@atom.hookimpl
def atom_add_commands(register: atom.Register) -> None:
    """Add `atom demo`."""
    register.command(
        "demo",
        "atom_tiny.demo:DemoCommand",
        summary="See all that Atom does, on sample videos that it makes",
        alone=True,
    )
