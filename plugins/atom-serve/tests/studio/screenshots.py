"""The pictures of the documentation: ``python plugins/atom-serve/tests/studio/screenshots.py docs/studio``.

Renders the films of `atom demo`, indexes them, and takes a picture of each part of the page, by the system's Chromium.
"""

from __future__ import annotations

import io
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import PIL.Image
from atom_serve.app import create_app
from atom_serve.server import listen, serve
from atom_tiny.demo_videos import render_demo
from playwright.sync_api import sync_playwright

import atom_core as atom

CHROMIUM = "/usr/bin/chromium"
TOKEN = "a-token-that-only-this-program-knows"
SIZE = {"width": 1100, "height": 760}


def main(folder: Path) -> None:
    """Take all pictures."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        videos = render_demo(place / "Films")
        with atom.open_host(model="tiny", cache=place / "cache", library=place / "library") as host:
            host.collect("index-video", [host.video(path) for path in videos])
            ends: list[Any] = []
            listener, ready = listen("127.0.0.1", 0), threading.Event()

            def begin(end: Any) -> None:
                ends.append(end)
                ready.set()

            app = create_app(host, token=TOKEN, allow=[place / "Films"])
            threading.Thread(target=serve, args=(app, listener, begin), daemon=True).start()
            ready.wait(60)
            address = f"http://127.0.0.1:{listener.getsockname()[1]}"
            with sync_playwright() as driver:
                browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                for scheme in ("light", "dark"):
                    page = browser.new_page(viewport=SIZE, color_scheme=scheme)
                    page.goto(f"{address}/?token={app.state.service.passes.make()}")
                    taken(page, host.video(videos[0]).content_hash, folder, scheme)
                    page.close()
                browser.close()
            ends[0]()


def taken(page: Any, video: str, folder: Path, scheme: str) -> None:
    """Pictures of the parts: a video's in dark, the others in light."""
    page.fill("#q", "a red circle moves left")
    page.keyboard.press("Enter")
    page.locator("#results li").nth(7).wait_for()
    for number in (0, 2, 1):
        page.locator("#results li button").nth(number).click()
    page.mouse.move(0, 0)
    if scheme == "light":
        keep(page, folder / "search.webp")
    page.evaluate("video => { location.hash = `#/video/${video}?t=3.2` }", video)
    page.locator("#shots .text").nth(2).filter(has_text="heart").wait_for()
    page.fill("#question", "Is there a yellow heart?")
    page.keyboard.press("Enter")
    page.locator("#answer .time").first.wait_for()
    if scheme == "dark":
        keep(page, folder / "video-dark.webp")
        return
    page.evaluate("() => { location.hash = '#/film' }")
    page.locator("li.cut").nth(2).wait_for()
    keep(page, folder / "film.webp")
    page.evaluate("() => { location.hash = '#/library' }")
    page.locator("#folder").wait_for()
    keep(page, folder / "library.webp")


def keep(page: Any, path: Path) -> None:
    """The page as it is now, as a small file."""
    page.evaluate("() => document.getElementById('said').replaceChildren()")
    page.wait_for_timeout(3000)
    picture = PIL.Image.open(io.BytesIO(page.screenshot()))
    picture.save(path, "WEBP", quality=80, method=6)
    sys.stdout.write(f"{path} {path.stat().st_size} bytes\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
