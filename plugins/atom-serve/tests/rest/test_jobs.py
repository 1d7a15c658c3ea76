"""Jobs that go on while nobody waits."""

import json
import time

import pytest

from atom_core.serving import plain


def events(text):
    """The events of a stream: names and values."""
    found = []
    for block in text.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if not lines:  # it says that it is alive
            continue
        found.append((lines["event"], json.loads(lines["data"])))
    return found


def wait_for(condition, limit_s=60):
    """Wait until `condition` holds."""
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.02)


@pytest.fixture
def clips(client):
    """The clips of a video, as they are sent."""
    return client.get("/v1/clips", params={"path": "0.mp4"}).json()["clips"]


def test_a_job_is_followed(client, clips, host):
    """A job is started, followed to its end with its progress, and its results are kept."""
    started = client.post("/v1/jobs", json={"task": "caption", "items": clips})
    assert started.status_code == 202
    place = started.headers["location"]
    told = events(client.get(f"{place}/events").text)
    names = [name for name, _ in told]
    assert names[0] == "running"
    assert names[-1] == "done"
    assert names.count("result") == len(clips)
    assert told[-2] == ("progress", {"done": len(clips), "total": len(clips)})
    about = client.get(place).json()
    assert about["state"] == "done"
    captions = [part["result"]["text"] for part in about["results"]]
    assert captions == [host.run("caption", clip).text for clip in host.clips(host.video(clips[0]["video"]["path"]))]
    assert about["id"] in [job["id"] for job in client.get("/v1/jobs").json()["jobs"]]


def test_a_record_that_fails_fails_alone(client, clips, footage):
    """A job goes on past a record whose video is gone since."""
    copy = footage / "copy.mp4"
    copy.write_bytes((footage / "0.mp4").read_bytes() + b"\0" * 8)
    gone = client.get("/v1/clips", params={"path": "copy.mp4"}).json()["clips"][0]
    copy.unlink()
    answer = client.post("/v1/jobs", json={"task": "caption", "items": [gone]}).headers["location"]
    wait_for(lambda: client.get(answer).json()["state"] == "failed")
    assert client.get(answer).json()["error"]["code"] == 404


def test_a_job_is_cancelled(client, clips, monkeypatch):
    """A job that is cancelled ends as that, and what is not done is not done."""
    begun = []

    def slowly(self, task, item, **options):
        from atom_core.call_context import caller

        begun.append(item)
        for _ in range(500):
            caller.get().check()
            time.sleep(0.01)

    monkeypatch.setattr("atom_core.host.host.Host.run", slowly)
    place = client.post("/v1/jobs", json={"task": "caption", "items": clips * 40}).headers["location"]
    wait_for(lambda: begun)
    assert client.delete(place).status_code == 202
    wait_for(lambda: client.get(place).json()["state"] == "cancelled")
    assert len(begun) < 80


def test_a_call_can_stream(client, clips):
    """A task whose caller accepts events tells of its progress, and ends with the result."""
    answer = client.post("/v1/tasks/caption", json={"item": clips[0]}, headers={"accept": "text/event-stream"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = events(answer.text)
    assert [name for name, _ in told if name != "progress"] == ["running", "result", "done"]
    assert told[-1][1]["state"] == "done"


def test_bad_jobs(client):
    """A job that is not there, of a task that is not there, or too large, is told at once."""
    assert client.get("/v1/jobs/absent").status_code == 404
    assert client.delete("/v1/jobs/absent").status_code == 404
    assert client.post("/v1/jobs", json={"task": "absent", "items": [1]}).status_code == 404
    assert client.post("/v1/jobs", json={"task": "caption", "items": [1] * 10_001}).status_code == 413
    job = client.post("/v1/jobs", json={"task": "caption", "items": [1]}).headers["location"]
    wait_for(lambda: client.get(job).json()["state"] == "failed")
    assert client.get(job).json()["error"]["code"] == 400


def test_too_many_jobs(client, clips, monkeypatch):
    """More jobs than are taken at once are turned away, and told when to come back."""
    monkeypatch.setattr("atom_serve.rest.jobs.MOST_RUNNING", 0)
    answer = client.post("/v1/jobs", json={"task": "caption", "items": clips})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")


def test_old_jobs_are_forgotten(client, monkeypatch):
    """The last jobs that are over are remembered, no more."""
    monkeypatch.setattr("atom_serve.rest.jobs.MOST_KEPT", 3)
    for _ in range(6):
        job = client.post("/v1/jobs", json={"task": "caption", "items": [1]}).headers["location"]
        wait_for(lambda job=job: client.get(job).json()["state"] == "failed")
    assert len(client.get("/v1/jobs").json()["jobs"]) == 3
    assert plain(()) == []
