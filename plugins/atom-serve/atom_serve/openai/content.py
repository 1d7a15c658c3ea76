"""Messages as OpenAI's clients send them, made into a prompt: text, pictures and videos in their order."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import atom_core as atom

if TYPE_CHECKING:
    from atom_serve.service import Service

MOST_CLIPS = 16
"""Shots of a video that are read one by one; of a video with more, frames of the whole are read."""
_SUFFIXES = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "video/mp4": ".mp4",
    "video/webm": ".webm",
    "video/quicktime": ".mov",
    "video/x-matroska": ".mkv",
}
_SPAN = re.compile(r"#t=(\d+(?:\.\d+)?),(\d+(?:\.\d+)?)$", re.ASCII)
_ROLES = ("system", "developer", "user", "assistant")


def prompt_of(service: Service, messages: object) -> atom.Parts:
    """What the decoder reads of a conversation; encodes its pictures and videos.

    One question is asked in the words that the model was trained with, where it says which those are. Of several turns
    each is introduced by who speaks.

    :raises SettingsError: if a message has another form; `Refused` for a file outside the allowed folders
    :raises MediaError: if a video cannot be read
    """
    if not isinstance(messages, list) or not messages:
        raise atom.SettingsError("messages: expected a list of at least one message")
    turns = [(_role(message), _content(message)) for message in messages]
    videos = [part for _, content in turns for part in content if not isinstance(part, str)]
    features = iter(_encoded(service, [url for (url,) in videos]))
    one = len(turns) == 1 and turns[0][0] == "user"
    parts: list[Any] = []
    for role, content in turns:
        if not one and role in ("user", "assistant"):
            parts.append("User: " if role == "user" else "Assistant: ")
        for part in content:
            parts += [_worded(service, part) if one and videos else part] if isinstance(part, str) else next(features)
        parts += [] if one else ["\n"]
    if not one:
        parts.append("Assistant:")
    return _joined(parts)


def _worded(service: Service, text: str) -> str:
    wording = getattr(service.host.decoder, "wordings", {}).get("answer", "")
    return wording.replace("{question}", text) if "{question}" in wording else text


def _joined(parts: list[Any]) -> list[Any]:
    """Texts that follow each other, as one."""
    joined: list[Any] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return joined


def _role(message: object) -> str:
    role = message.get("role") if isinstance(message, dict) else None
    if role not in _ROLES:
        raise atom.SettingsError(f"messages: expected a role of {', '.join(_ROLES)}, got {role!r}")
    return str(role)


def _content(message: dict[str, Any]) -> list[str | tuple[str]]:
    """Texts, and the places of pictures and videos, in order."""
    content = message.get("content")
    if isinstance(content, str):
        return [content]
    if not isinstance(content, list):
        raise atom.SettingsError("messages: expected content as a text or a list of parts")
    return [_part(part) for part in content]


def _part(part: object) -> str | tuple[str]:
    kind = part.get("type") if isinstance(part, dict) else None
    given: Any = part.get(str(kind)) if isinstance(part, dict) else None
    if kind == "text" and isinstance(given, str):
        return given
    if kind in ("image_url", "video_url", "video", "file", "input_video"):
        url = given
        if isinstance(given, dict):
            url = next((given[name] for name in ("url", "file_id", "file_data", "path") if name in given), None)
        if isinstance(url, str) and url:
            return (url,)
    raise atom.SettingsError(
        "messages: expected parts such as {'type': 'text', 'text': ...} or {'type': 'video_url', 'video_url': {'url':"
        f" ...}}}}, image_url likewise, got {kind!r}"
    )


def _encoded(service: Service, urls: list[str]) -> Iterator[list[atom.Features]]:
    """The features of each picture or video, those of one prompt together."""
    if not urls:
        return
    host = service.host
    clips: list[list[atom.Clip]] = []
    for url in urls:
        if url.startswith("data:"):
            video, span = host.video(_kept(service, url)), None
        else:
            name, span = _spanned(_name(url))
            video = service.given.video(name)
        shots = host.clips(video) if span is None else [_clip(video, *span)]
        clips.append(shots if len(shots) <= MOST_CLIPS else [atom.Clip.whole(video)])
    flat = [clip for shots in clips for clip in shots]
    features = iter(host.encoder.encode_batch(flat, in_one_prompt=len(flat) > 1))
    for shots in clips:
        yield [next(features) for _ in shots]


def _name(url: str) -> str:
    scheme, colon, rest = url.partition("://")
    if colon and scheme == "file":
        return "/" + rest.lstrip("/")
    if colon and scheme.isalnum():
        raise atom.SettingsError(f"{scheme} addresses are not fetched; send the file, or name one of an allowed folder")
    return url


def _spanned(name: str) -> tuple[str, tuple[float, float] | None]:
    """A name, and the span that follows it as a media fragment, ``#t=1.5,3``: seconds. https://www.w3.org/TR/media-frags"""
    found = _SPAN.search(name)
    return (name, None) if found is None else (name[: found.start()], (float(found[1]), float(found[2])))


def _clip(video: atom.Video, start_s: float, end_s: float) -> atom.Clip:
    end_s = min(end_s, video.duration_s)
    if not start_s < end_s:
        raise atom.SettingsError(
            f"the video has {video.duration_s:g} s; there is nothing from {start_s:g} s to {end_s:g} s"
        )
    return atom.Clip(video=video, start_s=start_s, end_s=end_s)


def _kept(service: Service, url: str) -> Any:
    """The file with what a data URL holds: one for equal contents, so that they are encoded once."""
    head, comma, data = url[5:].partition(",")
    kind, _, coding = head.partition(";")
    if not comma or coding != "base64" or kind not in _SUFFIXES:
        raise atom.SettingsError(f"a data URL is base64 of one of {', '.join(_SUFFIXES)}, got {head[:60]!r}")
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise atom.SettingsError("the data URL is no base64") from None
    path = service.uploads.folder / f"file-{hashlib.sha256(content).hexdigest()[:32]}{_SUFFIXES[kind]}"
    if path.exists():
        with suppress(OSError):
            os.utime(path)
        return path
    service.uploads.make_room()
    temporary = service.uploads.begin("part")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path
