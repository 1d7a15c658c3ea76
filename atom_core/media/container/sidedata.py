"""What frames carry beside their pixels."""

from __future__ import annotations

from typing import Any

import av


def side_data(frame: av.VideoFrame, kind: str) -> bytes | None:
    """What `frame` carries of a kind, by FFmpeg's name of it; None without.

    PyAV refuses to list any where there is a kind that it does not know yet, such as Exif: then it is None, too.
    """
    try:
        data: Any = frame.side_data.get(kind)
    except ValueError:
        return None
    return None if data is None else bytes(data)
