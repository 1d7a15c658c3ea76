"""The tools as agents call them: each runs in a thread, and is cancelled with its call. Needs the package ``mcp``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import anyio
from mcp.server.mcpserver import Image
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

import atom_core as atom
from atom_core.serving import Cancel, Usage, working_for
from atom_serve.agents.tools import Tools

T = TypeVar("T")
_THREADS = 32
"""Calls worked on at once."""

Video = Annotated[str, Field(description="path of a video, or its file's name where it is in the library")]
Request = Annotated[str, Field(description="what the film is to show, in words")]
Output = Annotated[str, Field(description="file to write, in an allowed folder")]
Length = Annotated[float | None, Field(description="how long the film may be at most, seconds", gt=0)]
Found = list[dict[str, Any]]


class Calls:
    """One agent's calls, or those of many. Names, annotations and docstrings are what agents see."""

    def __init__(self, tools: Tools, usage: Usage) -> None:
        """
        :param usage: told while a tool works
        """
        self._tools, self._usage = tools, usage
        self._limiter = anyio.CapacityLimiter(_THREADS)

    async def list_videos(self) -> Found:
        """List the videos of the library. Changes nothing."""
        return await self._done(self._tools.list_videos)

    async def search_moments(
        self,
        query: Annotated[str, Field(description="what is shown, said or written in the moments", min_length=1)],
        limit: Annotated[int, Field(description="how many at most", ge=1, le=100)] = 10,
        without: Annotated[str, Field(description="what they are not to show")] = "",
        video: Annotated[str, Field(description="stay within this video")] = "",
    ) -> Found:
        """Find moments of the library in words, best first. `fits` tells whether a moment shows what was looked for,
        or is only the nearest there is, `may_fit` whether that is open: look at such a moment. Changes nothing."""
        return await self._done(lambda: self._tools.search_moments(query, limit, without, video))

    async def ask_video(
        self,
        question: Annotated[str, Field(description="one question, in plain English", min_length=1)],
        videos: Annotated[tuple[str, ...], Field(description="the videos to look at; empty is the library")] = (),
    ) -> dict[str, Any]:
        """Answer a question about videos, with how sure the answer is and the times that support it.
        Changes nothing."""
        return await self._done(lambda: self._tools.ask_video(question, videos))

    async def describe_video(
        self,
        video: Video,
        start_s: Annotated[float, Field(description="from here on, seconds")] = 0.0,
        end_s: Annotated[float | None, Field(description="up to here, seconds")] = None,
    ) -> Found:
        """Describe each shot of a video, in order. Changes nothing."""
        return await self._done(lambda: self._tools.describe_video(video, start_s, end_s))

    async def frames_at(
        self,
        video: Video,
        times_s: Annotated[list[float], Field(description="when, seconds", min_length=1, max_length=8)],
    ) -> list[Image]:
        """Show the pictures of a video at some times. Changes nothing."""
        pictures = await self._done(lambda: self._tools.frames_at(video, times_s))
        return [Image(data=picture, format="jpeg") for picture in pictures]

    async def transcript(self, video: Video) -> Found:
        """Tell what is said in a video, in order. Changes nothing."""
        return await self._done(lambda: self._tools.transcript(video))

    async def assemble_film(self, request: Request, output: Output, length_s: Length = None) -> dict[str, Any]:
        """Make a film of the library's shots and write it as MP4. Writes one file; replaces no file but a film that
        Atom made."""
        return await self._done(lambda: self._tools.assemble_film(request, output, length_s))

    async def export_timeline(self, request: Request, output: Output, length_s: Length = None) -> dict[str, Any]:
        """Write the cuts of a film for an editing program, as .otio or .edl. Writes one file; replaces no file but one
        that Atom wrote."""
        return await self._done(lambda: self._tools.export_timeline(request, output, length_s))

    async def _done(self, call: Callable[[], T]) -> T:
        cancel = Cancel()

        def work() -> T:
            with self._usage.using(), working_for(cancel, interactive=True):
                return call()

        try:
            return await anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._limiter)
        except atom.AtomError as error:
            raise ToolError(str(error)) from error  # of others agents are told nothing but that there was one
        finally:
            cancel.set()
