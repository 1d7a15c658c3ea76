"""The table of model families in the docs, made by trying each of them.

``python docs/family_table.py docs/families.md`` writes it anew between the file's two marks.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from attrs import frozen

from atom_core.families import FAMILIES, family_class
from atom_core.testing.families import Pair, make_frames
from atom_core.testing.models import make_checkpoint

BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
_HEAD = (
    "| family | model types | one frame | many frames | two clips | prefix reuse | batching | int8 | notes |",
    "|---|---|---|---|---|---|---|---|---|",
)
QUESTION, SECOND = "Describe this clip in one sentence.", "How many people are there?"


@frozen(kw_only=True)
class Report:
    """What a family was found to do, on random weights."""

    one_frame: bool
    """Whether split equals whole with a clip of one frame."""
    many_frames: bool
    """The same with five frames."""
    two_clips: bool
    """The same with two clips in one prompt, text between them."""
    reuse: str
    """How prefixes are reused, without changing a token: ``by token``, ``whole`` or ``none``."""
    together: bool
    """Whether prompts that are decoded together get the tokens they get alone."""
    int8: bool
    """Whether split equals whole when both are quantised to int8."""


def try_family(folder: Path) -> Report:
    """Try the family of a checkpoint folder."""
    with Pair(folder) as warm, Pair(folder, reuse=False) as cold:
        prompts = [_prompts(pair) for pair in (warm, cold)]
        told = [_same(cold, parts) for parts in prompts[1][:3]]
        alone = [cold.split(parts) for parts in prompts[1]]
        again = [warm.split(parts) for parts in prompts[0]]
        reused = warm.ledger.as_dict()["prefill_tokens"]["reused"]
        how = "none" if not reused else "whole" if warm.keeps_whole else "by token"
        together = cold.split_together(prompts[1][::-1])[::-1] == alone
    with Pair(folder, recipe="int8") as coarse:
        int8 = _same(coarse, _prompts(coarse)[1])
    return Report(
        one_frame=told[0],
        many_frames=told[1],
        two_clips=told[2],
        reuse=how if again == alone else "wrong",
        together=together,
        int8=int8,
    )


def row(model_type: str, report: Report) -> str:
    """The table's line for the family that serves `model_type`."""
    family = family_class(model_type)
    types = ", ".join(f"`{name}`" for name in sorted(family.model_types))
    marks = [_mark(report.one_frame), _mark(report.many_frames), _mark(report.two_clips), report.reuse]
    cells = [family.title, types, *marks, _mark(report.together), _mark(report.int8), family.notes]
    return f"| {' | '.join(cells)} |"


def table() -> str:
    """The whole table; every family is tried."""
    lines = list(_HEAD)
    for model_type in sorted(FAMILIES, key=lambda name: family_class(name).title):
        if model_type == family_class(model_type).model_types[0]:
            with tempfile.TemporaryDirectory() as folder:
                lines.append(row(model_type, try_family(make_checkpoint(Path(folder), model_type))))
    return "\n".join(lines)


def _prompts(pair: Pair) -> list[list[Any]]:
    one = pair.encode(make_frames(1, seed=1))
    many, other = pair.encode(make_frames(5, seed=2)), pair.encode(make_frames(5, seed=3))
    return [[one, QUESTION], [many, QUESTION], [many, "then", other, QUESTION], [many, SECOND], [other, SECOND]]


def _same(pair: Pair, parts: list[Any]) -> bool:
    try:
        pair.check(parts)
    except AssertionError:
        return False
    return True


def _mark(good: bool) -> str:
    return "yes" if good else "no"


def _main(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    before, after = text[: text.index(BEGIN)], text[text.index(END) :]
    path.write_text(f"{before}{BEGIN}\n{table()}\n{after}", encoding="utf-8")


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
