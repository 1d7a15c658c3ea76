"""Fetching from a hub: the right files and no more, and what is made of every way in which that can fail."""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from atom_core.checkpoint.checkpoint import content_hash, open_checkpoint
from atom_core.checkpoint.find import fetch_model, find
from atom_core.errors import ModelError
from atom_core.hub import client
from atom_core.hub import fetch as fetching
from atom_core.hub.repo import Repo, needed
from atom_core.settings import DEFAULT_MODEL, FromFolder
from atom_core.testing.hub import Answer, MockHub
from atom_core.testing.models import make_checkpoint

MODEL = "owner/small"
EXTRA = {
    ".gitattributes": b"*.safetensors filter=lfs",
    "README.md": b"# A model",
    "eval_results.json": b"{}",
    "pytorch_model.bin": b"p" * 9000,
    "onnx/decoder_model_merged.onnx": b"o" * 9000,
    "onnx/config.json": b"{}",
    "checkpoint-500/model.safetensors": b"c" * 9000,
    "original/consolidated.safetensors": b"c" * 9000,
    "bf16/model.safetensors": b"b" * 9000,
}
"""What the hub has of a model beside that which is needed."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The twelve files of the default model's layout, small."""
    folder = make_checkpoint(tmp_path_factory.mktemp("hub") / "m", "smolvlm", dtype="bfloat16")
    (folder / "chat_template.jinja").rename(folder / "chat_template.json")
    text = (folder / "chat_template.json").read_text()
    (folder / "chat_template.json").write_text(json.dumps({"chat_template": text}))
    tokens = json.loads((folder / "tokenizer.json").read_text())
    (folder / "vocab.json").write_text(json.dumps(tokens["model"]["vocab"]))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    (folder / "special_tokens_map.json").write_text("{}")
    (folder / "added_tokens.json").write_text("{ }")
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert len(found) == 12
    return found


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The hub's cache, empty; no waits between tries."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(client, "_WAITS_S", (0.0,) * 4)
    return tmp_path / "hub"


@pytest.fixture
def hub(cache: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[MockHub]:
    """A hub that has the model, and is the one that is asked."""
    from huggingface_hub import close_session, constants

    with MockHub().running() as hub:
        hub.add(MODEL, files | EXTRA)
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 0.5)
        monkeypatch.setattr(constants, "HF_HUB_ETAG_TIMEOUT", 0.5)
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(cache / "no token"))
        for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_HUB_OFFLINE", "HTTP_PROXY", "http_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield hub
        hub.fault = None
        close_session()


def left(cache: Path) -> list[str]:
    """What is in the cache that no complete model needs."""
    repo = cache / "models--owner--small"
    linked = {path.resolve() for path in repo.glob("snapshots/*/*")}
    kept = {repo / "atom.json", repo / "refs" / "main", *linked, *repo.glob("snapshots/*/*")}
    return sorted(
        path.relative_to(cache).as_posix()
        for path in cache.rglob("*")
        if path.is_file() and path not in kept and ".locks" not in path.parts
    )


def is_whole(folder: Path, files: dict[str, bytes]) -> bool:
    """Whether a snapshot has exactly these files."""
    return {path.name: path.read_bytes() for path in folder.iterdir()} == files


def test_first_run_fetches_what_is_needed(hub: MockHub, cache: Path, files: dict[str, bytes]) -> None:
    """The twelve files of the default model's layout, each once, and nothing else; it opens."""
    folder = find(MODEL)
    assert is_whole(folder, files)
    assert sorted(hub.fetched) == sorted(files)
    assert hub.sent_bytes == sum(map(len, files.values()))
    assert left(cache) == []
    assert open_checkpoint(MODEL).folder == folder


def test_second_run_asks_nothing(hub: MockHub, tmp_path: Path) -> None:
    """Also with the hashes checked, and also where the hub has moved on."""
    memory = tmp_path / "hashes.json"
    folder = find(MODEL, memory=memory)
    hub.asked.clear()
    hub.add(MODEL, {"config.json": b"{}"})
    for offline in (False, True):
        assert find(MODEL, memory=memory, offline=offline) == folder
    assert hub.asked == []


