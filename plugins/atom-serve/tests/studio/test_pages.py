"""What the page asks the server for, without a browser."""

from __future__ import annotations

import io
import json
import shutil

import numpy as np
import PIL.Image
import pytest
from atom_serve.app import create_app
from starlette.testclient import TestClient

from atom_core.testing.videos import BLUE, frame_number, shot_colour, write_video

from .conftest import HOSTILE, TOKEN


@pytest.fixture
def client(library, footage):
    """A client that knows the token."""
    app = create_app(library, token=TOKEN, allow=[footage])
    with TestClient(app, base_url="http://127.0.0.1:8321", headers={"authorization": f"Bearer {TOKEN}"}) as client:
        yield client


@pytest.fixture
def numbered(library, footage):
    """The video whose frames say their numbers."""
    return library.video(footage / "numbered.mp4")


def test_the_page_runs_its_own_scripts_alone(client):
    """The policy of the page lets in its own files and nothing else; no file of it has a script or style within."""
    page = client.get("/")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "<script>" not in page.text
    assert "style=" not in page.text
    assert client.get("/", headers={"if-none-match": page.headers["etag"]}).status_code == 304
    assert client.get("/studio/page/app.js").headers["content-type"].startswith("text/javascript")
    assert client.get("/studio/page/../pages.py").status_code == 404
    assert client.get("/studio/page/%2e%2e%2fpages.py").status_code == 404


def test_who_has_no_link_is_told_how_to_get_one(client):
    """A person who opens the address alone sees a page that says what to do, and nothing else."""
    client.headers.pop("authorization")
    answer = client.get("/", headers={"accept": "text/html,*/*"})
    assert answer.status_code == 401
    assert "atom serve --open" in answer.text
    assert "<script" not in answer.text
    assert client.get("/studio/page/app.js").status_code == 401


def test_a_pass_counts_once(client):
    """The link that `--open` and `--status` give lets in once; the cookie that it sets goes on."""
    client.headers.pop("authorization")
    link = f"/?token={client.app.state.service.passes.make()}"
    entered = client.get(link, follow_redirects=False)
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    assert client.get("/v1/status").status_code == 200
    client.cookies.clear()
    assert client.get(link, follow_redirects=False).status_code == 401


