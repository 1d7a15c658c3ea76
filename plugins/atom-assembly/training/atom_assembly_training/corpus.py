"""The wordings: how persons ask for films, with slots for the things in them, and what each asks for as a program.

A file of `wordings` is one person's; a row is what is asked for, a tab, and the wording, as `BRIEF.md` says. Of `tables`,
`others.tsv` has requests that no program says, `talk.tsv` what people say around a request, `clauses.txt` what footage
shows: article, thing, "runs", "running", several things.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from attrs import frozen

HERE = Path(__file__).parents[1]
SLOT = re.compile(r"\{(\w+)\}")
_BLIND = range(1, 9)
"""Sets of the bench that are learned, too; its others are not, so that they tell what unknown wordings are worth."""


@frozen(kw_only=True)
class Wording:
    """One way in which somebody asks for a film."""

    person: str
    """Whose."""
    label: str
    """What is asked for, as the brief has it."""
    text: str
    """The words, with slots."""


def wordings(leave_out: Collection[str] = ()) -> list[Wording]:
    """All that are known.

    :param leave_out: persons whose wordings are not wanted
    """
    found = []
    for path in sorted((HERE / "wordings").glob("*.tsv")):
        rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
        found += [Wording(person=path.stem, label=label, text=text.replace("\\n", "\n")) for label, text in rows]
    for number in _BLIND:
        blind = files("atom_bench.films").joinpath(f"blind_{number}.tsv").read_text(encoding="utf-8")
        rows = (line.split("\t")[1:] for line in blind.splitlines())
        found += [
            Wording(person=f"blind_{number}", label=label, text=text.replace("\\n", "\n")) for label, text in rows
        ]
    return [one for one in found if one.person not in leave_out]


def others() -> list[str]:
    """Requests for what no program says."""
    return [text for _, text in table("others.tsv")]


def table(name: str) -> list[list[str]]:
    """The rows of a table."""
    return [line.split("\t") for line in (HERE / "tables" / name).read_text(encoding="utf-8").splitlines()]


def program(label: str, numbers: Mapping[str, Sequence[int]]) -> list[str | int] | None:
    """What a label asks for, as signs and the numbers of things; None where it speaks of one that has none.

    :param numbers: of the things by their letters, several where a thing's deed is told of apart from its name
    """
    head, *rest = label.split()
    ends = [one for one in rest if re.match(r"<=|each<=|@", one)]
    rest = [one for one in rest if one not in ends]
    mode, _, condition = head.partition(":") if ":" in head else (head, "", "")
    if mode in ("all", "only", "longest", "shortest"):
        mode = "all" if mode == "only" else mode  # all shots of a kind are a film of only such
        parts = [condition] if condition else rest
    else:
        mode, parts = "", [head, *rest]
    made: list[str | int] = [mode] if mode else []
    runs: list[tuple[list[str | int], int]] = []
    for part in parts:
        text, _, times = part.partition("*")
        own = _condition(text, numbers)
        if own is None:
            return None
        if runs and runs[-1][0] == own:
            runs[-1] = (own, runs[-1][1] + int(times or 1))
        else:
            runs.append((own, int(times or 1)))
    for own, count in runs:
        made += [*own, *([f"*{count}"] if count > 1 else [])]
    signs = [one if one[0] == "@" else one.split("<=")[0] + "<=" for one in ends]
    return [*made, *sorted(signs)]


def _condition(text: str, numbers: Mapping[str, Sequence[int]]) -> list[str | int] | None:
    for sign in "|&":
        if sign in text:
            return _joined(sign, [_condition(part, numbers) for part in text.split(sign)])
    negated, text = text.startswith("!"), text.removeprefix("!")
    letters = text.split(".") if "." in text else [text if text in numbers else text[-1]]
    if not all(letter in numbers for letter in letters):
        return None
    own = _joined(".", [[number] for number in sorted({n for letter in letters for n in numbers[letter]})])
    return ["!", *own] if negated and own else own


def _joined(sign: str, parts: list[list[str | int] | None]) -> list[str | int] | None:
    """Conditions one after the other, as their things are first named, those for what must not be seen last."""
    if any(one is None for one in parts):
        return None
    own = sorted({tuple(one) for one in parts if one}, key=lambda one: (one[0] == "!", _numbers(one)))
    joined: list[str | int] = []
    for one in own:
        joined += [*([sign] if joined else []), *one]
    return joined


def _numbers(condition: tuple[str | int, ...]) -> list[int]:
    return [one for one in condition if isinstance(one, int)]
