"""Every task by its name, over HTTP."""

import json

import pytest
from atom_serve.app import create_app

import atom_core as atom
from atom_core.serving import plain


def test_a_video_and_its_clips(client, footage, host):
    """A video is asked for by its path, from an allowed folder or whole; its clips are what tasks take."""
    video = client.get("/v1/videos", params={"path": "0.mp4"}).json()
    assert video == client.get("/v1/videos", params={"path": str(footage / "0.mp4")}).json()
    assert video["content_hash"] == host.video(footage / "0.mp4").content_hash
    clips = client.get("/v1/clips", params={"path": "0.mp4"}).json()["clips"]
    assert clips == plain(tuple(host.clips(host.video(footage / "0.mp4"))))


def test_a_task_does_what_the_host_does(client, host, footage):
    """A clip's caption is the one that a program gets; several come in order; settings count for the call."""
    clips = host.clips(host.video(footage / "0.mp4"))
    sent = plain(tuple(clips))
    expected = [plain(host.run("caption", clip)) for clip in clips]
    result = client.post("/v1/tasks/caption", json={"item": sent[0]}).json()["result"]
    sure = result.pop("confidence"), expected[0].pop("confidence")
    assert result == expected[0]
    assert sure[0] == pytest.approx(sure[1], abs=1e-6)  # what is computed together differs in the last digits
    several = client.post("/v1/tasks/caption", json={"items": sent}).json()["results"]
    assert [caption["text"] for caption in several] == [caption["text"] for caption in expected]
    short = client.post("/v1/tasks/caption", json={"item": sent[0], "settings": {"max_new_tokens": 1}}).json()
    assert short["result"]["text"] == host.run("caption", clips[0], max_new_tokens=1).text


def test_a_video_may_be_written_as_its_path(client, host, footage):
    """Where a record holds a video, its path is enough."""
    asked = {"item": {"video": "1.mp4", "text": "Which colour comes first?"}}
    answer = client.post("/v1/tasks/answer", json=asked).json()["result"]
    question = atom.Question(video=host.video(footage / "1.mp4"), text="Which colour comes first?")
    assert answer == plain(host.run("answer", question))


def test_tasks_tell_of_themselves(client, host):
    """Every installed task is listed with its settings, and its schema holds the records it takes and gives."""
    listed = {task["name"]: task for task in client.get("/v1/tasks").json()["tasks"]}
    assert listed.keys() == host.plugins.tasks.keys()
    assert listed["caption"]["settings"]["max_new_tokens"]["type"] == "integer"
    told = client.get("/v1/tasks/caption").json()
    assert told["takes"] == {"$ref": "#/$defs/Clip"}
    assert told["$defs"]["Clip"]["required"] == ["start_s", "end_s", "video"]


def test_openapi(client, host):
    """Each task and record is described, and every reference leads somewhere."""
    document = client.get("/openapi.json").json()
    assert {f"/v1/tasks/{name}" for name in host.plugins.tasks} <= document["paths"].keys()
    text = json.dumps(document)
    for name in {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}:
        assert name in document["components"]["schemas"]


