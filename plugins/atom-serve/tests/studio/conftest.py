"""A started server with footage to be indexed, and Chromium that looks at its page."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from atom_serve.access.guard import Passes
from atom_serve.app import create_app
from atom_serve.server import listen, serve

import atom_core as atom
from atom_core.testing.videos import BLUE, GREEN, RED, YELLOW, Shot, write_video

TOKEN = "a-token-that-only-the-user-knows"
CHROMIUM = Path("/usr/bin/chromium")
HOSTILE = "<img src=x onerror=alert(1)>\"'&<script>window.bad=1<!script>.mp4"
"""A file name as somebody might give it who wants a page to do something."""


PASSES: dict[str, Passes] = {}
"""What lets into the servers that were started, by address."""


@contextmanager
def started(host: atom.Host, allow: list[Path]) -> Iterator[str]:
    """The address of a server that is started around `host`."""
    ends: list[Any] = []
    ready = threading.Event()
    listener = listen("127.0.0.1", 0)

    def begin(end: Any) -> None:
        ends.append(end)
        ready.set()

    app = create_app(host, token=TOKEN, allow=allow)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    PASSES[address] = app.state.service.passes
    working = threading.Thread(target=serve, args=(app, listener, begin))
    working.start()
    assert ready.wait(20)
    try:
        yield address
    finally:
        ends[0]()
        working.join(20)
        assert not working.is_alive()


@pytest.fixture(scope="session")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Videos whose frames say their numbers, films of the demo, and one with a hostile name."""
    from atom_tiny.demo_videos import render_demo

    folder = tmp_path_factory.mktemp("footage")
    render_demo(folder / "demo")
    for path in (folder / "demo").iterdir():
        if path.stem not in ("playground", "sunset"):
            path.unlink()
    write_video(folder / "numbered.mp4", shots=[Shot(30, RED), Shot(40, BLUE), Shot(26, GREEN)], size=(160, 120))
    write_video(folder / HOSTILE, shots=[Shot(36, YELLOW)], size=(160, 120), fps=25, audio=True)
    return folder


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[atom.Host]:
    """A host of the embedded model, with a cache and an empty library of its own."""
    folder = tmp_path_factory.mktemp("studio")
    with atom.open_host(model="tiny", cache=folder / "cache", library=folder / "library") as opened:
        yield opened


@pytest.fixture(scope="session")
def library(host: atom.Host, footage: Path) -> atom.Host:
    """The host, with the footage in its library."""
    from atom_core.media.probe import find_videos

    files, _ = find_videos([footage])
    host.collect("index-video", [host.video(path) for path in files])
    return host


@pytest.fixture(scope="session")
def address(host: atom.Host, footage: Path) -> Iterator[str]:
    """A started server."""
    with started(host, [footage]) as place:
        yield place


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, as the system has it; nothing is downloaded."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
    if not CHROMIUM.exists():
        pytest.skip(f"needs Chromium at {CHROMIUM}")
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    flags += ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=str(CHROMIUM), args=flags)
        yield opened
        opened.close()


class Watched:
    """A page that notes what it asks for, what it says, and what is wrong with it."""

    def __init__(self, browser: Any, address: str, **options: Any) -> None:
        self.context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.asked: list[str] = []
        self.wrong: list[str] = []
        self.address = address
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", self._said)
        self.page.on("dialog", self._dialog)

    def _said(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.wrong.append(message.text)

    def _dialog(self, dialog: Any) -> None:
        self.wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def enter(self, place: str = "") -> Any:
        """Open the page by the link that the server prints."""
        self.page.goto(f"{self.address}/?token={PASSES[self.address].make()}")
        if place:
            self.go(place)
        self.page.locator("main h1").wait_for()
        return self.page

    def go(self, place: str) -> None:
        """Another part of the page."""
        self.page.evaluate("place => { location.hash = place }", place)
        name = place.strip("#/").partition("/")[0].partition("?")[0] or "search"
        self.page.locator(f"main[data-page={name}]").wait_for()

    def close(self) -> None:
        """End it; whatever it asked for was asked of the server alone, and nothing went wrong."""
        self.context.close()
        elsewhere = [url for url in self.asked if not url.startswith((self.address, "blob:", "data:"))]
        assert elsewhere == []
        assert self.wrong == []


@pytest.fixture
def watched(browser: Any, address: str) -> Iterator[Watched]:
    """A page, looked after."""
    page = Watched(browser, address)
    yield page
    page.close()