def test_a_video_comes_by_ranges(client, numbered):
    """A video of the library is sent with its type, whole or a part of it, as players ask."""
    place = f"/studio/media/{numbered.content_hash}"
    whole = client.get(place)
    assert (whole.status_code, whole.headers["content-type"]) == (200, "video/mp4")
    assert whole.headers["accept-ranges"] == "bytes"
    part = client.get(place, headers={"range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole.content)}"
    last = client.get(place, headers={"range": "bytes=-10"})
    assert (last.status_code, last.content) == (206, whole.content[-10:])
    assert client.get(place, headers={"range": f"bytes={len(whole.content)}-"}).status_code == 416


@pytest.mark.parametrize("name", ["0" * 64, "..%2f..%2fetc%2fpasswd", "%00", "numbered.mp4"])
def test_other_files_are_not_sent(client, name):
    """What is not the content hash of a video of the library is not there, whatever it may mean as a path."""
    assert client.get(f"/studio/media/{name}").status_code == 404
    assert client.get(f"/studio/pictures/{name}/180/0").status_code == 404
    assert client.get(f"/studio/videos/{name}").status_code == 404
    assert client.get("/v1/videos", params={"path": f"library:{name}"}).status_code == 404


def test_pictures_are_the_right_ones_and_kept(client, numbered, library):
    """The picture at a time is the one that a player shows there; it is decoded once, and browsers keep it."""
    for frame, height in ((0, 90), (37, 180), (95, 90)):
        answer = client.get(f"/studio/pictures/{numbered.content_hash}/{height}/{round((frame + 0.5) / 24 * 1000)}")
        assert answer.headers["content-type"] == "image/jpeg"
        assert "immutable" in answer.headers["cache-control"]
        image = np.asarray(PIL.Image.open(io.BytesIO(answer.content)).convert("RGB"))
        assert frame_number(image) == frame
        assert image.shape[0] <= height
    kept = list((library.settings.cache / "serve" / "pictures").glob(f"{numbered.content_hash}*"))
    assert len(kept) >= 3
    kept[0].write_bytes(b"kept")
    _, time_ms, height = kept[0].stem.rsplit("-", 2)
    assert client.get(f"/studio/pictures/{numbered.content_hash}/{height}/{time_ms}").content == b"kept"
    kept[0].unlink()


def test_pictures_take_no_more_room_than_they_may(library, numbered):
    """The oldest pictures go when all together are too large."""
    from atom_serve.service import Service
    from atom_serve.studio.media import Pictures

    pictures = Pictures(Service(library, token=TOKEN), most_bytes=6000)
    for frame in range(30):
        pictures.at(numbered.content_hash, round((frame + 0.5) / 24 * 1000), 180)
    folder = library.settings.cache / "serve" / "pictures"
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 6600


def test_a_search_with_facets(client, numbered):
    """Moments are found by words, within a video, a folder, a kind or a length, and by chosen channels alone."""
    found = client.post("/studio/search", json={"text": "a red circle moves left", "limit": 3}).json()
    assert found["moments"][0]["caption"] == "a red circle moves left"
    assert found["videos"][found["moments"][0]["video"]]["name"] == "playground.mp4"
    facets = client.get("/studio/facets").json()
    assert facets["channels"][:3] == ["pictures", "captions", "words"]
    assert facets["num_videos"] == 4
    folder = next(one["folder"] for one in facets["folders"] if one["folder"].endswith("demo"))

    def videos(**facets):
        moments = client.post("/studio/search", json={"text": "a star", "limit": 20, **facets}).json()["moments"]
        return {moment["video"] for moment in moments}

    assert len(videos()) == 4
    assert len(videos(folder=folder)) == 2
    assert videos(video=numbered.content_hash) == {numbered.content_hash}
    assert videos(kind="film") == set()
    assert videos(longest_s=0.1) == set()
    assert videos(channels=["words"]) <= videos()
    assert client.post("/studio/search", json={"text": "a star", "channels": ["smell"]}).status_code == 400
    assert client.post("/studio/search", json={"text": ""}).status_code == 400
    assert client.post("/studio/search", json={"text": "x", "sort": 1}).status_code == 400


def test_a_video_that_has_changed_or_gone(client, library, footage):
    """A video whose file is not what was indexed is named, not shown; the others are there."""
    path = write_video(footage / "fleeting.mp4", shots=[(20, BLUE)])
    video = library.video(path)
    library.run("index-video", video)
    try:
        write_video(path, shots=[(9, BLUE)])
        listed = client.get("/studio/videos").json()
        told = {one["name"]: one.get("gone") for one in listed["videos"]}
        assert "has changed" in told["fleeting.mp4"]
        assert told["numbered.mp4"] is None
        assert client.get(f"/studio/media/{video.content_hash}").status_code == 422
        path.unlink()
        assert client.get(f"/studio/media/{video.content_hash}").status_code == 404
        answer = client.post("/studio/films", json={"title": "", "cuts": [cut(video, 0, 1)]})
        assert answer.status_code == 404
    finally:
        library.library.remove(video.content_hash)


def cut(video, start_s, end_s, caption=""):
    """A cut, as the page sends it."""
    return {"video": video.content_hash, "start_s": start_s, "end_s": end_s, "caption": caption}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"title": "A", "cuts": []},
        {"title": "A", "cuts": [{}]},
        {"title": "A", "cuts": [1]},
        {"title": 3, "cuts": [{}]},
        {"title": "A", "cuts": [{"video": "HERE", "start_s": 2, "end_s": 1}]},
        {"title": "A", "cuts": [{"video": "HERE", "start_s": -1, "end_s": 1}]},
        {"title": "A", "cuts": [{"video": "HERE", "start_s": 900, "end_s": 901}]},
        {"title": "A", "cuts": [{"video": "HERE", "start_s": True, "end_s": "1"}]},
        {"title": "A", "cuts": [{"video": "HERE", "start_s": 0, "end_s": 1, "path": "/etc/passwd"}]},
        {"title": "A", "cuts": [{"video": "/etc/passwd", "start_s": 0, "end_s": 1}]},
    ],
)
def test_what_is_no_film(client, numbered, given):
    """What cannot be a film is one line, and leaves no file."""
    given = json.loads(json.dumps(given).replace("HERE", numbered.content_hash))
    before = client.get("/v1/files").json()["data"]
    for place in ("/studio/films", "/studio/export/otio"):
        answer = client.post(place, json=given)
        assert answer.status_code in (400, 404), answer.text
        assert "\n" not in answer.json()["error"]["message"]
    assert client.get("/v1/files").json()["data"] == before


