"""The page in Chromium: what people do with it, and what is then to be seen."""

from __future__ import annotations

import json
import sys
from typing import Any

import av
import numpy as np
import pytest

import atom_core as atom
from atom_core.testing.videos import BLUE, GREEN, RED, frame_number, shot_colour

from .conftest import HOSTILE, Watched

_DRAWN = """
player => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [player.videoWidth, player.videoHeight];
  const drawing = canvas.getContext("2d");
  drawing.drawImage(player, 0, 0);
  return [canvas.width, canvas.height, Array.from(drawing.getImageData(0, 0, canvas.width, canvas.height).data)];
}
"""


def shown(player: Any) -> np.ndarray:
    """The picture that a player shows, [H, W, 3], once it has come to it."""
    player.evaluate(
        "player => new Promise(done => { const look = () => player.readyState >= 2 && !player.seeking ?"
        " done() : setTimeout(look, 20); look(); })"
    )
    player.page.wait_for_timeout(100)
    width, height, values = player.evaluate(_DRAWN)
    return np.array(values, np.uint8).reshape(height, width, 4)[..., :3]


def frames(path: Any) -> list[np.ndarray]:
    """All pictures of a file."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_a_moment_is_found_and_plays(watched: Watched, library: atom.Host, footage: Any) -> None:
    """A known moment is the first that is found; it plays while it is pointed at; its link shows its first picture, and
    keys go by frames."""
    page = watched.enter()
    page.fill("#q", "a green square grows")
    page.keyboard.press("Enter")
    card = page.locator("#results li").first
    card.get_by_text("playground.mp4").wait_for()
    card.locator(".preview").hover()
    playing = card.locator("video.seen")
    playing.wait_for()
    page.wait_for_function("player => !player.paused && player.currentTime > 2.4", arg=playing.element_handle())
    page.mouse.move(0, 0)
    playing.wait_for(state="detached")
    card.locator(".preview").focus()
    playing.wait_for()
    page.keyboard.press("Enter")
    player = page.locator("#player")
    player.wait_for()
    assert page.locator("h1").inner_text() == "playground.mp4"
    assert page.evaluate("document.activeElement.tagName") == "H1"
    pictures = frames(footage / "demo" / "playground.mp4")
    first = round(2.4 * 25)

    def nearest(image: np.ndarray) -> int:
        far = [np.abs(one.astype(int) - image).mean() for one in pictures]
        return int(np.argmin(far))

    assert nearest(shown(player)) == first
    for key, frame in ((".", first + 1), (".", first + 2), (",", first + 1)):
        page.keyboard.press(key)
        assert page.locator("#now").get_attribute("data-frame") == str(frame)
        assert nearest(shown(player)) == frame
    page.locator("#shots .text").nth(1).filter(has_text="a green square grows").wait_for()


def test_frames_are_told_right(watched: Watched, library: atom.Host, footage: Any) -> None:
    """At every frame that is gone to, the picture is the one whose number is said; also at cuts and both ends."""
    video = library.video(footage / "numbered.mp4")
    page = watched.enter(f"#/video/{video.content_hash}?t={47 / 24}")
    player = page.locator("#player")
    assert frame_number(shown(player)) == 47
    for button, frame in (("A second on", 71), ("A second on", 95), ("A frame on (.)", 95), ("A frame back (,)", 94)):
        page.get_by_role("button", name=button, exact=True).click()
        assert page.locator("#now").get_attribute("data-frame") == str(frame)
        assert frame_number(shown(player)) == frame
    for shot, frame, colour in ((1, 30, BLUE), (2, 70, GREEN), (0, 0, RED)):
        page.locator(f".shot[data-shot='{shot}']").click()
        image = shown(player)
        assert (frame_number(image), shot_colour(image)) == (frame, colour)


_TELLS_LATE = """
const ask = HTMLVideoElement.prototype.requestVideoFrameCallback;
HTMLVideoElement.prototype.requestVideoFrameCallback = function (told) {
  return ask.call(this, (...about) => setTimeout(() => { told(...about); window.told = true; }, 2000));
};
"""


def test_a_player_that_tells_late_takes_nobody_back(watched: Watched, library: atom.Host, footage: Any) -> None:
    """Steps count from the frame that was gone to, though the player still tells of one that it showed before."""
    video = library.video(footage / "numbered.mp4")
    watched.page.add_init_script(_TELLS_LATE)
    page = watched.enter(f"#/video/{video.content_hash}?t={47 / 24}")
    page.get_by_role("button", name="A second on", exact=True).click()
    page.wait_for_function("() => window.told")
    page.get_by_role("button", name="A frame on (.)", exact=True).click()
    assert page.locator("#now").get_attribute("data-frame") == "72"
    assert frame_number(shown(page.locator("#player"))) == 72


def test_a_question_is_answered(watched: Watched, library: atom.Host, footage: Any) -> None:
    """An answer of the whole video comes with times that can be gone to; one of a shot comes as it is decoded."""
    video = library.video(footage / "demo" / "playground.mp4")
    page = watched.enter(f"#/video/{video.content_hash}")
    page.fill("#question", "Is there a yellow heart?")
    page.keyboard.press("Enter")
    page.locator("#answer .answer").filter(has_text="yes").wait_for()
    page.locator("#answer .time").first.click()
    assert int(page.locator("#now").get_attribute("data-frame") or 0) >= round(4.8 * 25)
    page.select_option("select[name=scope]", "shot")
    page.fill("#question", "What colour is the heart?")
    page.keyboard.press("Enter")
    page.locator("#answer .answer").filter(has_text="yellow").wait_for()
    page.locator("#answer .where").filter(has_text="Of the shot from 0:04.8").wait_for()


def test_a_film_is_arranged_trimmed_and_rendered(
    watched: Watched, library: atom.Host, footage: Any, tmp_path: Any
) -> None:
    """Three moments are chosen, one is dragged, one moved by keys, one trimmed; played, rendered and exported, the film
    is that, to the frame."""
    video = library.video(footage / "numbered.mp4")
    page = watched.enter(f"#/video/{video.content_hash}")
    shown(page.locator("#player"))
    for shot in (0, 1, 2):
        page.locator(f".shot[data-shot='{shot}']").click()
        page.click("#add")
    watched.go("#/film")
    cuts = page.locator("li.cut")
    assert cuts.count() == 3
    cuts.nth(2).drag_to(cuts.nth(0), target_position={"x": 60, "y": 4})  # green, red, blue
    labels = [cuts.nth(index).get_attribute("aria-label") for index in range(3)]
    assert [label.rsplit(", ", 1)[1] for label in labels] == ["26 frames", "30 frames", "40 frames"]
    cuts.nth(1).focus()
    page.keyboard.press("Alt+ArrowDown")  # green, blue, red
    assert "30 frames" in page.evaluate("document.activeElement.getAttribute('aria-label')")
    cuts.nth(1).get_by_label("First frame: a frame later").click()
    cuts.nth(1).get_by_label("First frame: a frame later").click()
    cuts.nth(1).get_by_label("Last frame", exact=True).fill("59")
    page.keyboard.press("Tab")
    cuts.nth(1).focus()
    page.keyboard.press("Delete")
    assert cuts.count() == 2
    page.keyboard.press("Control+z")
    assert cuts.count() == 3
    expected = [*range(70, 96), *range(32, 60), *range(30)]
    page.click("#play")
    for index in ("0", "1", "2"):
        page.locator(f".screen[data-cut='{index}']").wait_for()
    page.locator(".screen").wait_for(state="hidden")
    page.click("#render")
    with page.expect_download() as film:
        page.click("#download")
    film.value.save_as(tmp_path / "film.mp4")
    numbers = [(frame_number(image), shot_colour(image)) for image in frames(tmp_path / "film.mp4")]
    colours = [GREEN] * 26 + [BLUE] * 28 + [RED] * 30
    assert numbers == list(zip(expected, colours, strict=True))
    with page.expect_download() as timeline:
        page.click("#export")
    assert timeline.value.suggested_filename == "film.otio"
    timeline.value.save_as(tmp_path / "film.otio")
    told = json.loads((tmp_path / "film.otio").read_text(encoding="utf-8"))
    spans = [one["source_range"] for one in told["tracks"]["children"][0]["children"]]
    assert [(one["start_time"]["value"], one["duration"]["value"]) for one in spans] == [(70, 26), (32, 28), (0, 30)]
    page.reload()
    page.locator("li.cut").nth(2).wait_for()
    assert page.locator("#num-cuts").inner_text() == "3"


def test_hostile_names_and_captions_run_nothing(
    watched: Watched, library: atom.Host, footage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name and captions that are HTML and scripts are shown as text wherever they are shown, and nothing of them
    runs."""
    evil = "</script><script>alert(2)</script><img src=x onerror=alert(3)>{{7*7}}javascript:alert(4)\u202e"
    video = library.video(footage / HOSTILE)
    caption = library.run("caption", library.clips(video)[0])
    from attrs import evolve

    entry = library.run("index", evolve(caption, text=evil), store=False)
    kept = library.library
    kept.remove(video.content_hash)
    kept.add([entry])
    try:
        page = watched.enter()
        page.get_by_text(HOSTILE).first.wait_for()
        page.fill("#q", evil)
        page.keyboard.press("Enter")
        card = page.locator("#results li", has_text="<script>alert(2)</script>")
        card.first.wait_for()
        assert "\\u202e" in card.first.inner_text()
        card.first.get_by_role("button").click()
        watched.go("#/film")
        page.locator("li.cut", has_text="<img src=x onerror=alert(3)>").wait_for()
        watched.go(f"#/video/{video.content_hash}")
        assert page.locator("h1").inner_text() == HOSTILE
        page.fill("#question", evil)
        page.keyboard.press("Enter")
        page.locator("#answer .where").filter(has_not_text="Thinking").wait_for()
        page.evaluate("text => { location.hash = '#/video/' + encodeURIComponent(text) }", evil)
        page.get_by_text("That did not work").wait_for()
        page.evaluate("text => { location.hash = '#/search?q=' + encodeURIComponent(text) }", evil)
        page.locator("#results li").first.wait_for()
        assert page.evaluate("window.bad") is None
        assert page.evaluate("document.querySelectorAll('main script, main img[src=x]').length") == 0
    finally:
        kept.remove(video.content_hash)
        library.run("index-video", video)
    watched.wrong = [said for said in watched.wrong if "404 (Not Found)" not in said]  # the video that is not there