VIDEO = {"content_hash": "0" * 40, "duration_s": 1, "width": 1, "height": 1, "fps": 1}
BAD = {
    "no-json": ("caption", b"{", 400, "no JSON"),
    "nan": ("caption", b'{"item": NaN}', 400, "no number"),
    "list": ("caption", b"[]", 400, "expected a JSON object"),
    "deep": ("caption", b'{"item":' + b'{"a":' * 200 + b"1" + b"}" * 200 + b"}", 400, "nested"),
    "very-deep": ("caption", b'{"item":' + b"[" * 200_000, 400, "JSON"),
    "neither": ("caption", {}, 400, "'item'"),
    "both": ("caption", {"item": 1, "items": []}, 400, "'item'"),
    "other-key": ("caption", {"itme": 1}, 400, "there is no 'itme'"),
    "no-record": ("caption", {"item": {"clip": 1}}, 400, "no Clip"),
    "text": ("caption", {"item": "0.mp4"}, 400, "no Clip: expected an object"),
    "unknown-field": ("search", {"item": {"text": "a", "colour": 1}}, 400, "there is no field 'colour'"),
    "bad-value": ("search", {"item": {"text": "a", "limit": 0}}, 400, "limit"),
    "no-task": ("captoin", {"item": 1}, 404, "did you mean 'caption'"),
    "no-setting": ("search", {"item": {"text": "a"}, "settings": {"colour": 1}}, 400, "colour"),
    "outside": ("answer", {"item": {"video": "/etc/passwd", "text": "a"}}, 403, "outside"),
    "no-name": ("answer", {"item": {"video": "", "text": "a"}}, 400, "needs a name"),
    "half-a-character": ("answer", b'{"item": {"video": "\\ud800", "text": "a"}}', 400, "needs a name"),
    "gone": ("answer", {"item": {"video": "gone.mp4", "text": "a"}}, 404, "not there"),
    "changed": ("answer", {"item": {"video": {"path": "0.mp4", **VIDEO}, "text": "a"}}, 422, "has changed"),
    "out-of-it": ("answer", {"item": {"video": {"path": "../0.mp4", **VIDEO}, "text": "a"}}, 403, "outside"),
}


def test_a_video_that_is_not_named(client):
    """A call without a path is one that does not fit, as is one with an empty path."""
    for call in ("/v1/videos", "/v1/clips?path=", "/v1/clips?path=%00"):
        answer = client.get(call)
        assert (answer.status_code, "give its path" in answer.text) == (400, True)


@pytest.mark.parametrize("kind", BAD)
def test_bad_input(client, kind):
    """What does not fit is a status and one line that says what and where, never a traceback."""
    task, body, status, reason = BAD[kind]
    given = {"content": body} if isinstance(body, bytes) else {"json": body}
    answer = client.post(f"/v1/tasks/{task}", **given)
    message = answer.json()["error"]["message"]
    assert (answer.status_code, reason in message) == (status, True), message
    assert "\n" not in message


def test_a_film_is_written_into_allowed_folders_alone(client):
    """A task that writes where it is told writes below an allowed folder, or not at all."""
    timeline = {"request": {"text": "a"}, "cuts": []}
    for path in ("/tmp/film.mp4", "../film.mp4"):
        answer = client.post("/v1/tasks/film", json={"item": timeline, "settings": {"path": path}})
        assert (answer.status_code, "outside" in answer.text) == (403, True), answer.text
    permission = {"path": "film.mp4", "replacement": {"path": "film.mp4"}}
    answer = client.post("/v1/tasks/film", json={"item": timeline, "settings": permission})
    assert "by programs in one process alone" in answer.text


def test_too_much_at_once(client, monkeypatch):
    """A body that says it is larger than what is taken, or turns out to be, is refused before it is read."""
    monkeypatch.setattr("atom_serve.bodies.MOST_JSON_BYTES", 1000)
    assert client.post("/v1/tasks/caption", content=b" " * 2000).status_code == 413
    assert client.post("/v1/tasks/caption", content=iter([b" " * 600] * 2)).status_code == 413
    assert client.post("/v1/tasks/caption", headers={"content-length": "9" * 30}, content=b"").status_code == 413


def test_a_model_that_cannot_be_loaded(tmp_path, footage):
    """Is 503 with the line that commands say, and the server goes on."""
    from starlette.testclient import TestClient

    with atom.open_host(model=str(tmp_path / "absent"), cache=tmp_path / "cache") as host:
        headers = {"authorization": f"Bearer {'x' * 20}"}
        app = create_app(host, token="x" * 20, allow=[footage])
        with TestClient(app, base_url="http://localhost", headers=headers) as client:
            clip = client.get("/v1/clips", params={"path": "0.mp4"}).json()["clips"][0]
            answer = client.post("/v1/tasks/caption", json={"item": clip})
            assert (answer.status_code, "absent" in answer.text) == (503, True), answer.text
            assert client.get("/v1/status").status_code == 200
