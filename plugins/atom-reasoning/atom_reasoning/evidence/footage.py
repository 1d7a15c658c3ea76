"""The footage that a question is about: its clips, which shots they belong to, and their captions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from attrs import field, frozen

import atom_core as atom
from atom_reasoning.reading.record import Scope


@frozen(kw_only=True)
class Shot:
    """A shot: one clip, or the parts of one that is longer than a window."""

    number: int
    """Its place in its video, from 1."""
    video: int
    """Its video's place, from 0."""
    places: tuple[int, ...]
    """Where its clips stand in `Footage.clips`."""


@frozen(kw_only=True)
class Footage:
    """Clips of one or several videos, in order."""

    videos: tuple[atom.Video, ...]
    """The videos, in the order in which they are spoken of."""
    clips: tuple[atom.Clip, ...]
    """All their clips."""
    shots: tuple[Shot, ...]
    """All their shots."""
    shot_of: dict[int, Shot] = field(init=False, repr=False, eq=False)
    """The shot of each clip, by its place."""

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "shot_of", {place: shot for shot in self.shots for place in shot.places})

    @classmethod
    def of(cls, host: atom.Host, videos: Sequence[atom.Video]) -> Footage:
        """The footage of `videos`.

        :raises MediaError: if one cannot be read
        """
        clips: list[atom.Clip] = []
        shots: list[Shot] = []
        for number, video in enumerate(videos):
            own = host.clips(video)
            for place, group in enumerate(_shots(own, host, video), 1):
                shots.append(Shot(number=place, video=number, places=tuple(len(clips) + at for at in group)))
            clips += own
        return cls(videos=tuple(videos), clips=tuple(clips), shots=tuple(shots))

    def span(self, shot: Shot) -> atom.Clip:
        """The whole of a shot."""
        first, last = self.clips[shot.places[0]], self.clips[shot.places[-1]]
        return atom.Clip(video=first.video, start_s=first.start_s, end_s=last.end_s, index=shot.number - 1)

    def within(self, scope: Scope) -> tuple[int, ...]:
        """The places of the clips that a scope takes in, whatever it says of events."""
        return tuple(place for shot in self.shots_within(scope) for place in shot.places if self._in_time(place, scope))

    def shots_within(self, scope: Scope) -> tuple[Shot, ...]:
        """The shots that a scope takes in, wholly or in part."""
        taken = []
        for number in range(len(self.videos)):
            if scope.video and (scope.video - 1 if scope.video > 0 else len(self.videos) + scope.video) != number:
                continue
            own = [shot for shot in self.shots if shot.video == number]
            wanted = [shot for shot in own if any(self._in_time(place, scope) for place in shot.places)]
            if scope.shots:
                numbers = [n if n > 0 else len(own) + 1 + n if n < 0 else (len(own) + 1) // 2 for n in scope.shots]
                wanted = [shot for shot in wanted if shot.number in numbers]
            taken += wanted
        return tuple(taken)

    def _in_time(self, place: int, scope: Scope) -> bool:
        clip = self.clips[place]
        length_s = clip.video.duration_s
        if scope.at is not None:
            at_s = scope.at.at_s(length_s)
            last = clip.end_s >= length_s - 1e-6
            return clip.start_s <= at_s + 1e-6 and (at_s < clip.end_s - 1e-6 or (last and at_s <= clip.end_s + 1e-6))
        if scope.start is None and scope.end is None:
            return True
        start_s = 0.0 if scope.start is None else scope.start.at_s(length_s)
        end_s = length_s if scope.end is None else scope.end.at_s(length_s)
        shared_s = min(clip.end_s, end_s) - max(clip.start_s, start_s)
        least_s = min(0.25 * clip.duration_s, 0.5 * max(end_s - start_s, 1e-6), 0.4)
        return shared_s >= max(least_s, 1e-6)


def _shots(clips: Sequence[atom.Clip], host: atom.Host, video: atom.Video) -> list[list[int]]:
    """The clips of one video, by shot: those longer than a window are cut into equal parts."""
    equal = any(abs(one.duration_s - two.duration_s) < 1e-6 for one, two in pairwise(clips))
    starts_s = None
    if equal and host.settings.segment == "shots":
        from atom_core.media.segment import shot_starts_s

        try:
            starts_s = shot_starts_s(video, host.settings)
        except atom.AtomError:
            starts_s = None  # of another way to cut, or a file that is gone: each clip is a shot
    groups: list[list[int]] = []
    for place, clip in enumerate(clips):
        begins = starts_s is None or any(abs(clip.start_s - start_s) < 1e-3 for start_s in starts_s)
        if begins or not groups:
            groups.append([place])
        else:
            groups[-1].append(place)
    return groups
