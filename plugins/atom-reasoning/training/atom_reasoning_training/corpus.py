"""The wordings: what persons ask of videos, with slots for what they ask about.

A file of `wordings` is one person's; a row is what is asked, a tab, and the wording. What is asked is named as in
`atom_bench.questions.blind`; beside those stand `other` (another question, or one that asks more), `several` (several at
once) and `offtopic` (nothing of footage), whose rows have no slots. `things.txt` and `deeds.txt` are what footage shows: of
each thing one and several, of each deed "runs", "run", "running".
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from attrs import frozen

HERE = Path(__file__).parent


@frozen(kw_only=True)
class Wording:
    """One way in which somebody asks something."""

    person: str
    """Whose."""
    label: str
    """What is asked."""
    text: str
    """The words, with slots."""

    @property
    def kind(self) -> str:
        """What is asked, by the names of `atom_reasoning.learned.readings`."""
        kind, _, condition = self.label.rpartition(" ")
        if self.label in _AS_IT_IS:
            return _AS_IT_IS[self.label]
        return kind if kind in _OF_CONDITIONS and condition in _CONDITIONS else self.label


_AS_IT_IS = {
    "shots": "all shots",
    "times v": "times",
    "nth": "part",
    "at": "part",
    "between": "part",
    "between a": "any",
    "nth colour": "colour s",
}
_OF_CONDITIONS = ("shots", "count", "when", "which shot", "list", "every", "never", "any", "which video")
_CONDITIONS = ("a", "av", "s", "c", "v", "c.s", "s.v", "c.v")


def wordings(leave_out: Collection[str] = ()) -> list[Wording]:
    """All that are known.

    :param leave_out: persons whose wordings are not wanted
    """
    found = []
    for path in sorted((HERE / "wordings").glob("*.tsv")):
        if path.stem not in leave_out:
            rows = (line.partition("\t") for line in path.read_text(encoding="utf-8").splitlines())
            found += [Wording(person=path.stem, label=label, text=text) for label, _, text in rows]
    return found


def things() -> list[tuple[str, str]]:
    """What footage shows: one, and several."""
    return [(one, several) for one, several in _table("things.txt")]


def deeds() -> list[tuple[str, str, str]]:
    """What it does: "runs", "run", "running"."""
    return [(does, do, doing) for does, do, doing in _table("deeds.txt")]


def _table(name: str) -> list[list[str]]:
    return [line.split("\t") for line in (HERE / name).read_text(encoding="utf-8").splitlines()]
