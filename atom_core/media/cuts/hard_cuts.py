"""Cuts in a run of small pictures.

A cut is a change after which other things are seen (`similarity.replaced`), that stands out of the changes around it
(fast movement does not), and lasts (pictures shortly before and after a flash are alike). In a frame within a still
picture the same is asked of what moves.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from atom_core.media.cuts.overlays import goes_on, is_another_screen, usually_differing
from atom_core.media.cuts.run import AROUND_S, SIDE, Box, Run, Transition
from atom_core.media.cuts.similarity import (
    Look,
    differing,
    filled,
    following,
    look,
    recoloured,
    replaced,
    spread,
    unlike,
)

_FLASH_S = 0.28
"""Longest flash, seconds: what is gone after it was no cut."""
_BLINK_S = 0.5
"""Longest time for which a part of the picture blinks, seconds."""
_LEAST = 0.42
"""How wholly a cut replaces what is seen, at least ..."""
_SPREAD = 0.54
"""... and in what share of the picture ..."""
_DIFFERING = 0.85
"""... where nothing stays as it was but what is plain ..."""
_ALL_DIFFERS, _PART_DIFFERS = 0.9, 0.75
"""Where nothing stays, while of the changes around it something does, as on a screen, it need be no larger."""
_ABOVE_CALM = 0.2
"""... and by how much more than the changes on its calmer side ..."""
_ABOVE_WILD = 0.04
"""... and on the other."""
_NOT_LEAST = 0.8
"""... and the mean change of level is no less than this share of those on the other: things drive by."""
_PAPER, _PAPER_STRAYING = (0.6, 0.7, 0.8), (0.6, 1.3)
"""What replaces that much in that share of the picture, with such a part of the edges differing, is a cut where levels
follow those before by so much less than wholly, and by so many times less than in pictures around."""
_WHOLE = ((0.56, 0.92), (0.45, 0.98))
"""What replaces that much in that share of the picture is a cut also where all around it is wild."""
_STILL, _STILL_LEAST = 0.03, 0.2
"""Between pictures that are still, with no larger changes than the first, a cut may replace less ..."""
_STILL_WHOLE = ((0.2, 0.46, 0.85), (0.6, 0.4, 0.6))
"""... so much, in such a share of the picture, with such a part of the edges differing ..."""
_PAGE_WHOLE, _PAGE = (0.28, 0.54, 0.25), 0.8
"""... or so where no more than that share of the pictures has edges, as slides; windows come up before full ones."""
_OUT, _OUT_LEVELS = 3.0, 6.0
"""A mean change of level that is so many times those around, and this at least, stands out; then a cut ..."""
_OUT_LEAST, _OUT_SPREAD, _OUT_DIFFERING = 0.3, 0.5, 0.8
"""... may replace less, in less of the picture: two views of one thing."""
_FAR_OUT, _FAR_LEVELS = 6.0, 20.0
"""One that is so many times those around, and this at least, stands out by far; then another thing is seen ..."""
_FAR_LEAST, _FAR_SPREAD, _FAR_DIFFERING, _FAR_HUE = 0.1, 0.9, 0.98, 0.25
"""... if so much is replaced, in most of the picture, and so much of it has another hue ..."""
_FAR_DETAIL, _FAR_FOLLOWING = 0.1, 0.85
"""... with that share of the detail at least, and no light explains it: levels do not follow those before."""
_FLICKERING, _STRAYING = (0.5, 0.92), (0.25, 1.6)
"""Where all around is as wild, as in fire, what replaces that much in that share of the picture is a cut where levels
follow those before by so much less than wholly, and by so many times less than in pictures around."""
_WILDEST, _STRAYS_MORE = 0.53, 1.2
"""Where so much is replaced all the time, levels follow those before so many times less at every cut."""
_ONE_WAY = 0.7
"""Where all of a picture goes brighter or darker, the least share of its mean change that is of one direction ..."""
_GOES_ON = 0.35
"""... and how much of it the picture before or after goes on the same way, where that takes several pictures: ..."""
_EXPOSED = 0.85
"""... then what is seen must be as unlike as this, whatever its contrast, or the exposure has changed."""
_LASTING = 0.36
"""How wholly pictures shortly before and after are replaced, at least."""
_EMPTY = 0.02
"""What has less than this share of another picture's edges has nothing on it."""
_RECOLOURED = 0.6
"""The share of the picture that has another hue after a cut, where the same edges are seen ..."""
_RECOLOURED_ABOVE = 0.4
"""... and how much larger it is than around it."""
_PLAIN = 0.3
"""The most of a picture that has edges, where it is called plain."""
_OTHER_GROUND = 0.8
"""The share of a plain picture that is another from a cut on."""
_SAME_GROUND = 0.3
"""The most that differs of two plain pictures of one ground."""
_GROUND_JUMP = 3.0
"""Least mean change of level around a picture that one of the ground is held against, levels of 255."""
_JUMP = 1.8
"""How far a mean change of level stands out of those around it, for a part of the picture to be looked at by itself."""
_MOVES = 3
"""What changes more than this from picture to picture moves, levels of 255."""
_OFTEN = 0.35
"""The share of pictures in which what moves is not as usual."""
_FILLED = 0.7
"""How much of such a frame, and of each of its edges, a cut in it changes."""
_LEAST_MOVING, _MOVING = 0.02, 0.2
"""The least share of such a frame that moves on the calmer side of a cut in it, and on the other."""
_STRAY = 0.2
"""The most that changes or moves outside of it, beside what does inside."""
_LEAST_SIDE = 12
"""Smallest frame within a frame, of 64 pixels."""


