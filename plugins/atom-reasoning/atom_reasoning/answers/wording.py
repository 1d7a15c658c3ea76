"""Answers in words: times, numbers of shots, lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import atom_core as atom

NOTHING = "nothing"
"""The answer where nothing is left."""


def clock(seconds: float) -> str:
    """Minutes and seconds: ``0:04.8``, ``1:02:03``."""
    tenths = round(seconds * 10)
    hours, rest = divmod(tenths, 36_000)
    minutes, rest = divmod(rest, 600)
    whole, tenth = divmod(rest, 10)
    text = f"{hours}:{minutes:02}:{whole:02}" if hours else f"{minutes}:{whole:02}"
    return f"{text}.{tenth}" if tenth else text


def length(seconds: float) -> str:
    """A length for people: ``9.6 seconds``, ``2 minutes 5 seconds``."""
    tenths = round(seconds * 10)
    hours, rest = divmod(tenths, 36_000)
    minutes, rest = divmod(rest, 600)
    parts = [(hours, "hour"), (minutes, "minute")]
    texts = [f"{n} {name}{'' if n == 1 else 's'}" for n, name in parts if n]
    if rest or not texts:
        texts.append(f"{rest // 10}{f'.{rest % 10}' if rest % 10 else ''} second{'' if rest == 10 else 's'}")
    return " ".join(texts)


def listed(texts: Iterable[str]) -> str:
    """ "a, b and c"."""
    *firsts, last = list(texts)
    return f"{', '.join(firsts)} and {last}" if firsts else last


def merge(clips: Iterable[atom.Clip], *, gap_s: float = 0.05) -> tuple[atom.Clip, ...]:
    """The clips, neighbours of one video as one; a merged one stands where its best clip stood."""
    places: dict[tuple[str, float], tuple[int, atom.Clip]] = {}
    for place, clip in enumerate(clips):
        places.setdefault((clip.video.content_hash, clip.start_s), (place, clip))
    merged: list[tuple[int, atom.Clip]] = []
    for (name, start_s), (place, clip) in sorted(places.items(), key=lambda item: item[0]):
        if merged and merged[-1][1].video.content_hash == name and start_s - merged[-1][1].end_s <= gap_s:
            first, last = merged[-1]
            whole = atom.Clip(
                video=last.video, start_s=last.start_s, end_s=max(last.end_s, clip.end_s), index=last.index
            )
            merged[-1] = (min(first, place), whole)
        else:
            merged.append((place, clip))
    return tuple(clip for _, clip in sorted(merged, key=lambda pair: pair[0]))


def times(clips: Sequence[atom.Clip], *, names: bool = False) -> str:
    """When clips are: ``0:04.8 to 0:07.2``; with the videos' names where there are several."""
    spans = sorted(merge(clips), key=lambda clip: (str(clip.video.path), clip.start_s))
    return listed(
        f"{f'{clip.video.path.name} ' if names else ''}{clock(clip.start_s)} to {clock(clip.end_s)}" for clip in spans
    )


def shots(numbers: Sequence[int]) -> str:
    """``shot 2``, ``shots 1, 2 and 4``."""
    return f"shot{'' if len(numbers) == 1 else 's'} {listed(map(str, numbers))}"
