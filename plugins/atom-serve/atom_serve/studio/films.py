"""What people have arranged: rendered to a film, or written for editing programs and players."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import evolve
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import atom_core as atom
from atom_serve.bodies import only, read_json
from atom_serve.rest.jobs import Job

if TYPE_CHECKING:
    from pathlib import Path

    from atom_serve.service import Service

MOST_CUTS = 2000
_KINDS = {"otio": "application/json", "edl": "text/plain", "srt": "application/x-subrip", "vtt": "text/vtt"}
"""What can be written, and the types of it."""


class FilmJob(Job):
    """A timeline rendered to a file that is kept for a day, as those that callers send."""

    def __init__(self, service: Service, timeline: atom.Timeline, path: Path) -> None:
        super().__init__(service, "film", [timeline], {}, is_list=False)
        self._path = path

    def prepare(self) -> None:
        """Nothing is left to be read."""
        self._records, self._settings = list(self._items), {"path": str(self._path)}

    def run(self) -> None:
        """Render it; where nothing comes of it, no file is left."""
        super().run()
        if self.state != "done":
            self._path.unlink(missing_ok=True)


def routes(service: Service) -> list[Route]:
    """Render what was arranged; write it as a text."""

    async def film(request: Request) -> JSONResponse:
        body = await read_json(request)
        timeline = await service.work.do(request, lambda: timeline_of(service, body))
        service.uploads.make_room()
        path = service.uploads.begin("film.mp4")
        try:
            job = FilmJob(service, timeline, path)
            service.jobs.add(job)
            service.work.submit(job.run, job.cancel, interactive=False)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return JSONResponse({**job.about(), "file": path.stem}, 202, {"location": f"/v1/jobs/{job.id}"})

    async def export(request: Request) -> Response:
        kind = request.path_params["kind"]
        if kind not in _KINDS:
            raise HTTPException(404, f"there is no format {kind[:20]!r}; there is {', '.join(_KINDS)}")
        body = await read_json(request)
        words = bool(body.pop("words", False))
        text = await service.work.do(request, lambda: written(service, timeline_of(service, body), kind, words=words))
        headers = {"content-disposition": f'attachment; filename="film.{kind}"'}
        return Response(text.encode(errors="backslashreplace"), media_type=_KINDS[kind], headers=headers)

    return [
        Route("/studio/films", film, methods=["POST"]),
        Route("/studio/export/{kind}", export, methods=["POST"]),
    ]


def timeline_of(service: Service, body: dict[str, Any]) -> atom.Timeline:
    """The timeline that a page has arranged: ``{"title": ..., "cuts": [{"video": ..., "start_s": ..., ...}]}``.

    :raises AtomError: if it is none, or a video is gone or has changed
    """
    only(body, "title", "cuts")
    title, cuts = body.get("title"), body.get("cuts")
    if not isinstance(title, str) or not isinstance(cuts, list) or not all(isinstance(cut, dict) for cut in cuts):
        raise HTTPException(400, "a film has a 'title' and a list of 'cuts'")
    if not 1 <= len(cuts) <= MOST_CUTS:
        raise HTTPException(400, f"a film has 1 to {MOST_CUTS} cuts, got {len(cuts)}")
    text = title.strip()[:1000] or "Film"
    return atom.Timeline(request=atom.Request(text=text), cuts=tuple(_cut(service, cut, text) for cut in cuts))


def _cut(service: Service, value: dict[str, Any], title: str) -> atom.Cut:
    only(value, "video", "start_s", "end_s", "caption", "line")
    content_hash, caption = value.get("video"), value.get("caption", "")
    start_s, end_s = value.get("start_s"), value.get("end_s")
    if not isinstance(content_hash, str) or not isinstance(caption, str):
        raise HTTPException(400, "a cut has the content hash of its 'video', and may have a 'caption'")
    if not all(isinstance(at_s, (int, float)) and not isinstance(at_s, bool) for at_s in (start_s, end_s)):
        raise HTTPException(400, "a cut has 'start_s' and 'end_s', numbers of seconds")
    video = service.host.video(service.of_library(content_hash))
    start_s, end_s = float(start_s), min(float(end_s), video.duration_s)  # type: ignore[arg-type]
    if not 0 <= start_s < end_s:
        raise HTTPException(400, f"a cut begins before it ends, within its video; got {start_s:g} to {end_s:g} s")
    line = value.get("line")
    return atom.Cut(
        path=video.path,
        content_hash=content_hash,
        start_s=start_s,
        end_s=end_s,
        line=line if isinstance(line, str) and line else caption or title,
        caption=caption,
        score=1.0,
    )


def written(service: Service, timeline: atom.Timeline, kind: str, *, words: bool = False) -> str:
    """A timeline as a text.

    :param words: whether subtitles have what is said, rather than what is shown
    :raises SettingsError: if what writes it, or hears it, is not installed
    """
    from atom_core.media.timelines.edl import check_edl, to_edl
    from atom_core.media.timelines.otio import to_otio
    from atom_core.media.timelines.subtitles import to_srt, to_vtt
    from atom_core.text.printable import printable_json

    videos: Mapping[str, atom.Video] = {cut.content_hash: service.host.video(cut.path) for cut in timeline.cuts}
    if kind == "otio":
        return printable_json(to_otio(timeline, videos))
    if kind == "edl":
        check_edl()
        return to_edl(timeline, videos)
    items = _said(service, timeline) if words else _shown(timeline)
    return (to_vtt if kind == "vtt" else to_srt)(items)


def _shown(timeline: atom.Timeline) -> list[tuple[float, float, str]]:
    items, elapsed_s = [], 0.0
    for cut in timeline.cuts:
        items.append((elapsed_s, elapsed_s + cut.duration_s, cut.caption or cut.line))
        elapsed_s += cut.duration_s
    return items


def _said(service: Service, timeline: atom.Timeline) -> list[tuple[float, float, str]]:
    """What is said in the cuts, on the clock of the film."""
    from atom_core.media.timelines.cues import cues

    if "transcribe" not in service.host.tasks:
        raise atom.SettingsError("subtitles of what is said need a plugin that hears; install atom-speech")
    made: list[atom.Utterance] = []
    elapsed_s = 0.0
    for cut in timeline.cuts:
        for one in service.host.run("transcribe", service.host.video(cut.path)):
            text = one.during(cut.start_s, cut.end_s)
            if text:
                made.append(_moved(one, cut, elapsed_s - cut.start_s, text))
        elapsed_s += cut.duration_s
    return cues(made)


def _moved(one: atom.Utterance, cut: atom.Cut, by_s: float, text: str) -> atom.Utterance:
    """What of an utterance is said in a cut, so much later."""

    def bounded(span: atom.Span) -> tuple[float, float]:
        start_s, end_s = max(span.start_s, cut.start_s) + by_s, min(span.end_s, cut.end_s) + by_s
        return max(start_s, 0.0), max(end_s, start_s, 0.0)

    words = []
    for word in one.words:
        if cut.start_s <= (word.start_s + word.end_s) / 2 < cut.end_s:
            start_s, end_s = bounded(word)
            words.append(evolve(word, start_s=start_s, end_s=end_s))
    start_s, end_s = bounded(one)
    return evolve(one, start_s=start_s, end_s=end_s, text=text, words=words)