def cut_at(run: Run, index: int) -> Transition | None:
    """The cut between a picture and the one before, if there is one."""
    # in the order of what they cost, and of how much they can be trusted
    strength = _whole_strength(run, index) or _ground_strength(run, index) or _part_strength(run, index)
    return Transition(index, index, index, strength) if strength else None


def _whole_strength(run: Run, index: int) -> float:
    """How wholly a cut at a picture replaces what is seen; 0 if there is none."""
    # where all else is still, things may take turns
    still = run.usual(run.changes, index)[1] <= _STILL
    if strength := _replaces(run, index, _BLINK_S if still else _FLASH_S):
        return strength
    hue = run.hues[index]
    if hue >= _RECOLOURED and hue >= run.usual(run.hues, index)[1] + _RECOLOURED_ABOVE:
        return hue if _hue_lasts(run, index) else 0.0
    return 0.0


def _replaces(run: Run, index: int, flash_s: float) -> float:
    """How wholly other things are seen from a picture on, for longer than `flash_s`; 0 if they are not."""
    if not _changes(run, index) or _is_exposed(run, index):
        return 0.0
    # pages of one design share what stands at their sides
    is_still = run.usual(run.changes, index)[1] <= _STILL
    if not is_still and goes_on(run, index):
        return 0.0
    return run.changes[index] if _lasts(run, index, flash_s) else 0.0


def _changes(run: Run, index: int) -> bool:
    """Whether other things are seen from a picture on, and not as one of many large changes."""
    change, (calm, wild) = run.changes[index], run.usual(run.changes, index)
    if _is_far_out(run, index) or _strays(run, index) or (wild > _STILL and is_another_screen(run, index)):
        return True
    # the usual change around says what this film is like: slides cut more softly than handheld footage moves
    out = _stands_out(run, index)
    if change < (_STILL_LEAST if wild <= _STILL else _OUT_LEAST if out else _LEAST):
        return False
    old, new = run.looks[index - 1 : index + 1]
    share = spread(old, new)
    if change >= wild + _ABOVE_WILD and any(change >= most and share >= area for most, area in _WHOLE):
        own, usual = _straying(run, index) if wild >= _WILDEST else (1.0, 0.0)
        return own >= _STRAYS_MORE * usual
    differs = differing(old, new)
    if wild <= _STILL:
        pages = (_PAGE_WHOLE,) if max(filled(old), filled(new)) <= _PAGE else ()
        return any(change >= most and share >= area and differs >= part for most, area, part in (*_STILL_WHOLE, *pages))
    if out and share >= _OUT_SPREAD and differs >= _OUT_DIFFERING:
        return True
    if change < _LEAST or share < _SPREAD:
        return False
    if differs < _DIFFERING:
        return _is_another_page(run, index, share, differs)
    levels, most = run.levels[index], run.usual(run.levels, index)[1]
    if change >= calm + _ABOVE_CALM and change >= wild + _ABOVE_WILD and levels >= _NOT_LEAST * most:
        return True
    # on a screen everything changes with each page, by little: a cut is then told by that nothing at all stays
    return differs >= _ALL_DIFFERS and usually_differing(run, index) <= _PART_DIFFERS


def _is_another_page(run: Run, index: int, share: float, differs: float) -> bool:
    """Whether levels have less to do with those before than is usual, where much of a picture is as plain as paper."""
    (least, area, part), (away, times) = _PAPER, _PAPER_STRAYING
    if run.changes[index] < least or share < area or differs < part:
        return False
    own, usual = _straying(run, index)
    return own >= max(away, times * usual)


