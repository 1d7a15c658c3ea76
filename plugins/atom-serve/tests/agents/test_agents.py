"""What agents can do, by the protocol's own client: over standard input and output, and over HTTP."""

from __future__ import annotations

import base64
import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from atom_serve.access.folders import Folders
from atom_serve.agents.protocol import READING, WRITING, make_server
from atom_serve.agents.tools import Tools

import atom_core as atom
from atom_core.testing.videos import BLUE, RED, Shot, write_video

pytest.importorskip("mcp", reason="needs the package mcp")
Call = Callable[..., Any]


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[atom.Host]:
    """A host whose library has two videos, one of them of two shots."""
    folder = tmp_path_factory.mktemp("agents")
    videos = [
        write_video(folder / "two.mp4", shots=[Shot(24, RED), Shot(24, BLUE)]),
        write_video(folder / "one.mp4", shots=[Shot(30, BLUE)]),
    ]
    settings = {"caption": {"max_new_tokens": 12}}
    with atom.open_host(
        model="tiny", cache=folder / "cache", library=folder / "library", tasks=settings, offline=True
    ) as host:
        host.collect("index-video", list(map(host.video, videos)))
        yield host


@pytest.fixture
def call(indexed: atom.Host, tmp_path: Path) -> Call:
    """Call a tool, as an agent does; its result, or the text of its failure."""
    import anyio
    from mcp import Client

    (tmp_path / "out").mkdir()
    server = make_server(Tools(indexed, Folders([tmp_path / "out"])))

    def call(name: str, **arguments: Any) -> Any:
        async def ask() -> Any:
            async with Client(server) as client:
                return await client.call_tool(name, arguments)

        done = anyio.run(ask)
        if done.is_error:
            return done.content[0].text
        value = done.structured_content
        return done.content if value is None else value.get("result", value) if isinstance(value, dict) else value

    return call


def test_tools_say_what_they_change(indexed: atom.Host) -> None:
    """Each tool is there, described, and marked as one that reads or one that writes; none destroys or goes online."""
    import anyio
    from mcp import Client

    async def listed() -> Any:
        async with Client(make_server(Tools(indexed, Folders()))) as client:
            return (await client.list_tools()).tools

    tools = anyio.run(listed)
    assert {tool.name for tool in tools} == {*READING, *WRITING}
    for tool in tools:
        assert tool.description
        assert tool.annotations.read_only_hint == (tool.name in READING)
        assert not tool.annotations.destructive_hint
        assert not tool.annotations.open_world_hint
        assert all("description" in about for about in tool.input_schema["properties"].values())


def test_the_library_is_listed_searched_and_described(call: Call) -> None:
    """By what it holds, in words, with times."""
    videos = call("list_videos")
    assert [Path(one["video"]).name for one in videos] == ["one.mp4", "two.mp4"]
    assert all(one["is_there"] for one in videos)
    found = call("search_moments", query="red", limit=2)
    assert len(found) == 2
    assert {"video", "start_s", "end_s", "caption", "score", "fits", "may_fit", "quotes"} == found[0].keys()
    assert {Path(one["video"]).name for one in call("search_moments", query="red", video="one.mp4")} == {"one.mp4"}
    shots = call("describe_video", video="two.mp4")
    assert [(one["start_s"], one["end_s"]) for one in shots] == [(0.0, 1.0), (1.0, 2.0)]
    assert len(call("describe_video", video="two.mp4", start_s=1.2)) == 1


def test_questions(call: Call) -> None:
    """Of one video, and of the library, with the times that support the answer."""
    answer = call("ask_video", question="How many shots are there?", videos=["two.mp4"])
    assert "two" in answer["answer"].lower() or "2" in answer["answer"]
    assert {Path(one["video"]).name for one in answer["evidence"]} == {"two.mp4"}
    assert call("ask_video", question="How many shots are there?")["answer"]


def test_pictures_are_those_that_are_shown(call: Call) -> None:
    """As pictures that agents see."""
    import numpy as np
    import PIL.Image

    pictures = call("frames_at", video="two.mp4", times_s=[0.5, 1.5, 2.0])
    assert [one.type for one in pictures] == ["image"] * 3
    shown = [np.asarray(PIL.Image.open(io.BytesIO(base64.b64decode(one.data)))) for one in pictures]
    assert [int(image.mean((0, 1)).argmax()) for image in shown] == [0, 2, 2]


