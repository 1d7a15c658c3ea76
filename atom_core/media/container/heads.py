"""What key pictures say of their size, to be compared byte by byte: whether it may change within a file."""

from __future__ import annotations

from collections.abc import Callable

HEAD_BYTES = 4096
"""How far into a packet the size is looked for."""
_START = b"\0\0\1"


def head_finder(codec: str, extradata: bytes | None) -> Callable[[bytes], bytes] | None:
    """What finds the part of a key picture's packet that its size depends on, in the first `HEAD_BYTES`, or nothing.

    :return: None where the size is not told there, or not in a way that is known
    """
    is_told_once = codec in ("h264", "hevc") and (extradata or b"")[:1] == b"\1"  # as MP4 and Matroska do
    return None if is_told_once else _HEADS.get(codec)


def _vp8(data: bytes) -> bytes:
    """Width and height (RFC 6386, 9.1)."""
    return data[6:10] if data[3:6] == b"\x9d\x01\x2a" else b""


def _vp9(data: bytes) -> bytes:
    """Colour, width and height of profile 0 (VP9 bitstream, 6.2)."""
    return data[4:8] + bytes([data[8] & 0xF0]) if data[1:4] == b"\x49\x83\x42" and len(data) > 8 else b""


def _mpeg(data: bytes) -> bytes:
    """Width, height and aspect ratio of the sequence (ISO/IEC 13818-2, 6.2.2.1)."""
    at = data.find(_START + b"\xb3")
    return data[at + 4 : at + 7] + bytes([data[at + 7] & 0xF0]) if 0 <= at < len(data) - 7 else b""


def _parameters(is_wanted: Callable[[int], bool]) -> Callable[[bytes], bytes]:
    """The first unit of the kind that is wanted, of those that begin with a start code (H.264 and H.265, annex B)."""

    def find(data: bytes) -> bytes:
        at = data.find(_START)
        while 0 <= at < len(data) - 3:
            end = data.find(_START, at + 3)
            if is_wanted(data[at + 3]):
                return data[at + 3 : end].rstrip(b"\0") if end >= 0 else b""
            at = end
        return b""

    return find


_HEADS = {
    "vp8": _vp8,
    "vp9": _vp9,
    "mpeg1video": _mpeg,
    "mpeg2video": _mpeg,
    "h264": _parameters(lambda kind: kind & 0x1F == 7),
    "hevc": _parameters(lambda kind: kind >> 1 & 0x3F == 33),
}