def test_a_folder_is_indexed(browser: Any, footage: Any, tmp_path: Any) -> None:
    """From an empty library a folder is indexed with its progress, and its moments are found; what is loaded and reused
    is told."""
    from .conftest import started

    with (
        atom.open_host(model="tiny", cache=tmp_path / "cache", library=tmp_path / "library") as host,
        started(host, [footage]) as address,
    ):
        watched = Watched(browser, address)
        page = watched.enter()
        page.get_by_role("link", name="Index a folder").click()
        page.locator("#folder").fill(str(footage / "demo"))
        page.get_by_role("button", name="Index", exact=True).click()
        page.locator("#state").filter(has_text="All is indexed.").wait_for(timeout=120_000)
        assert page.locator("#indexing li").filter(has_text="3 clips added").count() == 2
        page.locator("#about").filter(has_text="6 moments of 2 videos.").wait_for()
        encoded = page.get_by_role("row", name="Clips encoded").get_by_role("cell")
        assert int(encoded.nth(1).inner_text()) == 6
        watched.go("#/search?q=a+blue+heart+shrinks")
        page.locator("#results li").first.filter(has_text="sunset.mp4").wait_for()
        watched.close()


def test_the_first_page_is_small_and_soon_there(browser: Any, address: str, library: atom.Host) -> None:
    """What is sent before people can search is under 150 kB, pictures of videos aside, from the server alone."""
    watched = Watched(browser, address)
    sizes: dict[str, int] = {}

    def note(response: Any) -> None:
        if "/studio/pictures/" not in response.url and response.status == 200:
            sizes[response.url] = len(response.body())

    watched.page.on("response", note)
    page = watched.enter()
    page.locator("#results li").first.wait_for()
    paint_s = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000")
    sys.stdout.write(f"first page {sum(sizes.values())} bytes, first paint after {paint_s:.2f} s\n")
    assert sum(sizes.values()) < 150_000
    watched.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_used_by_all(browser: Any, address: str, library: atom.Host, footage: Any, scheme: Any) -> None:
    """axe-core finds nothing serious on any page, in light and dark."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python").Axe()
    watched = Watched(browser, address, color_scheme=scheme, bypass_csp=True)  # axe is put in as an inline script
    video = library.video(footage / "numbered.mp4")
    page = watched.enter("#/search?q=a+star&kind=footage")
    page.locator("#results li").nth(3).wait_for()
    page.locator("#results li button").nth(0).click()
    page.locator("#results li button").nth(1).click()
    found: list[str] = []
    for place in ("", f"#/video/{video.content_hash}", "#/film", "#/library"):
        if place:
            watched.go(place)
        page.wait_for_timeout(300)
        told = axe.run(page).response
        found += [
            f"{place}: {one['id']} ({one['impact']}): {one['nodes'][0]['html'][:200]}"
            for one in told["violations"]
            if one["impact"] in ("serious", "critical")
        ]
    assert found == []
    watched.close()


def test_all_can_be_done_by_keys(watched: Watched, library: atom.Host, footage: Any) -> None:
    """From the start of the page, Tab and Enter alone find a moment, open it, and add it to the film."""
    page = watched.enter()
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "q":
            break
    page.keyboard.type("a white moon moves up")
    page.keyboard.press("Enter")
    page.locator("#results li").first.filter(has_text="sunset.mp4").wait_for()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('#results a')"):
            break
    page.keyboard.press("Enter")
    page.locator("#player").wait_for()
    for _ in range(25):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "add":
            break
    page.keyboard.press("Enter")
    page.locator("#num-cuts").filter(has_text="1").wait_for()
    shots = page.locator(".shot")
    shots.nth(1).focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.shot") == "2"
    assert page.locator("#now").get_attribute("data-frame") == str(round(4.8 * 30000 / 1001))
