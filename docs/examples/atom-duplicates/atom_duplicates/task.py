"""The task ``near-duplicates``."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import field, frozen
from attrs.validators import and_, ge, le

import atom_core as atom


@frozen(kw_only=True)
class Duplicates:
    """Shots of one video that show nearly the same."""

    clips: tuple[atom.Clip, ...]
    """The shots, in order; two or more."""
    similarity: float
    """The least similarity of a shot to the first one, -1 to 1."""


class FindDuplicates:
    """Groups shots by their mean feature: each joins the first group whose first shot it is like."""

    consumes = atom.Video
    produces = tuple[Duplicates, ...]

    @frozen(kw_only=True)
    class Settings:
        """Settings of ``near-duplicates``."""

        threshold: float = field(default=0.97, validator=and_(ge(-1.0), le(1.0)))
        """Least similarity of two shots that count as the same, -1 to 1."""

    def run(
        self, video: atom.Video, *, encoder: atom.Encoder, host: atom.Host, settings: FindDuplicates.Settings
    ) -> tuple[Duplicates, ...]:
        """The groups of two or more shots of `video`."""
        return group(host.clips(video), encoder, settings.threshold)


def group(clips: Sequence[atom.Clip], encoder: atom.Encoder, threshold: float) -> tuple[Duplicates, ...]:
    """The groups of two or more, in the order of their first clips. One vector [D] per clip is held at a time."""
    import numpy as np

    groups: list[tuple[np.ndarray, list[atom.Clip], float]] = []
    for clip in clips:
        mean_D = encoder.encode(clip).array().mean(axis=0)
        unit_D = mean_D / max(float(np.linalg.norm(mean_D)), 1e-12)
        for place, (first_D, members, least) in enumerate(groups):
            similarity = float(first_D @ unit_D)
            if similarity >= threshold:
                groups[place] = (first_D, [*members, clip], min(least, similarity))
                break
        else:
            groups.append((unit_D, [clip], 1.0))
    return tuple(
        Duplicates(clips=tuple(members), similarity=min(1.0, least)) for _, members, least in groups if len(members) > 1
    )
