"""What the library has, for the page: videos, their shots, and searches with the facets that narrow them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from attrs import evolve
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

import atom_core as atom
from atom_core.media.timelines.rates import source_rate
from atom_core.serving import plain
from atom_core.text.printable import printable
from atom_serve.bodies import only, read_json
from atom_serve.service import Service

MOST_VIDEOS = 60
"""Videos of one page of the list."""
_OWN = ("pictures", "captions", "words")
"""The channels that each search of a library has."""
_FACETS = ("kind", "recorded_from_s", "recorded_to_s", "shortest_s", "longest_s", "without", "channels")


def routes(service: Service) -> list[Route]:
    """The videos of the library, one of them, its facets, a search."""

    async def videos(request: Request) -> JSONResponse:
        named, skip = request.query_params.get("named", ""), _number(request.query_params.get("skip", "0"))
        return JSONResponse(await service.work.do(request, lambda: listed(service, named, skip)))

    async def video(request: Request) -> JSONResponse:
        name = request.path_params["id"]
        return JSONResponse(await service.work.do(request, lambda: opened(service, name)))

    async def facets(request: Request) -> JSONResponse:
        return JSONResponse(await service.work.do(request, lambda: facets_of(service)))

    async def search(request: Request) -> JSONResponse:
        body = await read_json(request)
        return JSONResponse(await service.work.do(request, lambda: found(service, body)))

    return [
        Route("/studio/videos", videos, methods=["GET"]),
        Route("/studio/videos/{id}", video, methods=["GET"]),
        Route("/studio/facets", facets, methods=["GET"]),
        Route("/studio/search", search, methods=["POST"]),
    ]


def about(video: atom.Video) -> dict[str, Any]:
    """What the page knows of a video: what it is called, and how its times become a player's and frames."""
    rate = source_rate(video)
    return {
        "id": video.content_hash,
        "name": printable(video.path.name),
        "folder": printable(str(video.path.parent)),
        "duration_s": video.duration_s,
        "width": video.width,
        "height": video.height,
        "rate": [rate.numerator, rate.denominator],
        "lead_s": video.lead_s,
        "leaps": plain(video.leaps),
        "has_audio": video.has_audio,
        "is_film": video.is_film,
        "fault": printable(video.fault),
    }


def listed(service: Service, named: str, skip: int) -> dict[str, Any]:
    """Videos of the library by name, some at a time."""
    known = sorted(service.host.library.videos().items(), key=lambda pair: (pair[1].name.casefold(), pair[0]))
    chosen = [pair for pair in known if named.casefold() in pair[1].name.casefold()]
    shown = [_known(service, *pair) for pair in chosen[skip : skip + MOST_VIDEOS]]
    return {"total": len(chosen), "videos": shown}


def _known(service: Service, content_hash: str, path: Path) -> dict[str, Any]:
    """A video of the library, or why it cannot be shown."""
    try:
        video = service.host.video(path)
    except atom.MediaError as error:
        return {"id": content_hash, "name": printable(path.name), "gone": printable(str(error))}
    if video.content_hash != content_hash:
        gone = "the file has changed since it was indexed; index it again"
        return {"id": content_hash, "name": printable(path.name), "gone": gone}
    return about(video)


def opened(service: Service, content_hash: str) -> dict[str, Any]:
    """A video with its shots."""
    video = service.host.video(service.of_library(content_hash))
    shots = [{"start_s": clip.start_s, "end_s": clip.end_s} for clip in service.host.clips(video)]
    return {**about(video), "shots": shots, "tasks": sorted(service.host.tasks), "captioned": _captioned(service)}


def _captioned(service: Service) -> dict[str, bool]:
    """The settings of captions that are of the pictures alone, as those of the library are."""
    if "caption" not in service.host.tasks:
        return {}
    known = service.host.about("caption")["settings"]
    return {name: False for name in ("hear", "read") if name in known}


def facets_of(service: Service) -> dict[str, Any]:
    """What a search can be narrowed by."""
    paths = service.host.library.videos().values()
    folders = Counter(str(path.parent) for path in paths)
    return {
        "num_videos": len(paths),
        "num_clips": len(service.host.library),
        "folders": [{"folder": name, "shown": printable(name), "videos": folders[name]} for name in sorted(folders)],
        "channels": [*_OWN, *sorted(service.host.channels())],
    }


def found(service: Service, body: dict[str, Any]) -> dict[str, Any]:
    """The moments that a search finds, with what the page needs to play them.

    :raises AtomError: if it cannot be searched, or something does not fit
    """
    only(body, "text", "limit", "skip", "video", "folder", *_FACETS)
    facets = {name: body[name] for name in _FACETS if body.get(name) not in (None, "", [])}
    query: atom.Query = service.given.record(
        {"text": body.get("text", ""), "limit": body.get("limit", 24), "skip": body.get("skip", 0), **facets},
        atom.Query,
    )
    if body.get("video"):
        query = evolve(query, videos=(str(body["video"]),))
    if body.get("folder"):  # one of the library's own, which tells nothing of others
        query = evolve(query, folder=Path(str(body["folder"])))
    moments = service.host.run("search", query, fold=True)
    videos = {moment.content_hash: moment.path for moment in moments}
    return {
        "moments": [_moment(moment) for moment in moments],
        "videos": {name: _known(service, name, path) for name, path in videos.items()},
        "more": len(moments) == query.limit,
    }


def _moment(moment: atom.Moment) -> dict[str, Any]:
    quotes = [{**plain(quote), "text": printable(quote.text)} for quote in moment.quotes]
    return {
        "video": moment.content_hash,
        "start_s": moment.start_s,
        "end_s": moment.end_s,
        "caption": printable(moment.caption),
        "score": round(moment.score, 3),
        "channels": {name: round(score, 3) for name, score in moment.channels.items()},
        "fits": moment.fits,
        "may_fit": moment.may_fit,
        "alike": moment.num_alike,
        "quotes": quotes,
    }


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise atom.SettingsError(f"expected a whole number, got {text[:20]!r}")
    return int(text)