def test_what_is_exported(client, numbered):
    """A film's cuts as OpenTimelineIO, with hostile captions as text, and as subtitles on the film's clock."""
    body = {
        "title": "Two",
        "cuts": [cut(numbered, 10 / 24, 20 / 24, HOSTILE), cut(numbered, 1.5, 2.0, "a blue square")],
    }
    answer = client.post("/studio/export/otio", json=body)
    assert answer.headers["content-disposition"] == 'attachment; filename="film.otio"'
    (track,) = answer.json()["tracks"]["children"]
    spans = [
        (one["source_range"]["start_time"]["value"], one["source_range"]["duration"]["value"])
        for one in track["children"]
    ]
    assert spans == [(10, 10), (36, 12)]
    srt = client.post("/studio/export/srt", json=body).text
    assert "00:00:00,417 --> 00:00:00,917\na blue square" in srt
    assert client.post("/studio/export/vtt", json=body).text.startswith("WEBVTT")
    assert client.post("/studio/export/doc", json=body).status_code == 404


def test_a_film_is_what_was_arranged_and_can_be_stopped(client, numbered, library):
    """A film is rendered by a job, its file is kept as those that are sent; a job that is stopped leaves none."""
    body = {"title": "One", "cuts": [cut(numbered, 35 / 24, 40 / 24)]}
    job = client.post("/studio/films", json=body).json()
    client.get(f"/v1/jobs/{job['id']}/events")
    assert client.get(f"/v1/jobs/{job['id']}").json()["state"] == "done"
    film = client.get(f"/v1/files/{job['file']}/content")
    assert film.headers["content-type"] == "video/mp4"
    assert "sandbox" in film.headers["content-security-policy"]
    path = client.app.state.service.uploads.find(job["file"]).path
    import atom_core as atom
    from atom_core.media.sample import sample

    video = library.video(path)
    (image,) = sample(atom.Clip(video=video, start_s=0.0, end_s=0.01), 1).images
    assert (frame_number(image), shot_colour(image)) == (35, BLUE)
    many = {"title": "Many", "cuts": [cut(numbered, 0, 4.0)] * 500}
    job = client.post("/studio/films", json=many).json()
    client.delete(f"/v1/jobs/{job['id']}")
    client.get(f"/v1/jobs/{job['id']}/events")
    assert client.get(f"/v1/jobs/{job['id']}").json()["state"] == "cancelled"
    assert client.get(f"/v1/files/{job['file']}").status_code == 404


def test_a_folder_is_indexed(client, library, footage):
    """A folder below an allowed one is indexed by a job, which tells of each video, and of one that cannot be read."""
    folder = footage / "more"
    folder.mkdir()
    try:
        shutil.copy(footage / HOSTILE, folder / "copy.mp4")
        (folder / "broken.mp4").write_bytes(b"no video")
        assert str(folder) in client.get("/studio/folders").json()["folders"]
        job = client.post("/studio/index", json={"folder": str(folder)}).json()
        client.get(f"/v1/jobs/{job['id']}/events")
        told = client.get(f"/v1/jobs/{job['id']}").json()
        assert told["state"] == "done", told
        texts = [one["text"] for one in told["results"]]
        assert any("same content as" in text for text in texts)
        assert [one["error"]["code"] for one in told["results"] if "error" in one] == [422]
    finally:
        shutil.rmtree(folder)
    assert client.post("/studio/index", json={"folder": "/etc"}).status_code == 403
    assert client.post("/studio/index", json={"folder": f"{footage}/../.."}).status_code == 403
    assert client.post("/studio/index", json={}).status_code == 400


def test_a_shot_is_asked_about(client, numbered):
    """A question about a span of a video of the library, by its hash and times, is answered from that span."""
    url = f"library:{numbered.content_hash}#t=1.3,2.8"
    content = [{"type": "video_url", "video_url": {"url": url}}, {"type": "text", "text": "What colour is it?"}]
    body = {"model": "tiny", "messages": [{"role": "user", "content": content}], "max_tokens": 8}
    assert "blue" in client.post("/v1/chat/completions", json=body).json()["choices"][0]["message"]["content"]
    content[0]["video_url"]["url"] = f"library:{numbered.content_hash}#t=90,91"
    assert client.post("/v1/chat/completions", json=body).status_code == 400
