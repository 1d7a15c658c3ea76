"""Which of a file's tracks is the video: what a player shows, never a cover, a preview or a track of data."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from atom_core.errors import MediaError
from atom_core.media.container.opening import check_pixels, most_pixels, open_container

_NO_VIDEO = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
"""What a track is that stands beside the video."""
_NUM_PEEKED = 400
"""Packets looked at to see which of several tracks are single pictures: at least three seconds of all tracks."""


def picture_streams(container: InputContainer, path: Path, wanted: int | None = None) -> list[int]:
    """The streams of moving pictures that can be decoded by their index, that which players show first.

    That is one of more than one picture, which the file calls the default, and of such the largest.

    :param wanted: the one to take instead, by its number, from 1, among the tracks of pictures
    :raises MediaError: if there is none, or not the wanted one
    """
    tracks = list(container.streams.video)
    if wanted is not None:
        return [_wanted(tracks, path, wanted).index]
    usable = [track for track in tracks if not track.disposition & _NO_VIDEO and _is_decodable(track)]
    if not usable:
        raise MediaError(_fault(container, path), path=path)
    most = most_pixels(path.stat().st_size)
    fitting = [track for track in usable if track.codec_context.width * track.codec_context.height <= most]
    if not fitting:
        check_pixels(path, usable[0].codec_context.width, usable[0].codec_context.height)
    num_pictures = _num_pictures(container, fitting, path) if len(fitting) > 1 else Counter[int]()
    ranked = sorted(fitting, key=lambda track: _rank(track, num_pictures[track.index]), reverse=True)
    return [track.index for track in ranked]


def picture_stream(container: InputContainer, index: int) -> VideoStream:
    """The stream of pictures with that index."""
    stream = container.streams[index]
    assert isinstance(stream, VideoStream)
    return stream


def _rank(track: VideoStream, num_pictures: int) -> tuple[bool, bool, bool, int, int]:
    """Where a track stands among others, the highest first."""
    flags = track.disposition
    size = track.codec_context.width * track.codec_context.height
    return (num_pictures > 1, bool(flags & Disposition.default), not flags & Disposition.dependent, size, -track.index)


def _num_pictures(container: InputContainer, tracks: list[VideoStream], path: Path) -> Counter[int]:
    """How many pictures tracks have by their index: as stated, or as the file begins."""
    counts = Counter({track.index: track.frames for track in tracks})
    counts_repeats = container.format.name == "avi"  # empty packets, each of which repeats a picture
    if all(counts.values()) and not counts_repeats:
        return counts
    counts.clear()
    with open_container(path) as again, suppress(av.error.FFmpegError, IndexError):
        for number, packet in enumerate(again.demux(video=[*range(len(again.streams.video))])):
            counts[packet.stream_index] += bool(packet.size)
            if number >= _NUM_PEEKED:
                break
    return counts


def _is_decodable(track: VideoStream) -> bool:
    """Whether there is a decoder: data and time codes have none, nor have pictures in unknown or encrypted form."""
    return track.codec_context is not None and track.codec_context.name != "none"


def _wanted(tracks: list[VideoStream], path: Path, wanted: int) -> VideoStream:
    if not 1 <= wanted <= len(tracks):
        raise MediaError(
            f"'{path}' has no picture track {wanted}; it has {len(tracks)}: choose another with --stream", path=path
        )
    if not _is_decodable(tracks[wanted - 1]):
        raise MediaError(
            f"picture track {wanted} of '{path}' cannot be decoded; choose another with --stream, or convert the file",
            path=path,
        )
    return tracks[wanted - 1]


def _fault(container: InputContainer, path: Path) -> str:
    """Why there is no video."""
    if any(not track.disposition & _NO_VIDEO for track in container.streams.video):
        return f"'{path}' has pictures in a form that cannot be decoded here; convert it to MP4"
    if container.streams.audio:
        return f"'{path}' has sound but no pictures; give a file with a video track"
    return f"'{path}' has no video track; give a file with one"
