"""Which decoders leave out, when asked to, just those pictures that no other is made from."""

from __future__ import annotations

from av.video.codeccontext import VideoCodecContext

_BY_PICTURE = ("h264", "mpeg2video")
"""Codecs whose pictures say themselves whether others are made from them; half of what usual encoders write are not."""
_VPS = b"\x40\x01"
"""How the video parameter set of H.265 begins (ITU-T H.265, 7.3.1.2): its kind, 32, in the lowest layer."""
_RECORD_BYTES = 22
"""What is before the parameter sets where MP4 and Matroska store them (ISO/IEC 14496-15, 8.3.3.1)."""


def leaves_out_unseen(decoder: VideoCodecContext) -> bool:
    """Whether its ``skip_frame`` of ``NONREF`` leaves out no picture that any other is made from."""
    if decoder.name == "hevc":
        return _has_one_sublayer(decoder.extradata or b"")
    return decoder.name in _BY_PICTURE


def _has_one_sublayer(extradata: bytes) -> bool:
    """Whether H.265 says that it has one temporal sub-layer: its pictures tell of their own sub-layer alone whether
    others are made from them (ITU-T H.265, 7.4.2.2, 7.4.3.1)."""
    at = extradata.find(_VPS, _RECORD_BYTES if extradata[:1] == b"\1" else 0)
    return 0 <= at < len(extradata) - 3 and extradata[at + 3] >> 1 & 7 == 0