def test_films_and_timelines(call: Call, tmp_path: Path) -> None:
    """Written into the allowed folder, with the cuts and what is missing; what others wrote there is kept."""
    film = call("assemble_film", request="Everything", output="film.mp4")
    assert Path(film["film"]) == tmp_path / "out" / "film.mp4"
    assert film["duration_s"] == pytest.approx(3.25, abs=0.1)
    assert len(film["cuts"]) == 3
    assert "film" in call("assemble_film", request="Everything", output="film.mp4")
    timeline = call("export_timeline", request="Everything", output="film.otio")
    assert json.loads(Path(timeline["timeline"]).read_text())["OTIO_SCHEMA"].startswith("Timeline")
    (tmp_path / "out" / "mine.otio").write_text("mine")
    assert "choose another name" in call("export_timeline", request="Everything", output="mine.otio")
    assert (tmp_path / "out" / "mine.otio").read_text() == "mine"


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("describe_video", {"video": "/etc/passwd"}, "neither in the library nor in an allowed folder"),
        ("describe_video", {"video": "../two.mp4"}, "neither in the library"),
        ("describe_video", {"video": ""}, "neither in the library"),
        ("frames_at", {"video": "two.mp4", "times_s": [9.0]}, "not within the video's 2 s"),
        ("frames_at", {"video": "two.mp4", "times_s": [float(n) for n in range(9)]}, "at most 8"),
        ("search_moments", {"query": ""}, "at least 1"),
        ("search_moments", {"query": "x", "limit": 0}, "greater than or equal to 1"),
        ("assemble_film", {"request": "Everything", "output": "../film.mp4"}, "outside the allowed folders"),
        ("assemble_film", {"request": "Everything", "output": "/tmp/film.mp4"}, "outside the allowed folders"),
        ("assemble_film", {"request": "Everything", "output": "film.sh"}, "is to end in .mp4"),
        ("assemble_film", {"request": "Everything", "output": "none/film.mp4"}, "there is no folder"),
        ("export_timeline", {"request": "a purple hedgehog", "output": "x.otio"}, "nothing in library"),
    ],
)
def test_what_agents_may_not_do(call: Call, tmp_path: Path, tool: str, arguments: dict[str, Any], said: str) -> None:
    """One line that says what is wrong, and nothing is written."""
    assert said in call(tool, **arguments)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_link_leads_nowhere_else(call: Call, tmp_path: Path) -> None:
    """What is written through a link of the allowed folder lands in it or not at all."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / "link").symlink_to(tmp_path / "elsewhere")
    assert "outside the allowed folders" in call("assemble_film", request="Everything", output="link/film.mp4")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_by_standard_input_and_output(indexed: atom.Host) -> None:
    """`atom mcp`, as an agent's settings name it; nothing but the protocol is on standard output."""
    import anyio
    from mcp import Client, StdioServerParameters
    from mcp.client.stdio import stdio_client

    settings = ["--model", "tiny", "--library", indexed.settings.library, "--cache", indexed.settings.cache]
    program = str(Path(sys.executable).with_name("atom"))
    parameters = StdioServerParameters(command=program, args=["mcp", *map(str, settings)])

    async def ask() -> Any:
        async with Client(stdio_client(parameters)) as client:
            return await client.call_tool("list_videos", {})

    assert len(anyio.run(ask).structured_content["result"]) == 2


def test_over_http(client: Any) -> None:
    """On the server, for who knows the token; other sites' pages are turned away as everywhere."""
    about = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    asked = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": about}
    accept = {"accept": "application/json, text/event-stream"}
    answer = client.post("/mcp", json=asked, headers=accept)
    assert answer.status_code == 200
    assert '"name":"atom"' in answer.text.replace(" ", "")
    assert client.post("/mcp", json=asked, headers=accept | {"authorization": "Bearer x"}).status_code == 401
    assert client.post("/mcp", json=asked, headers=accept | {"origin": "http://evil.example"}).status_code == 403
