"""What ``atom search`` is asked, as a `Query`."""

from __future__ import annotations

import argparse
import math
import re
import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import atom_core as atom

_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_MOST_DIGITS = 9
_SAYING = "LNSM"
"""Classes of letters that a search may be made of: letters, numbers, symbols such as emoji, and marks."""
_NAMES = "--in, --kind, --since, --until, --shortest and --longest"


def add_query_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what to look for, and within which filters."""
    parser.add_argument(
        "text",
        nargs="*",
        metavar="TEXT",
        help='what to look for; "in quotes" what must be said so, and word* for beginnings',
    )
    parser.add_argument(
        "--like", action=_Once, metavar="FILE@TIME", help="moments that look like the one at this time of a video"
    )
    parser.add_argument("--image", action=_Once, metavar="FILE", help="moments that look like this picture")
    said = "leave out moments that show this"
    parser.add_argument("--not", dest="without", action=_Once, metavar="TEXT", default="", help=said)
    said = (
        "find by these channels alone: pictures, captions, words, speech, text, or what plugins bring; may be repeated"
    )
    parser.add_argument("--channel", dest="channels", action="append", metavar="NAME", default=[], help=said)
    said = "only videos in this folder, or below it"
    parser.add_argument("--in", dest="folder", action=_Once, metavar="DIR", help=said)
    parser.add_argument(
        "--kind", action=_Once, choices=("footage", "film"), help="only footage, or only films that Atom rendered"
    )
    said = "only videos recorded on this day or later: YYYY, YYYY-MM or YYYY-MM-DD, with a time if need be"
    parser.add_argument("--since", type=_first, metavar="DATE", help=said)
    parser.add_argument("--until", type=_last, metavar="DATE", help="only videos recorded on this day or earlier")
    parser.add_argument(
        "--shortest", type=seconds, metavar="SECONDS", default=0.0, help="only moments of this length up"
    )
    parser.add_argument("--longest", type=seconds, metavar="SECONDS", help="only moments of this length or less")
    parser.add_argument(
        "--skip", type=_number, metavar="N", default=0, help="leave out the best N, as on earlier pages (0)"
    )
    parser.add_argument("--fold", action="store_true", help="leave out near-duplicates of better moments")
    parser.add_argument("--merge", action="store_true", help="make one moment of neighbouring shots of a video")


class _Once(argparse.Action):
    """Stores the value of an option that takes one, and refuses another: whoever gives two wants both."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        """
        :raises ArgumentError: if there is another value already
        """
        del parser, option_string
        if getattr(namespace, self.dest) not in (self.default, values):
            raise argparse.ArgumentError(
                self, f"takes one value, got two; search once with each, {values!r} the second"
            )
        setattr(namespace, self.dest, values)


def query_of(context: atom.CommandContext, limit: int, *, skip: int = 0) -> atom.Query:
    """The query that the arguments make.

    :raises SettingsError: if there is nothing to look for, or nothing that the filters leave could be
    :raises MediaError: if a file to look like cannot be read
    """
    args = context.args
    text = " ".join(args.text).strip()
    if args.like and args.image:
        raise atom.SettingsError("--like and --image both say what moments are to look like; leave one out")
    if not text and not (args.like or args.image):
        raise atom.SettingsError("the search text is empty; say what to look for: atom search TEXT")
    for said in (text, args.without.strip()):
        if said and not any(unicodedata.category(letter)[0] in _SAYING for letter in said):
            raise atom.SettingsError(f"there is no word in {said!r}; say what to look for in words: atom search TEXT")
    if args.folder is not None and not Path(args.folder).is_dir():
        raise atom.SettingsError(f"there is no folder '{args.folder}'; name the one that the videos are in: --in DIR")
    if args.longest is not None and args.longest < args.shortest:
        raise atom.SettingsError(f"--longest {args.longest:g} is less than --shortest {args.shortest:g}; raise it")
    if args.since is not None and args.until is not None and args.until <= args.since:
        raise atom.SettingsError("--until is before --since, which leaves no time between; change one of them")
    return atom.Query(
        text=text,
        limit=limit,
        skip=skip,
        like=_like(context),
        without=args.without.strip(),
        folder=args.folder,
        kind=args.kind or "",
        recorded_from_s=args.since,
        recorded_to_s=args.until,
        shortest_s=args.shortest,
        longest_s=args.longest,
        channels=tuple(args.channels),
    )


def nothing_left(query: atom.Query) -> str:
    """What there is to say where a search has found nothing at all."""
    if query.skip:
        return f"there are no moments after the first {query.skip}; ask for an earlier page with a smaller --skip"
    if query.is_filtered:
        added = "; films that Atom rendered are added by: atom index PATH --films"
        said = f"no moment is left by the filters; widen or leave out one of {_NAMES}"
        return said + added * (query.kind == "film")
    if '"' in query.text:
        return (
            f"nothing is described, said or written as it stands in quotes in {query.text}; search without the quotes"
            " for what comes near"
        )
    if query.channels:
        return f"nothing is found by {' or '.join(query.channels)} alone; leave out --channel to ask all there are"
    if query.without:
        return f"no moment is left that does not show {query.without!r}; leave out --not, or name less with it"
    return "no moment is left; look for something else"


def _like(context: atom.CommandContext) -> atom.Clip | None:
    host, args = context.host(), context.args
    if args.image:
        return atom.Clip.whole(host.video(args.image))
    if not args.like:
        return None
    name, _, time = args.like.rpartition("@")
    at_s = _time(time)
    if not name or at_s is None:
        raise atom.SettingsError(f"--like {args.like!r} names no time of a video; write FILE@SECONDS or FILE@MM:SS")
    video = host.video(name)
    clips: list[atom.Clip] = host.clips(video)
    for clip in clips:
        if clip.start_s <= at_s < clip.end_s:
            return clip
    raise atom.SettingsError(f"'{name}' lasts {video.duration_s:.1f} s, there is nothing at {time}; name a time before")


def _time(text: str) -> float | None:
    """Seconds of ``12.5``, ``1:23`` or ``1:02:03``; None if it is no time."""
    parts = text.split(":")
    try:
        values = [float(part) for part in parts]
    except ValueError:
        return None
    if len(parts) > 3 or not all(math.isfinite(value) and value >= 0 for value in values):
        return None
    return float(sum(value * 60**place for place, value in enumerate(reversed(values))))


def _first(text: str) -> float:
    return _day(text)[0].timestamp()


def _last(text: str) -> float:
    """The end of the day, month or year that is named."""
    start, step = _day(text)
    return step(start).timestamp()


def _day(text: str) -> tuple[datetime, Callable[[datetime], datetime]]:
    """When what `text` names begins, by the clock of this machine, and how to get to its end."""
    try:
        if (found := _DATE.fullmatch(text.strip())) is None:
            when = datetime.fromisoformat(text.strip())
            return (when if when.tzinfo else when.astimezone()), lambda start: start + timedelta(seconds=1)
        year, month, day = (int(part) if part else None for part in found.groups())
        start = datetime(year or 0, month or 1, day or 1).astimezone()
        if day:
            return start, lambda one: (one + timedelta(days=1, hours=2)).replace(hour=0)
        if month:
            return start, lambda one: (one + timedelta(days=32)).replace(day=1, hour=0)
        return start, lambda one: one.replace(year=one.year + 1)
    except (ValueError, OverflowError, OSError):
        raise argparse.ArgumentTypeError(f"expected a date such as 2024, 2024-05 or 2024-05-31, got {text!r}") from None


def seconds(text: str) -> float:
    """Seconds, 0 or more, for argparse."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise argparse.ArgumentTypeError(f"expected a number of seconds, got {text!r}")
    return value


def whole_number(text: str) -> int:
    """A number of moments, for argparse; -1 where that is none at all."""
    if not text.isdecimal():
        return -1
    if len(text.lstrip("0")) > _MOST_DIGITS:
        raise argparse.ArgumentTypeError(f"expected a number below {10**_MOST_DIGITS}, got one of {len(text)} digits")
    return int(text)


def _number(text: str) -> int:
    if (number := whole_number(text)) < 0:
        raise argparse.ArgumentTypeError(f"expected a whole number, got {text!r}")
    return number
