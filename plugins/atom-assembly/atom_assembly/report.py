"""What became of a request: for each line what stands for it and why, as JSON values and for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import atom_core as atom
from atom_assembly.evidence.finder import LIKELIEST


def rows(script: atom.Script, timeline: atom.Timeline, videos: Mapping[str, atom.Video]) -> list[dict[str, Any]]:
    """A row for each cut, in the film's order, and one without a video for each line that is not met.

    :param videos: the source of every cut, by content hash
    """
    made = [(_number(script, cut.line), _cut(cut, videos)) for cut in timeline.cuts]
    in_lines = not script.constraints.order and script.constraints.rounds is None
    for unmet in timeline.unmet:
        number = _number(script, unmet.line)
        place = next((n for n, (other, _) in enumerate(made) if other > number), len(made)) if in_lines else len(made)
        made.insert(place, (number, _unmet(unmet)))
    return [row for _, row in made]


def _number(script: atom.Script, line: str) -> int:
    return script.lines.index(line) if line in script.lines else len(script.lines)


def _cut(cut: atom.Cut, videos: Mapping[str, atom.Video]) -> dict[str, Any]:
    from atom_core.media.timelines.timecode import timecodes

    return {
        "line": cut.line,
        "video": str(cut.path),
        "start_s": cut.start_s,
        "end_s": cut.end_s,
        "times": cut.times,
        "timecode": timecodes(videos[cut.content_hash], cut.start_s, cut.end_s) or None,
        "score": cut.score,
        "caption": cut.caption,
        "reason": cut.reason or None,
    }


def _unmet(unmet: atom.Unmet) -> dict[str, Any]:
    near = unmet.closest
    closest = near and {
        "video": str(near.path),
        "start_s": near.start_s,
        "end_s": near.end_s,
        "caption": near.caption,
        "score": near.score,
    }
    nothing = dict.fromkeys(("video", "start_s", "end_s", "times", "timecode", "score", "caption"))
    return {"line": unmet.line, **nothing, "reason": unmet.reason, "closest": closest}


def said_of(unmet: atom.Unmet) -> str:
    """Why something is not in the film, and what is nearest to it."""
    near = unmet.closest
    return unmet.reason + (f"; the nearest is '{near.caption}' ({near.path}, {near.times})" if near else "")


def shortfalls(script: atom.Script, timeline: atom.Timeline) -> list[str]:
    """What the cuts are not, of what was asked of the whole film."""
    constraints, length_s = script.constraints, timeline.duration_s
    found = []
    least = max((one for one in (constraints.min_length_s, script.request.length_s) if one is not None), default=None)
    if least is not None and length_s < least - 0.05:
        found.append(f"what was found lasts {length_s:.1f} s, less than the {least:g} s asked for")
    if constraints.num_shots is not None and len(timeline.cuts) < constraints.num_shots:
        found.append(f"what was found are {len(timeline.cuts)} shots, fewer than the {constraints.num_shots} asked for")
    if any(cut.reason == LIKELIEST for cut in timeline.cuts):
        found.append("the model cannot tell which clips fit; the likeliest are taken")
    return found


def as_text(head: str, lines: list[dict[str, Any]], written: Mapping[str, str | None]) -> str:
    """For people: the head, then each line with what stands for it and why."""
    text = [head]
    line = None
    for row in lines:
        if row["line"] != line:
            line = row["line"]
            text.append(f"  {line or 'anything'}")
        if row["video"] is None:
            text.append(f"    {'nothing fits' if row['reason'].startswith('nothing') else row['reason']}")
            if near := row["closest"]:
                text.append(f"    nearest: {near['video']}  {near['caption']}")
            continue
        times = f"{row['times']}  ({row['timecode']})" if row["timecode"] else row["times"]
        why = f"  [{row['reason']}]" if row["reason"] else ""
        text.append(f"    {row['score']:.3f}  {row['video']}  {times}  {row['caption']}{why}")
    return "\n".join(text + [path for path in written.values() if path])


def constraints_as_text(constraints: atom.Constraints) -> list[str]:
    """What is asked of the whole film, for people."""
    said = []
    if constraints.length_s is not None:
        said.append(f"at most {constraints.length_s:g} s")
    if constraints.min_length_s is not None:
        said.append(f"at least {constraints.min_length_s:g} s")
    if constraints.shot_length_s is not None:
        said.append(f"each shot at most {constraints.shot_length_s:g} s")
    if constraints.order:
        orders = {"recorded": "in the order of recording", "reversed": "in the reverse order of recording"}
        said.append(orders.get(constraints.order, f"{constraints.order} shots first"))
    if constraints.rounds is not None:
        said.append("the lines take turns")
    said += [f"without {text}" for text in constraints.without]
    if constraints.sources:
        said.append(f"from {', '.join(constraints.sources)} only")
    if constraints.one_source:
        said.append("from one video only")
    return said
