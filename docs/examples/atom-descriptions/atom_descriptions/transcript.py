"""The format ``transcript``."""

from __future__ import annotations

from html import escape

import atom_core as atom


def transcript(captions: list[atom.Caption]) -> str:
    """A page for screen readers, with a paragraph for each shot of the video."""
    name = escape(captions[0].clip.video.path.name)
    lines = [f"<p><time>{caption.clip.times}</time> {escape(caption.text)}</p>" for caption in captions]
    head = f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{name}</title>\n<h1>{name}</h1>'
    return "\n".join([head, *lines, "</html>"]) + "\n"