@pytest.mark.parametrize("forbid", ["--offline", "HF_HUB_OFFLINE", "hub down", "out of order"])
def test_what_was_fetched_opens_offline(hub: MockHub, forbid: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In every way of being offline."""
    from huggingface_hub import constants

    folder = find(MODEL)
    hub.fault = lambda answer: answer.send(503) is None
    if forbid == "HF_HUB_OFFLINE":
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    if forbid == "hub down":
        monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    assert open_checkpoint(MODEL, offline=forbid == "--offline").folder == folder


def test_moving_on_is_explicit(hub: MockHub, cache: Path, files: dict[str, bytes]) -> None:
    """A new commit is taken when asked for; what did not change is not fetched again, and the old one stays in use
    until the new one is whole.
    """
    old = find(MODEL)
    newer = files | {"generation_config.json": b'{"do_sample": false}'}
    commit = hub.add(MODEL, newer)
    hub.asked.clear()
    hub.fault = lambda answer: "generation_config" in answer.path and answer.send(403) is None
    with pytest.raises(ModelError):
        fetch_model(MODEL, anew=True)
    assert find(MODEL) == old
    hub.fault = None
    assert fetch_model(MODEL, anew=True).name == commit
    assert set(hub.fetched) == {"generation_config.json"}
    assert is_whole(find(MODEL), newer)
    assert left(cache) == []


def test_another_program_does_not_move_atom_on(hub: MockHub, cache: Path, files: dict[str, bytes]) -> None:
    """It may take the cache's branch to a commit that it fetches partly; the one in use stays."""
    folder = find(MODEL)
    repo = cache / "models--owner--small"
    (repo / "snapshots" / ("f" * 40)).mkdir(parents=True)
    (repo / "refs" / "main").write_text("f" * 40)
    hub.asked.clear()
    assert find(MODEL) == folder
    assert hub.asked == []


def test_revisions_are_pinned(hub: MockHub, files: dict[str, bytes]) -> None:
    """A branch, and a commit by its hash; one that there is not, or that is no name, is told."""
    newer = files | {"generation_config.json": b"{}"}
    main, dev = Repo(MODEL).commit() or hub.branches[MODEL]["main"], hub.add(MODEL, newer, branch="dev/1")
    assert find(MODEL, revision="dev/1").name == find(MODEL, revision=dev).name == dev
    assert find(MODEL, revision=main).name == main
    assert find(MODEL).name == main
    for revision in ("none-such", "../../x", "a b"):
        with pytest.raises(ModelError, match="has no revision"):
            find(MODEL, revision=revision)


def spoil(cache: Path, folder: Path, name: str, *, listed: bool) -> None:
    """Take a file away, as a program that fetched only some; maybe with what Atom wrote of the list."""
    (folder / name).unlink()
    if not listed:
        (cache / "models--owner--small" / "atom.json").unlink()


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json", "preprocessor_config.json"])
def test_partial_cache_is_completed(
    hub: MockHub, cache: Path, files: dict[str, bytes], name: str, listed: bool
) -> None:
    """Whatever another program left out, at the commit that it has."""
    folder = find(MODEL)
    spoil(cache, folder, name, listed=listed)
    (folder / "processor_config.json").unlink()
    hub.add(MODEL, {"config.json": b"{}"})
    with pytest.raises(ModelError, match="not whole in the cache"):
        find(MODEL, offline=True)
    assert find(MODEL) == folder
    assert is_whole(folder, files)


def test_what_the_hubs_client_left_is_enough(
    hub: MockHub, cache: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its list of all files, of which transformers fetches no vocabularies where there is a tokenizer.json."""
    from huggingface_hub import constants, snapshot_download

    address = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", address)
    wanted = [name for name in files if name not in ("vocab.json", "merges.txt")]
    folder = snapshot_download(MODEL, allow_patterns=wanted, cache_dir=cache, max_workers=1)
    hub.asked.clear()
    assert find(MODEL) == find(MODEL, offline=True) == Path(folder)
    assert hub.asked == []
    (Path(folder) / "special_tokens_map.json").unlink()
    assert is_whole(find(MODEL), files)


def test_missing_shard_is_fetched(hub: MockHub, cache: Path, files: dict[str, bytes]) -> None:
    """Of weights in several files, those that the index names and no others."""
    weights = files["model.safetensors"]
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    sharded = {name: body for name, body in files.items() if name != "model.safetensors"}
    sharded |= {name: weights + bytes([n]) for n, name in enumerate(sorted(index["weight_map"].values()))}
    sharded["model.safetensors.index.json"] = json.dumps(index).encode()
    hub.add(MODEL, sharded | EXTRA | {"model-00009-of-00009.safetensors": b"s" * 9000, "x.safetensors": b"x" * 5000})
    folder = find(MODEL)
    assert is_whole(folder, sharded)
    spoil(cache, folder, "model-00002-of-00002.safetensors", listed=False)
    assert is_whole(find(MODEL), sharded)


def test_sharded_and_whole_are_not_both_fetched() -> None:
    """The whole file is enough; foreign files and folders are left."""
    names = ["model.safetensors", "model.safetensors.index.json", "model-00001-of-00001.safetensors", "config.json"]
    assert needed([*names, *EXTRA]) == ["config.json", "model.safetensors"]


def test_what_cannot_serve_is_refused_before_its_weights(hub: MockHub, files: dict[str, bytes]) -> None:
    """Gigabytes are not fetched to be refused."""
    for change, said in (
        ({"config.json": b'{"model_type": "llama"}'}, "is not a vision-language model"),
        ({"config.json": b'{"model_type": "smolvlm", "quantization_config": {"quant_method": "gptq"}}'}, "'gptq'"),
        ({"adapter_config.json": b"{}"}, "holds a PEFT adapter"),
        ({"model.safetensors": None, "pytorch_model.bin": b"p"}, "only pickled weights"),
        ({"model.safetensors": None, "m.gguf": b"GGUF"}, "has GGUF weights"),
        ({"config.json": None}, "has no config.json on the hub"),
    ):
        hub.asked.clear()
        changed = files | change
        hub.add(f"{MODEL}-{len(said)}", {name: body for name, body in changed.items() if body is not None})
        with pytest.raises(ModelError, match=said):
            find(f"{MODEL}-{len(said)}")
        assert "model.safetensors" not in hub.fetched


def once(fault: Callable[[Answer], Any], num: int = 1, where: str = "/elsewhere/") -> Callable[[Answer], bool]:
    """A fault of some requests only."""
    times = iter(range(num))

    def answer(asked: Answer) -> bool:
        if where not in asked.path or next(times, None) is None:
            return False
        fault(asked)
        return True

    return answer


def cut(answer: Answer) -> None:
    """Some of what was promised."""
    answer.send(206 if answer.start else 200, b"x" * 0, total_bytes=5000)
    answer.handler.close_connection = True


def stall(answer: Answer) -> None:
    """Nothing, for longer than is waited."""
    time.sleep(0.8)
    answer.handler.close_connection = True


def portal(answer: Answer) -> None:
    """A page to sign in to a network."""
    answer.send(200, b"<html>Sign in</html>", {"Content-Type": "text/html"})


def status(code: int, **headers: str) -> Callable[[Answer], None]:
    """An answer without a body."""
    return lambda answer: answer.send(code, headers={name.replace("_", "-"): value for name, value in headers.items()})


PASSING = {
    "a cut": cut,
    "a reset": Answer.reset,
    "a stall": stall,
    "out of order": status(503),
    "a bad gateway": status(502),
    "too many requests": status(429, Retry_After="0"),
}


@pytest.mark.parametrize("where", ["/api/", "/elsewhere/"])
@pytest.mark.parametrize("case", PASSING)
def test_faults_that_pass_are_waited_out(
    hub: MockHub, cache: Path, files: dict[str, bytes], case: str, where: str
) -> None:
    """Whether the list is asked for or a file."""
    hub.fault = once(PASSING[case], 2, where)
    assert is_whole(find(MODEL), files)
    assert left(cache) == []


LASTING = {
    "a cut": (cut, "the connection to 127.0.0.1:.* was cut; check the connection"),
    "a reset": (Answer.reset, "the connection to 127.0.0.1:.* was reset; check the connection"),
    "a stall": (stall, "has fallen silent; check the connection"),
    "out of order": (status(503), r"is out of order \(503\); try again later"),
    "an error": (status(500), r"is out of order \(500\); try again later"),
    "too many requests": (status(429), r"too many requests from here \(429\); try again later"),
    "a long wait": (status(429, Retry_After="3600"), "asks to wait 60 minutes; try again later"),
    "a wait by date": (status(429, Retry_After="Wed, 21 Oct 2099 07:28:00 GMT"), "asks to wait .* minutes"),
    "a rate limit": (status(429, RateLimit='"api";r=0;t=300'), "asks to wait 5 minutes"),
    "a portal": (portal, "something else answered in the place of .* sign in to this network"),
    "gated": (status(401, X_Error_Code="GatedRepo"), "is gated; accept its terms on the hub and log in with"),
    "gated, and not on its list": (status(403, X_Error_Code="GatedRepo"), "is gated; accept its terms on the hub"),
    "forbidden": (status(403), r"forbids it to you \(403\)"),
    "disabled": (status(403, X_Error_Message="Access to this resource is disabled."), "the hub has disabled it"),
    "private": (status(401), "knows no such model, or it is private; check the name"),
    "unknown": (status(404, X_Error_Code="RepoNotFound"), "knows no such model, or it is private"),
    "no revision": (status(404, X_Error_Code="RevisionNotFound"), "has no revision 'main'"),
}


@pytest.mark.parametrize("where", ["/api/", "/elsewhere/"])
@pytest.mark.parametrize("case", LASTING)
def test_each_cause_has_its_line(
    hub: MockHub, cache: Path, files: dict[str, bytes], case: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line with cause and next step; the next run ends with the right files and nothing else."""
    if case == "a stall":
        monkeypatch.setattr(client, "_PATIENCE_S", 1.0)
    fault, said = LASTING[case]
    hub.fault = once(fault, 1000, where)
    with pytest.raises(ModelError, match=said) as caught:
        find(MODEL)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
    assert len(hub.asked) < 40
    hub.fault = None
    assert is_whole(find(MODEL), files)
    assert left(cache) == []


UNREACHED = {
    "http://no-such-host.invalid": "this network does not know the name no-such-host.invalid",
    "http://127.0.0.1:9": "127.0.0.1:9 refuses the connection",
    "nonsense": "nonsense cannot be asked",
}


@pytest.mark.parametrize("endpoint", UNREACHED)
def test_unreachable_hub_is_told_at_once(hub: MockHub, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One try; the ways on are named."""
    from huggingface_hub import constants

    def refuse_name(host: str, *_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    if "invalid" in endpoint:
        monkeypatch.setattr(socket, "getaddrinfo", refuse_name)
    monkeypatch.setattr(client.time, "sleep", lambda _: pytest.fail("it waits"))
    with pytest.raises(ModelError, match=rf"{UNREACHED[endpoint]}.*--model FOLDER.*--model tiny"):
        find(MODEL)


def test_proxy_that_does_not_work_is_named(hub: MockHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its variable, without the password in its value."""
    from huggingface_hub import close_session

    close_session()
    monkeypatch.setenv("http_proxy", "http://me:secret@127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(ModelError, match="the proxy named by http_proxy does not let it through") as caught:
        find(MODEL)
    assert "secret" not in str(caught.value)
    close_session()


def test_refused_token_is_left_out(
    hub: MockHub, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A token that has expired keeps nobody from a public model, and that is said; of a private one, it is told."""
    monkeypatch.setenv("HF_TOKEN", "hf_expired")

    def refuse(answer: Answer) -> bool:
        if answer.authorized is not None:
            answer.send(401, headers={"X-Error-Message": "Invalid credentials in Authorization header"})
        return answer.authorized is not None

    hub.fault = refuse
    assert is_whole(find(MODEL), files)
    assert "the hub refused your token" in caplog.text
    hub.fault = lambda answer: answer.send(401) is None
    with pytest.raises(ModelError, match="your token was refused, `hf auth login` sets a new one"):
        find("owner/private")


def test_token_stays_with_the_hub(hub: MockHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where files come from another host, it is not told."""
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    told = []
    with MockHub(models=hub.models).running() as other:
        other.fault = lambda answer: told.append(answer.authorized) is not None
        real = hub.url
        hub.url = other.url
        find(MODEL)
        hub.url = real
    assert told
    assert set(told) == {None}


def test_cut_download_goes_on_where_it_ended(hub: MockHub, cache: Path, files: dict[str, bytes]) -> None:
    """Within the run and in the next: no byte comes twice."""
    weights = files["model.safetensors"]

    def half(answer: Answer) -> None:
        hub.sent_bytes += 50_000
        answer.send(
            206 if answer.start else 200, weights[answer.start : answer.start + 50_000], total_bytes=len(weights)
        )
        answer.handler.close_connection = True

    is_weights = f"/elsewhere/{fetching.Hub(MODEL).listing(None)[1]['model.safetensors'].etag}"
    hub.fault = lambda answer: (
        once(half, 1, is_weights)(answer)
        if answer.start < 100_000
        else (answer.path == is_weights and answer.send(404) is None)
    )
    with pytest.raises(ModelError):
        find(MODEL)
    assert [path.name for path in (cache / "models--owner--small" / "blobs").glob("*.incomplete")]
    hub.fault = None
    assert is_whole(find(MODEL), files)
    assert hub.sent_bytes == sum(map(len, files.values()))
    assert left(cache) == []


def test_hub_that_does_not_resume(hub: MockHub, cache: Path, files: dict[str, bytes]) -> None:
    """It sends the whole file again, which takes the place of what was there."""
    name, weights = "model.safetensors", files["model.safetensors"]
    etag = fetching.Hub(MODEL).listing(None)[1][name].etag
    part = cache / "models--owner--small" / "blobs" / f"{etag}.atom.incomplete"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"?" * 1000)
    hub.fault = once(lambda answer: answer.send(200, weights), 1, f"/elsewhere/{etag}")
    assert is_whole(find(MODEL), files)


def test_wrong_bytes_of_the_right_size(
    hub: MockHub, cache: Path, files: dict[str, bytes], caplog: pytest.LogCaptureFixture
) -> None:
    """A file is fetched once more, then refused; large files by sha256, small ones by git's hash."""
    for name in ("model.safetensors", "config.json"):
        body = files[name]
        where = "/elsewhere/" if name == "model.safetensors" else name
        wrong = body[:-1] + bytes([body[-1] ^ 1])
        if name == "model.safetensors":
            where += fetching.Hub(MODEL).listing(None)[1][name].etag
        hub.fault = once(lambda answer, wrong=wrong: answer.send(200, wrong), 1000, where)
        with pytest.raises(ModelError, match=f"{name} came with other bytes than the hub lists, twice"):
            find(MODEL)
        hub.fault = once(lambda answer, wrong=wrong: answer.send(200, wrong), 1, where)
        assert is_whole(find(MODEL), files)
        shutil.rmtree(cache)


def test_damaged_cache_is_told_or_mended(
    hub: MockHub, cache: Path, files: dict[str, bytes], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One wrong byte in the cache is found once there is a place to remember hashes in, whoever wrote it."""
    memory = tmp_path / "hashes.json"
    folder = find(MODEL)
    good = content_hash(folder, memory)
    for name in ("model.safetensors", "tokenizer_config.json"):
        blob = (folder / name).resolve()
        blob.write_bytes(files[name][:-1] + bytes([files[name][-1] ^ 1]))
        assert content_hash(folder, memory) != good
        with pytest.raises(ModelError, match=rf"its {name} is damaged\) and --offline forbids the network"):
            find(MODEL, memory=memory, offline=True)
        assert find(MODEL, memory=memory) == folder
        assert content_hash(folder, memory) == good
        assert f"{name} of model {MODEL} is damaged, and is fetched again" in caplog.text
    assert left(cache) == []


def test_right_bytes_are_read_once(hub: MockHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of large files: the hash that was checked is remembered."""
    from atom_core.hub import hashes

    monkeypatch.setattr(hashes, "_WORTH_REMEMBERING_BYTES", 100_000)
    memory, read = tmp_path / "hashes.json", []
    folder = find(MODEL, memory=memory)
    real = hashes.hashlib.file_digest
    monkeypatch.setattr(hashes.hashlib, "file_digest", lambda file, kind: read.append(file.name) or real(file, kind))
    find(MODEL, memory=memory)
    content_hash(folder, memory)
    assert [path for path in read if os.stat(path).st_size > 100_000] == []


def test_foreign_files_in_a_snapshot_change_nothing(hub: MockHub, tmp_path: Path) -> None:
    """Another program may add to it; features stay valid."""
    folder = find(MODEL)
    before = content_hash(folder, tmp_path / "hashes.json")
    (folder / "trainer_state.json").write_text("{}")
    assert content_hash(folder, tmp_path / "hashes.json") == before


def test_full_disk_is_seen_before(hub: MockHub, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is begun that does not fit; what is to come and what is free are told."""
    usage = shutil._ntuple_diskusage(10**9, 10**9, 1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(ModelError, match=r"\d+ kB are to come, and .* has 1 kB free; free some space, or name another"):
        find(MODEL)
    assert hub.fetched == []
    assert left(cache) == []


def test_disk_that_fills_up(
    hub: MockHub, cache: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told, and what was begun does not stay in everybody's way."""
    real, free = os.replace, [10**9]

    def full(source: Any, target: Any) -> None:
        if str(source).endswith(".incomplete"):
            free[0] = 0
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(source))
        real(source, target)

    monkeypatch.setattr(fetching.os, "replace", full)
    monkeypatch.setattr(fetching, "_free_bytes", lambda _: free[0])
    with pytest.raises(ModelError, match="the disk has filled up; free some space"):
        find(MODEL)
    monkeypatch.undo()


@pytest.mark.parametrize("what", ["a file in its place", "no permission"])
def test_cache_that_cannot_be_written(hub: MockHub, cache: Path, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named, before anything is fetched."""
    if what == "no permission":
        monkeypatch.setattr("atom_core.files.os.access", lambda *_: False)
    else:
        cache.write_text("x")
    with pytest.raises(ModelError, match=r"the hub's cache cannot be written \(.*make it writable, or name another"):
        find(MODEL)
    assert hub.fetched == []


def test_offline_variable_is_named(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that one knows what to unset."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    for name in ("TRANSFORMERS_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        monkeypatch.setenv(name, "1")
        with pytest.raises(ModelError, match=f"is not cached and {name} forbids the network; unset it"):
            find(MODEL)
        monkeypatch.delenv(name)


def test_nothing_is_fetched_on_a_folders_word(hub: MockHub) -> None:
    """A model, or a revision of any, that only atom.toml names; the default model is everybody's."""
    for source, revision in ((FromFolder(MODEL), None), (MODEL, FromFolder("refs/pr/1"))):
        with pytest.raises(
            ModelError, match=r"only atom.toml of this folder names it.*`atom models --fetch owner/small"
        ):
            find(source, revision=revision)
    assert hub.asked == []
    with pytest.raises(ModelError, match="knows no such model"):
        find(FromFolder(DEFAULT_MODEL))
    find(MODEL)
    assert find(FromFolder(MODEL))


def test_folder_does_not_take_a_hub_models_place(
    hub: MockHub, files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    """That of the default model, or one in the cache, is left; another is told; ./ says that it is meant."""
    for name in (DEFAULT_MODEL, MODEL, "my/own"):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        for file, body in files.items():
            (folder / file).write_bytes(body)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match="is not cached"):
        find(DEFAULT_MODEL, offline=True)
    assert find(MODEL, offline=True) == Path(MODEL)
    assert f"model {MODEL} is taken from the folder ./{MODEL}" in caplog.text
    caplog.clear()
    assert find(f"./{MODEL}", offline=True) == Path(MODEL)
    assert find(str(tmp_path / MODEL), offline=True) == tmp_path / MODEL
    assert caplog.text == ""


def test_size_and_space_are_told_first(hub: MockHub, caplog: pytest.LogCaptureFixture, cache: Path) -> None:
    """How much is to come, of how much, and what is free."""
    find(MODEL)
    assert "kB of model owner/small (" in caplog.text
    assert " in 12 files; " in caplog.text
    assert f" free in {cache}" in caplog.text


def test_progress_counts_the_weights(hub: MockHub, files: dict[str, bytes]) -> None:
    """Of the weights, which take long; also where some have to come again."""
    counted: list[int] = []

    class Counting:
        def __init__(self, label: str, total: int) -> None:
            assert (label, total) == (f"Fetching {MODEL}", len(files["model.safetensors"]))

        def __enter__(self) -> Counting:
            return self

        def __exit__(self, *exc: object) -> None: ...

        def advance(self, steps: int = 1) -> None:
            counted.append(steps)

    weights = f"/elsewhere/{fetching.Hub(MODEL).listing(None)[1]['model.safetensors'].etag}"
    hub.fault = once(lambda answer: answer.send(200, b"?" * len(files["model.safetensors"])), 1, weights)
    token = fetching.bars.set(Counting)
    find(MODEL)
    fetching.bars.reset(token)
    assert sum(counted) == len(files["model.safetensors"])


PROGRAM = "import sys; from atom_core.hub.fetch import fetch; print(fetch(sys.argv[1]))"


def started(hub: MockHub, cache: Path) -> subprocess.Popen[str]:
    """Another process that fetches the model."""
    env = {name: value for name, value in os.environ.items() if name not in ("HF_HUB_OFFLINE", "HF_TOKEN")}
    env |= {"HF_ENDPOINT": hub.url, "HF_HUB_CACHE": str(cache), "HF_HOME": str(cache.parent / "home")}
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", PROGRAM, MODEL], env=env, stdout=pipe, stderr=pipe, text=True)


def test_two_processes_fetch_once(hub: MockHub, cache: Path, files: dict[str, bytes]) -> None:
    """One waits for the other, file by file; both have the model."""
    hub.pause_s = 0.002
    both = [started(hub, cache) for _ in range(2)]
    said = [process.communicate(timeout=120) for process in both]
    assert [out for out, _ in said] == [f"{find(MODEL)}\n"] * 2
    assert is_whole(find(MODEL), files)
    assert sorted(hub.fetched) == sorted(files)
    assert left(cache) == []


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("place", range(0, 10, int(10 / int(os.environ.get("ATOM_TEST_KILLS", "2")) or 1)))
def test_killed_anywhere(hub: MockHub, cache: Path, files: dict[str, bytes], signal_number: int, place: int) -> None:
    """The next run completes what is there, fetches no whole file twice, and leaves nothing over."""
    total = sum(map(len, files.values()))
    hub.pause_s = 0.002
    process = started(hub, cache)
    deadline = time.monotonic() + 60
    while hub.sent_bytes <= total * place / 10 and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.001)
    process.send_signal(signal_number)
    process.communicate(timeout=60)
    hub.pause_s = 0.0
    time.sleep(0.05)
    assert is_whole(find(MODEL), files)
    assert left(cache) == []
    assert hub.sent_bytes < 1.6 * total


def test_what_dead_programs_have_begun_is_removed(hub: MockHub, cache: Path) -> None:
    """Of this commit or another, by Atom or the hub's client; what somebody holds the lock of stays."""
    from huggingface_hub.utils import WeakFileLock

    blobs, locks = cache / "models--owner--small" / "blobs", cache / ".locks" / "models--owner--small"
    blobs.mkdir(parents=True)
    locks.mkdir(parents=True)
    etag = "e" * 64
    for name in (f"{'a' * 64}.incomplete", f"{'b' * 40}.1234abcd.incomplete", f"{etag}.99.incomplete"):
        (blobs / name).write_bytes(b"x")
    with WeakFileLock(locks / f"{etag}.lock"):
        thread = threading.Thread(target=find, args=(MODEL,))
        thread.start()
        thread.join()
    assert [path.name for path in blobs.glob("*.incomplete")] == [f"{etag}.99.incomplete"]


def test_logs_say_nothing_where_all_is_there(hub: MockHub, caplog: pytest.LogCaptureFixture) -> None:
    """A model that is cached is opened without a word."""
    find(MODEL)
    caplog.clear()
    with caplog.at_level(logging.INFO):
        find(MODEL)
    assert caplog.text == ""
