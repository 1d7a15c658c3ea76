"""SMPTE time codes: hours, minutes, seconds and frames, as cameras write them and editing programs count.

Where a rate is a little below a whole number (29.97), a time code that "drops frames" leaves out two numbers a minute,
but not in every tenth minute, so that it keeps to the clock; it has a semicolon before its frames. SMPTE ST 12-1.
"""

from __future__ import annotations

import re
from fractions import Fraction

from av.container import InputContainer
from av.video.stream import VideoStream

from atom_core.media.timelines.rates import source_rate
from atom_core.records import Video

_FORM = re.compile(r"(\d{2}):(\d{2}):(\d{2})([:;.,])(\d{2,3})", re.ASCII)
_DAY_S = 24 * 3600


def stated_timecode(container: InputContainer, pictures: VideoStream) -> str:
    """The time code of the first picture; "" if none is stated.

    That of its own track goes before that of a time code track, that of the file, and that of a sound track.
    """
    codes, sounds = (
        [stream.metadata for stream in container.streams if stream.type == kind] for kind in ("data", "audio")
    )
    for metadata in (pictures.metadata, *codes, container.metadata, *sounds):
        for name in ("timecode", "TIMECODE"):
            found = _FORM.fullmatch(metadata.get(name, "").strip())
            if found and _is_time(found):
                hours, minutes, seconds, point, frames = found.groups()
                return f"{hours}:{minutes}:{seconds}{':' if point == ':' else ';'}{frames}"
    return ""


def timecodes(video: Video, start_s: float, end_s: float) -> str:
    """The time codes from and to which a span of `video` runs, its end exclusive; "" where the file states none.

    :param start_s: seconds from the first picture, as `end_s`
    """
    if not video.timecode:
        return ""
    rate, drops = source_rate(video), drops_frames(video.timecode)
    first = to_frames(video.timecode, rate)
    start, end = (to_timecode(first + round(time_s * rate), rate, drops=drops) for time_s in (start_s, end_s))
    return f"{start} - {end}"


def drops_frames(timecode: str) -> bool:
    """Whether `timecode` is of the kind that leaves numbers out."""
    return ";" in timecode


def to_frames(timecode: str, rate: Fraction) -> int:
    """How many frames of `rate` a time code counts from 00:00:00:00; 0 for "".

    :param rate: frames per second
    """
    found = _FORM.fullmatch(timecode)
    if found is None:
        return 0
    hours, minutes, seconds, _, frames = found.groups()
    total_minutes = int(hours) * 60 + int(minutes)
    count = (total_minutes * 60 + int(seconds)) * round(rate) + int(frames)
    return count - _dropped(rate) * (total_minutes - total_minutes // 10) if drops_frames(timecode) else count


def to_timecode(num_frames: int, rate: Fraction, *, drops: bool) -> str:
    """The time code of frame `num_frames` of `rate`; counted anew after a day.

    :param rate: frames per second
    :param drops: whether numbers are left out; only rates like 29.97 and 59.94 do that
    """
    nominal, dropped = round(rate), _dropped(rate) if drops else 0
    if dropped:
        tens, rest = divmod(num_frames, 600 * nominal - 9 * dropped)
        past_first = max((rest - dropped) // (60 * nominal - dropped), 0)
        num_frames += dropped * (9 * tens + past_first)
    total_s, frames = divmod(num_frames, nominal)
    total_s %= _DAY_S
    point = ";" if dropped else ":"
    return f"{total_s // 3600:02}:{total_s // 60 % 60:02}:{total_s % 60:02}{point}{frames:02}"


def at_rate(timecode: str, rate: Fraction, new_rate: Fraction, *, drops: bool) -> str:
    """The time code of the same hour, minute, second and part of it, counted at another rate; "" stays ""."""
    found = _FORM.fullmatch(timecode)
    if found is None:
        return ""
    *clock, _, frames = found.groups()
    nominal = round(new_rate)
    scaled = min(int(frames) * nominal // round(rate), nominal - 1)
    dropped = _dropped(new_rate) if drops else 0
    if dropped and clock[2] == "00" and int(clock[1]) % 10:
        scaled = max(scaled, dropped)  # the numbers below do not exist
    return f"{':'.join(clock)}{';' if dropped else ':'}{scaled:02}"


def _dropped(rate: Fraction) -> int:
    """How many numbers are left out a minute."""
    return round(rate) // 15 if rate.denominator == 1001 and round(rate) % 30 == 0 else 0


def _is_time(found: re.Match[str]) -> bool:
    return int(found[1]) < 24 and int(found[2]) < 60 and int(found[3]) < 60
