"""Moments as a page for a browser: a picture of each, which plays its span of the video."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Sequence
from html import escape

import atom_core as atom

POSTER_PIXELS = 320 * 240
_STYLE = """
body { font-family: system-ui, sans-serif; color: #222; max-width: 1080px; margin: 2em auto; padding: 0 1em; }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); gap: 1.5em; }
figure { margin: 0; } video { width: 100%; aspect-ratio: 4 / 3; background: #111; } small { color: #666; }
"""


def page(query: str, moments: Sequence[tuple[atom.Moment, str, str]]) -> str:
    """The page, as HTML.

    :param moments: what was found, best first, each with its `poster` and what is wrong with its file, or empty
    """
    title = f"{escape(query)} - Atom"
    head = f'<meta charset="utf-8">{_policy()}<title>{title}</title><style>{_STYLE}</style>'
    figures = "".join(_figure(*row) for row in moments)
    body = f"<h1>{escape(query)}</h1><main>{figures}</main>"
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>\n'


def _policy() -> str:
    """The page loads nothing but its own pictures and style, and plays files of this machine."""
    style = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode("ascii")
    rules = f"default-src 'none'; img-src data:; media-src file:; style-src 'sha256-{style}'; base-uri 'none'"
    return f'<meta http-equiv="Content-Security-Policy" content="{rules}; form-action \'none\'">'


def _figure(moment: atom.Moment, picture: str, fault: str) -> str:
    about = f"{moment.score:.3f}&ensp;{moment.times}&ensp;{escape(moment.path.name)}"
    shown = f"<small>{escape(fault)}</small>" if fault else _player(moment, picture)
    where = f'<small title="{escape(str(moment.path))}">{about}</small>'
    said = "".join(f"<q>{escape(one.text)}</q> <small>{escape(one.channel)}</small><br>" for one in moment.quotes)
    return f"<figure>{shown}<figcaption>{escape(moment.caption)}<br>{said}{where}</figcaption></figure>"


def _player(moment: atom.Moment, picture: str) -> str:
    span = f"#t={moment.start_s:.3f},{moment.end_s:.3f}"  # https://www.w3.org/TR/media-frags
    source = escape(moment.path.absolute().as_uri() + span)
    return f'<video controls preload="none" poster="{picture}" src="{source}"></video>'


def poster(video: atom.Video, moment: atom.Moment) -> str:
    """A picture from the middle of a moment of `video`, as a JPEG data URI.

    :raises MediaError: if the file is gone, has changed or cannot be decoded
    """
    from PIL import Image

    from atom_core.media.sample import sample

    clip = atom.Clip(video=video, start_s=moment.start_s, end_s=moment.end_s)
    image = sample(clip, 1, POSTER_PIXELS).images[0]
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
