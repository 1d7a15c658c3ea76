"""What agents can ask of a host: plain functions of texts and numbers, whose results are JSON values.

An agent does what the texts it reads tell it, those of videos among them. So it may read the videos of the library and
of allowed folders, write into allowed folders, and replace or delete nothing of the user's.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import atom_core as atom
from atom_serve.access.folders import Folders, Refused

MOST_FRAMES = 8
"""Pictures given at once."""
MOST_CLIPS = 200
"""Clips described at once: a call waits for all of them."""
FRAME_PIXELS = 640 * 480
_INSTANT_S = 0.001


class Tools:
    """One host's tools. Each may be called from several threads."""

    def __init__(self, host: atom.Host, folders: Folders) -> None:
        """
        :param folders: where videos may be read beside those of the library, and files written
        """
        self._host, self._folders = host, folders

    def list_videos(self) -> list[dict[str, Any]]:
        """The videos of the library, by path."""
        videos = self._host.library.videos()
        return [{"video": str(path), "is_there": path.is_file()} for path in sorted(videos.values())]

    def search_moments(self, query: str, limit: int = 10, without: str = "", video: str = "") -> list[dict[str, Any]]:
        """Moments that show what `query` says, best first.

        :param limit: how many at most
        :param without: what they are not to show
        :param video: stay within this one
        """
        _check(1 <= limit <= 100, f"limit is from 1 to 100, got {limit}")
        within = (self._video(video).content_hash,) if video else ()
        asked = atom.Query(text=query, limit=limit, without=without, videos=within)
        return [_moment(moment) for moment in self._host.run("search", asked)]

    def ask_video(self, question: str, videos: Sequence[str] = ()) -> dict[str, Any]:
        """An answer about one video or several together, or about the whole library, with the times that support it."""
        chosen = [self._video(name) for name in videos] or [
            self._host.video(path) for path in self._found(question) if path.is_file()
        ]
        _check(bool(chosen), "the library is empty; index videos with `atom index`, or name one")
        asked = atom.Question(video=chosen[0], text=question, others=tuple(chosen[1:]))
        answer = self._host.run("answer", asked)
        evidence = [
            {"video": str(span.video.path) if isinstance(span, atom.Clip) else str(chosen[0].path), **_times(span)}
            for span in answer.evidence
        ]
        return {"answer": answer.text, "confidence": answer.confidence, "evidence": evidence}

    def describe_video(self, video: str, start_s: float = 0.0, end_s: float | None = None) -> list[dict[str, Any]]:
        """What each shot of a video shows, in order.

        :param start_s: shots that end before are left out, seconds
        :param end_s: shots that begin after are left out, seconds
        """
        clips = [
            clip
            for clip in self._host.clips(self._video(video))
            if clip.end_s > start_s and (end_s is None or clip.start_s < end_s)
        ]
        _check(
            len(clips) <= MOST_CLIPS,
            f"there are {len(clips)} shots, {MOST_CLIPS} at most at once; narrow start_s, end_s",
        )
        return [{**_times(one.clip), "caption": one.text} for one in self._host.collect("caption", clips)]

    def frames_at(self, video: str, times_s: Sequence[float]) -> list[bytes]:
        """The pictures that a player shows at some times, as JPEG files."""
        _check(1 <= len(times_s) <= MOST_FRAMES, f"1 to {MOST_FRAMES} times at once, got {len(times_s)}")
        shown = self._video(video)
        return [self._picture(shown, time_s) for time_s in times_s]

    def transcript(self, video: str) -> list[dict[str, Any]]:
        """What is said in a video, in order, where a plugin hears it."""
        _check("transcribe" in self._host.tasks, "no installed plugin hears speech; install atom-speech")
        heard = self._host.run("transcribe", self._video(video))
        return [{**_times(one), "text": one.text, "language": one.language} for one in heard]

    def assemble_film(self, request: str, output: str, length_s: float | None = None) -> dict[str, Any]:
        """A film of the library's shots that fits a request in words, as one MP4 file that is new or Atom's.

        :param output: the file, in an allowed folder
        :param length_s: how long it may be
        """
        path = self._output(output, (".mp4",))
        timeline = self._timeline(request, length_s)
        film = self._host.run("film", timeline, path=str(path))
        return {"film": str(film.path), **_told(timeline)}

    def export_timeline(self, request: str, output: str, length_s: float | None = None) -> dict[str, Any]:
        """The cuts that fit a request in words, for an editing program. Writes one new file, or replaces one of Atom's.

        :param output: the file, in an allowed folder: .otio (OpenTimelineIO) or .edl (CMX 3600)
        :param length_s: how long the film may be
        """
        from atom_core.files.outputs import NotOurs, Outputs
        from atom_core.media.timelines.edl import check_edl, to_edl
        from atom_core.media.timelines.otio import to_otio
        from atom_core.text.printable import printable_json

        path = self._output(output, (".otio", ".edl"))
        if path.suffix == ".edl":
            check_edl()
        outputs = Outputs(self._host.settings.cache)
        try:
            outputs.check(path)
            timeline = self._timeline(request, length_s)
            videos = {cut.content_hash: self._host.video(cut.path) for cut in timeline.cuts}
            text = to_edl(timeline, videos) if path.suffix == ".edl" else printable_json(to_otio(timeline, videos))
            outputs.write(path, text)
        except NotOurs as error:
            raise atom.SettingsError(f"'{output}': {error.strerror}; choose another name") from None
        except OSError as error:
            raise atom.SettingsError(f"'{output}' cannot be written: {error.strerror}; choose another") from None
        return {"timeline": str(path), **_told(timeline)}

    def _timeline(self, request: str, length_s: float | None) -> atom.Timeline:
        timeline: atom.Timeline = self._host.run("assemble", atom.Request(text=request, length_s=length_s))
        return timeline

    def _video(self, name: str) -> atom.Video:
        """A video of the library, by its path or its file's name, or one of an allowed folder.

        :raises AtomError: if it is none of them, or cannot be read
        """
        known = sorted(self._host.library.videos().values())
        alike = [path for path in known if str(path) == name] or [path for path in known if path.name == name]
        if len(alike) > 1:
            raise atom.SettingsError(f"{len(alike)} videos are called '{name}', such as {alike[0]}; give the path")
        if alike:
            return self._host.video(alike[0])
        try:
            return self._host.video(self._folders.file(name))
        except Refused:
            raise Refused(
                f"'{name}' is neither in the library nor in an allowed folder; list_videos tells what there is"
            ) from None

    def _found(self, question: str) -> list[Path]:
        """The videos of the library that a question is asked of: all of few, those that a search finds of many."""
        known = list(self._host.library.videos().values())
        if len(known) <= MOST_CLIPS // 10:
            return sorted(known)
        moments = self._host.run("search", atom.Query(text=question, limit=MOST_CLIPS // 2))
        return sorted(dict.fromkeys(moment.path for moment in moments))[: MOST_CLIPS // 10]

    def _output(self, name: str, suffixes: tuple[str, ...]) -> Path:
        """Where a file is to be written.

        :raises SettingsError: if it may not be written there, or is not called as what it will be
        """
        _check(bool(self._folders.allowed), "no folder is allowed to be written into; start it with --allow FOLDER")
        try:
            path = self._folders.place(name)
        except Refused:
            raise Refused(f"'{name}' lies outside the allowed folders, such as {self._folders.allowed[0]}") from None
        _check(path.suffix.lower() in suffixes, f"'{name}' is to end in {' or '.join(suffixes)}")
        _check(path.parent.is_dir(), f"'{name}': there is no folder '{path.parent}'")
        return path

    def _picture(self, video: atom.Video, time_s: float) -> bytes:
        import PIL.Image

        _check(0 <= time_s <= video.duration_s, f"{time_s:g} s is not within the video's {video.duration_s:g} s")
        start_s = min(time_s, max(0.0, video.duration_s - _INSTANT_S))
        clip = atom.Clip(video=video, start_s=start_s, end_s=start_s + _INSTANT_S)
        (image,) = self._host.frames(clip, 1, max_pixels=FRAME_PIXELS).images
        file = io.BytesIO()
        PIL.Image.fromarray(image).save(file, "JPEG", quality=85)
        return file.getvalue()


def _check(holds: bool, said: str) -> None:
    if not holds:
        raise atom.SettingsError(said)


def _times(span: atom.Span) -> dict[str, Any]:
    return {"start_s": round(span.start_s, 3), "end_s": round(span.end_s, 3)}


def _moment(moment: atom.Moment) -> dict[str, Any]:
    quotes = [{**_times(one), "channel": one.channel, "text": one.text} for one in moment.quotes]
    found = {"video": str(moment.path), **_times(moment), "caption": moment.caption, "score": round(moment.score, 3)}
    return {**found, "fits": moment.fits, "may_fit": moment.may_fit, "quotes": quotes}


def _told(timeline: atom.Timeline) -> Mapping[str, Any]:
    cuts = [
        {"video": str(cut.path), **_times(cut), "line": cut.line, "caption": cut.caption, "why": cut.reason}
        for cut in timeline.cuts
    ]
    missing = [{"line": one.line, "why": one.reason} for one in timeline.unmet]
    return {"duration_s": round(timeline.duration_s, 3), "cuts": cuts, "missing": missing}
