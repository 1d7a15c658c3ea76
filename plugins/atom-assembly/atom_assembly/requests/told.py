"""How a request was understood, in one line."""

from __future__ import annotations

import atom_core as atom
from atom_assembly.requests.read import Reading


def told(reading: Reading) -> str:
    """The lines and constraints that were read, and what was passed over or not understood."""
    constraints = reading.constraints
    wanted = constraints.wanted or (atom.Wanted(),) * len(reading.lines)
    parts = ["; then ".join(_line(line, one) for line, one in zip(reading.lines, wanted, strict=True))]
    if constraints.rounds is not None:
        parts.append(f"in turns, {constraints.rounds} times" if constraints.rounds else "in turns")
    parts += [f"without {one}" for one in constraints.without]
    parts += [f"at most {constraints.length_s:g} s"] if constraints.length_s else []
    parts += [f"at least {constraints.min_length_s:g} s"] if constraints.min_length_s else []
    parts += [f"{constraints.shot_length_s:g} s a shot"] if constraints.shot_length_s else []
    parts += [f"order: {constraints.order}"] if constraints.order else []
    said = ["; ".join(parts)]
    said += [f"not understood: {', '.join(map(repr, reading.unclear))}"] if reading.unclear else []
    said += [f"passed over: {', '.join(map(repr, reading.passed_over))}"] if reading.passed_over else []
    return ". ".join(said)


def _line(line: str, wanted: atom.Wanted) -> str:
    number = "all" if wanted.num_shots is None else f"{wanted.num_shots} x" if wanted.num_shots > 1 else ""
    said = [" ".join(word for word in (wanted.pick, number, repr(line or "anything")) if word)]
    said += ["and nothing else in the picture"] if wanted.purely else []
    said += [f"without {one!r}" for one in wanted.without]
    said += [f"shown {wanted.repeats} times"] if wanted.repeats > 1 else []
    said += [f"{wanted.length_s:g} s"] if wanted.length_s else []
    return ", ".join(said)