def _is_exposed(run: Run, index: int) -> bool:
    """Whether a picture is one of several over which the same goes brighter or darker everywhere."""

    def step(at: int) -> float:
        inside = 0 < at < len(run)
        mean = float((run.looks[at].picture - run.looks[at - 1].picture).mean()) if inside else 0.0
        return mean if inside and abs(mean) >= _ONE_WAY * run.levels[at] else 0.0

    own = step(index)
    if not own or max(step(index - 1) / own, step(index + 1) / own) < _GOES_ON:
        return False
    old, new = run.looks[index - 1 : index + 1]
    # as bright as the new one, clipped as it is, or movement between them would not be seen
    gain = float(new.picture.mean()) / max(float(old.picture.mean()), 1.0)
    return unlike(look(np.minimum(old.picture * np.float32(gain), 255)), new) < _EXPOSED


def _stands_out(run: Run, index: int) -> bool:
    """Whether the mean change of level is several times that of all pictures around, as PySceneDetect weighs it."""
    return run.levels[index] >= max(_OUT * run.usual(run.levels, index)[1], _OUT_LEVELS)


def _is_far_out(run: Run, index: int) -> bool:
    """Whether all of a picture jumps in a film that hardly moves, by more than another light: also where both share a
    frame, whose edges stay."""
    least = max(_FAR_OUT * run.usual(run.levels, index)[1], _FAR_LEVELS)
    if run.levels[index] < least or run.changes[index] < _FAR_LEAST or run.hues[index] < _FAR_HUE:
        return False
    old, new = run.looks[index - 1 : index + 1]
    less, more = sorted((old.detail, new.detail))
    return (
        less >= _FAR_DETAIL * more
        and following(old, new) <= _FAR_FOLLOWING
        and spread(old, new) >= _FAR_SPREAD
        and differing(old, new) >= _FAR_DIFFERING
    )


def _strays(run: Run, index: int) -> bool:
    """Whether a picture has less to do with the one before than is usual where every picture replaces most of it."""
    (least, area), (away, times) = _FLICKERING, _STRAYING
    if run.changes[index] < max(least, run.usual(run.changes, index)[1]):
        return False
    own, usual = _straying(run, index)
    return own >= max(away, times * usual) and spread(*run.looks[index - 1 : index + 1]) >= area


def _straying(run: Run, index: int) -> tuple[float, float]:
    """By how much levels follow those before less than wholly at a picture, and in pictures around it, but for one."""
    reach = run.frames(AROUND_S, 3)
    near = range(max(index - reach, 1), min(index + reach + 1, len(run)))
    strays = {at: 1 - following(*run.looks[at - 1 : at + 1]) for at in near}
    own = strays.pop(index)
    return own, sorted(strays.values())[-2:][0] if strays else 0.0


