"""Files that callers send."""

import pytest


@pytest.fixture(autouse=True)
def nothing_sent(host):
    """No file that another test sent."""
    for file in (host.settings.cache / "serve" / "uploads").glob("*"):
        file.unlink()


def test_a_file_is_sent_and_used(client, footage):
    """A video that was sent, as a form or as the body, is named by its id from then on; then it is removed."""
    content = (footage / "0.mp4").read_bytes()
    form = client.post("/v1/files", files={"file": ("holiday.mp4", content)}, data={"purpose": "user_data"}).json()
    body = client.post("/v1/files", params={"filename": "a/../b.mp4"}, content=content).json()
    for sent, name in ((form, "holiday.mp4"), (body, "b.mp4")):
        assert sent["bytes"] == len(content)
        assert sent["id"].startswith("file-")
        assert sent["filename"] == name
        assert client.get(f"/v1/files/{sent['id']}").json() == sent
        assert len(client.get("/v1/clips", params={"path": sent["id"]}).json()["clips"]) == 2
    assert len(client.get("/v1/files").json()["data"]) == 2
    for sent in (form, body):
        assert client.delete(f"/v1/files/{sent['id']}").json()["deleted"] is True
    assert client.get("/v1/files").json()["data"] == []
    assert client.get("/v1/clips", params={"path": form["id"]}).status_code == 404


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Ferien am Meer, Bäume.mp4", "Ferien am Meer, Bäume.mp4"),
        ("../../etc/passwd", "passwd"),
        ("C:\\films\\a.mp4", "a.mp4"),
        ("a\x1b[31m\u202e\n.mp4", "a[31m.mp4"),
        ("x" * 5000, "x" * 200),
        ("..", None),
        ("a/", None),
        ("", None),
    ],
)
def test_what_a_client_calls_a_file(client, given, shown):
    """A file keeps the name that the client gave, as text that can be shown and is no path, also for a server that
    starts anew; on the disk it is called by its id."""
    from atom_serve.rest.uploads import Uploads

    sent = client.post("/v1/files", params={"filename": given}, content=b"abc").json()
    uploads = client.app.state.service.uploads
    path = uploads.find(sent["id"]).path
    assert sent["filename"] == (shown or path.name)
    assert path.stem == sent["id"]
    assert Uploads(uploads.folder).find(sent["id"]).about() == sent
    client.delete(f"/v1/files/{sent['id']}")
    assert list(uploads.folder.glob("*")) == []


def test_what_curl_sends(client, footage):
    """A file that comes with the type of a form's fields, as curl says of all that it sends, is the file; fields are
    not, and what to do is said."""
    fields = {"content-type": "application/x-www-form-urlencoded"}
    content = (footage / "0.mp4").read_bytes()
    sent = client.post("/v1/files", headers=fields, content=content).json()
    assert sent["bytes"] == len(content)
    assert len(client.get("/v1/clips", params={"path": sent["id"]}).json()["clips"]) == 2
    assert (
        client.post("/v1/files", headers=fields, content=b"1\n00:00:01,000 --> 00:00:02,000\nHi\n").status_code == 200
    )
    for body in (b"purpose=user_data&file=%40title.mp4", b"a"):
        answer = client.post("/v1/files", headers=fields, content=body)
        assert (answer.status_code, "application/octet-stream" in answer.text) == (400, True)
    assert len(client.get("/v1/files").json()["data"]) == 2


@pytest.mark.parametrize("name", ["file-../../token", "file-x", "file-" + "a" * 24, "file-" + "a" * 500])
def test_no_such_file(client, name):
    """An id that was not given is not there, whatever it looks like."""
    assert client.get("/v1/clips", params={"path": name}).status_code == 404


def sending(total, piece=2**20):
    """A body of so many bytes that nobody holds."""
    for _ in range(total // piece):
        yield b"\0" * piece


@pytest.mark.parametrize("declared", [True, False])
def test_a_file_of_ten_gigabytes(client, monkeypatch, declared):
    """A file that says it is larger than what is taken is refused before any of it is read; one that does not say is
    cut off at the bound. Nothing of it stays."""
    monkeypatch.setattr(client.app.state.service.uploads, "most_bytes", 8 * 2**20)
    taken = []

    def body():
        for piece in sending(64 * 2**20):
            taken.append(len(piece))
            yield piece

    headers = {"content-length": str(10 * 2**30)} if declared else {}
    content = b"" if declared else body()
    answer = client.post("/v1/files", params={"filename": "a.mp4"}, content=content, headers=headers)
    assert answer.status_code == 413
    assert list(client.app.state.service.uploads.folder.glob("*")) == []


def test_what_is_no_file(client):
    """A form without a file, one that is broken, or an empty body is 400, and leaves nothing."""
    boundary = {"content-type": "multipart/form-data; boundary=x"}
    assert client.post("/v1/files", data={"purpose": "x"}).status_code == 400
    assert client.post("/v1/files", content=b"").status_code == 400
    assert client.post("/v1/files", headers=boundary, content=b"nonsense" * 100).status_code == 400
    cut = b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
    assert client.post("/v1/files", headers=boundary, content=cut).status_code == 400
    many = {f"field{number}": "x" * 100_000 for number in range(20)}
    assert client.post("/v1/files", files={"file": b"a"}, data=many).status_code == 413
    assert list(client.app.state.service.uploads.folder.glob("*")) == []


def test_a_full_disk(client, monkeypatch):
    """A disk that is nearly full takes no file, and says so."""
    monkeypatch.setattr("atom_serve.rest.uploads.ROOM_BYTES", 2**70)
    answer = client.post("/v1/files", content=b"abc")
    assert (answer.status_code, "make room" in answer.text) == (507, True)


def test_a_cache_that_cannot_be_written(client, monkeypatch, tmp_path):
    """Files are not taken where they cannot be kept, which is told as that, and is no fault of the server."""
    (tmp_path / "taken").touch()
    monkeypatch.setattr(client.app.state.service.uploads, "folder", tmp_path / "taken" / "uploads")
    answer = client.post("/v1/files", content=b"abc")
    assert (answer.status_code, "--cache DIR" in answer.text) == (507, True)


def test_old_files_go(client, monkeypatch):
    """Files are kept for a time, and the oldest go where all together are too large."""
    import os

    uploads = client.app.state.service.uploads
    first = client.post("/v1/files", content=b"abc").json()["id"]
    os.utime(uploads.find(first).path, (1, 1))
    second = client.post("/v1/files", content=b"abcd").json()["id"]
    assert [upload.id for upload in uploads.all()] == [second]
    monkeypatch.setattr(uploads, "_most_total", 3)
    third = client.post("/v1/files", content=b"abc").json()["id"]
    assert [upload.id for upload in uploads.all()] == [third]
    client.delete(f"/v1/files/{third}")


def test_files_are_the_users_alone(client):
    """What was sent is nobody else's to read."""
    upload = client.post("/v1/files", content=b"abc").json()["id"]
    path = client.app.state.service.uploads.find(upload).path
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    client.delete(f"/v1/files/{upload}")