def _lasts(run: Run, index: int, flash_s: float) -> bool:
    """Whether pictures shortly before and shortly after differ too: around a flash some are alike."""
    reach, looks = run.frames(flash_s), run.looks
    step, least = max(reach // 3, 1), min(_LASTING, 0.8 * float(run.changes[index]))
    before = _not_emptied(looks[max(index - 1 - reach, 0) : index][::-1])
    after = _not_emptied(looks[index : index + 1 + reach])
    # every picture with the nearest, for what bursts may blind for one; others with each other, for a flash of two
    # is alike on some of its sides only
    pairs = [(before[0], new) for new in after] + [(old, after[0]) for old in before[1:]]
    pairs += [(old, new) for old in before[step::step] for new in after[step::step]]
    # colours last where there are too few edges to tell large plain things apart
    return all(replaced(old, new) >= least or recoloured(old, new) >= _RECOLOURED for old, new in pairs)


def _not_emptied(looks: list[Look]) -> list[Look]:
    """Pictures less those of the mere ground on which the first shows things: that is like any, and things blink."""
    shown = looks[0]
    left = [look for look in looks if look.detail >= _EMPTY * shown.detail or _other(shown, look) > _SAME_GROUND]
    # a light that bursts leaves such a picture too, but one
    return left if len(looks) - len(left) > 1 and filled(shown) <= _PLAIN else looks


def _hue_lasts(run: Run, index: int) -> bool:
    reach = run.frames(_FLASH_S)
    before, after = run.looks[max(index - 1 - reach, 0) : index], run.looks[index : index + 1 + reach]
    return all(recoloured(old, new) >= _RECOLOURED for old in before for new in after)


def _ground_strength(run: Run, index: int) -> float:
    """How much of a drawn picture, most of which is plain, has another ground from here on; 0 if it has not.

    A shot may begin before anything is on its ground, and end after everything has left: edges say nothing of that.
    """
    if run.levels[index] < _JUMP * max(run.usual(run.levels, index)[1], _GROUND_JUMP):
        return 0.0
    if any(filled(shown) > _PLAIN for shown in run.looks[index - 1 : index + 1]):
        return 0.0
    reach = run.frames(_BLINK_S)
    before = run.looks[max(index - 1 - reach, 0) : index]
    after = run.looks[index : index + 1 + reach]
    share = min(_other(old, new) for old in before[:: max(reach // 3, 1)] + before[-1:] for new in after)
    return share if share >= _OTHER_GROUND else 0.0


def _other(old: Look, new: Look) -> float:
    """The share of the picture that differs, by more than noise."""
    return float((np.abs(old.picture - new.picture).max(axis=2) > 2 * _MOVES).mean())


def _part_strength(run: Run, index: int) -> float:
    """How wholly a cut replaces what is seen between bars, or in a frame within a still picture; 0 if there is none."""
    if run.levels[index] < _JUMP * max(run.usual(run.levels, index)[1], 0.05):
        return 0.0
    reach = run.frames(_BLINK_S, 3)
    first = max(index - reach - 1, 0)
    around = run.pictures[first : index + reach + 1]
    # a film between black bars, or in a window of a screen recording, is small in the mean of the whole picture
    boxes = {_between_bars(*run.pictures[index - 1 : index + 1]), _moving_box(run, index)}
    parts = (Run.part(around, run.fps, box) for box in boxes if box is not None)
    return max((_replaces(part, index - first, _BLINK_S) for part in parts), default=0.0)


def _between_bars(old: np.ndarray, new: np.ndarray) -> Box | None:
    """The part of two pictures that is not bars of one colour, the same in both."""
    both = np.stack([old, new]).astype(np.int16)
    rows = (np.ptp(both, axis=(0, 2)).max(axis=1) > 2 * _MOVES).nonzero()[0]
    columns = (np.ptp(both, axis=(0, 1)).max(axis=1) > 2 * _MOVES).nonzero()[0]
    if not len(rows) or not len(columns):
        return None
    return _checked(Box(int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1))


def _moving_box(run: Run, index: int) -> Box | None:
    """The frame all of which changes at a picture, and some of which moves before and after it; the rest is still."""
    reach = run.frames(2 * AROUND_S, 6)
    sides = [run.pictures[max(index - reach, 0) : index], run.pictures[index : index + reach]]
    if min(map(len, sides)) < 3:
        return None
    usual = [np.median(side, axis=0).astype(np.int16) for side in sides]
    moves = [
        (np.abs(np.stack(side) - own).max(axis=3) >= _MOVES).mean(axis=0) >= _OFTEN
        for side, own in zip(sides, usual, strict=True)
    ]
    changes = np.abs(usual[0] - usual[1]).max(axis=2) >= _MOVES
    box = _rectangle(changes | moves[0] | moves[1])
    if box is None:
        return None
    shares = [float(side[box.top : box.bottom, box.left : box.right].mean()) for side in moves]
    return _checked(box) if min(shares) >= _LEAST_MOVING and max(shares) >= _MOVING else None


def _rectangle(marks: np.ndarray) -> Box | None:
    """The rectangle that marks fill, stray ones left out."""
    # the median of 3 x 3: noise of the codec moves single points anywhere
    around = sliding_window_view(np.pad(marks, 1), (3, 3))
    marks = around.sum(axis=(2, 3)) > 4
    top, bottom, left, right = 0, SIDE, 0, SIDE
    while bottom - top >= _LEAST_SIDE and right - left >= _LEAST_SIDE:
        inner = marks[top:bottom, left:right]
        sides = [inner[0].mean(), inner[-1].mean(), inner[:, 0].mean(), inner[:, -1].mean()]
        least = int(np.argmin(sides))
        if sides[least] >= _FILLED:
            alone = marks.sum() - inner.sum() <= _STRAY * inner.sum()
            return Box(top, bottom, left, right) if alone and inner.mean() >= _FILLED else None
        top, bottom, left, right = top + (least == 0), bottom - (least == 1), left + (least == 2), right - (least == 3)
    return None


def _checked(box: Box) -> Box | None:
    if min(box.bottom - box.top, box.right - box.left) < _LEAST_SIDE or box == (0, SIDE, 0, SIDE):
        return None
    return box
