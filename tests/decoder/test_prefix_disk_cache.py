"""Prefixes kept on disk between runs."""

import shutil
import threading
from pathlib import Path

import pytest
import torch

from atom_core.decoder.prefix_cache import KV, joined
from atom_core.decoder.prefix_disk_cache import PrefixDiskCache
from atom_core.families.prompt import PrefixKey
from atom_core.testing import wait_until

HEAD: tuple[PrefixKey, ...] = ((5, 1), (("features", 0), 3), (7, 1))


def kv(number: float = 1.0, num_tokens: int = 5) -> KV:
    """States that are all `number`, of two layers."""
    return KV(
        tuple((torch.full((2, num_tokens, 4), number + n), torch.full((2, num_tokens, 4), -number)) for n in (0, 1)),
        num_tokens,
    )


def kept(folder: Path, *heads: tuple[PrefixKey, ...], fingerprint: str = "model", max_bytes: int = 10**9) -> None:
    """Keep states of `heads`."""
    files = PrefixDiskCache(folder, max_bytes, fingerprint)
    for number, head in enumerate(heads):
        files.put(head, kv(number))
    files.close()


def test_what_was_put_is_found_in_another_run(tmp_path: Path) -> None:
    """The states of each layer come back bit for bit."""
    kept(tmp_path, HEAD)
    found = PrefixDiskCache(tmp_path, 10**9, "model").get(HEAD)
    assert found is not None
    assert found.num_tokens == 5
    assert all(
        torch.equal(a, b)
        for one, other in zip(found.layers, kv(0).layers, strict=True)
        for a, b in zip(one, other, strict=True)
    )


def test_another_prompt_clip_or_model_finds_nothing(tmp_path: Path) -> None:
    """Tokens, the features' key, which of their rows, and the decoder are the address."""
    kept(tmp_path, HEAD)
    others: list[tuple[PrefixKey, ...]] = [
        ((6, 1), *HEAD[1:]),
        (HEAD[0], (("other", 0), 3), HEAD[2]),
        (HEAD[0], (("features", 1), 3), HEAD[2]),
        HEAD[:2],
    ]
    files = PrefixDiskCache(tmp_path, 10**9, "model")
    assert [files.get(head) for head in others] == [None] * len(others)
    assert PrefixDiskCache(tmp_path, 10**9, "model in int8").get(HEAD) is None


def test_a_damaged_file_is_told_and_removed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is read anew, never used."""
    kept(tmp_path, HEAD)
    [path] = tmp_path.glob("*/*.safetensors")
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    assert PrefixDiskCache(tmp_path, 10**9, "model").get(HEAD) is None
    assert "prefixes" in caplog.text
    assert "damaged" in caplog.text
    assert not path.exists()


def test_the_size_cap_holds(tmp_path: Path) -> None:
    """The least recently used go first."""
    heads = [((number, 1), *HEAD[1:]) for number in range(6)]
    kept(tmp_path, heads[0])
    size = sum(path.stat().st_size for path in tmp_path.glob("*/*"))
    kept(tmp_path, *heads[1:], max_bytes=int(2.5 * size))
    left = list(tmp_path.glob("*/*.safetensors"))
    assert len(left) == 2
    assert PrefixDiskCache(tmp_path, 10**9, "model").get(heads[0]) is None


def test_a_slow_disk_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be written soon is not kept: no more than four are held in memory, and one after the other is
    written.
    """
    files = PrefixDiskCache(tmp_path, 10**9, "model")
    go, written = threading.Event(), []

    def write(*_: object) -> None:
        written.append(threading.current_thread().name)
        go.wait(120)

    monkeypatch.setattr(files._files, "write", write)
    putting = threading.Thread(target=lambda: [files.put(HEAD, kv()) for _ in range(20)])
    putting.start()
    putting.join(30)
    waits = putting.is_alive()
    go.set()
    putting.join()
    wait_until(lambda: len(written) > 1)  # the first has made room
    files.put(HEAD, kv())
    files.close()
    assert not waits
    assert len(written) == 5, "four of twenty, and one when there was room again"
    assert len(set(written)) == 1


def test_runs_joined_are_one() -> None:
    """States of a prefix that lies in several runs are those of the whole."""
    whole = joined([kv(1.0, 2), kv(2.0, 3)])
    assert whole.num_tokens == 5
    assert whole.layers[0][0][:, :, 0].tolist() == [[1, 1, 2, 2, 2]] * 2


def test_what_was_kept_before_still_counts(tmp_path: Path) -> None:
    """A folder that an earlier version wrote is read: its keys, its files and what is in them mean the same today."""
    shutil.copytree(Path(__file__).parent / "kept/prefixes", tmp_path / "prefixes")
    features = "15cec4561f920c0de1e0148c9c2db5155c38aa723761c5c00ab7827426248d02"
    found = PrefixDiskCache(tmp_path / "prefixes", 10**6, "model").get(((5, 1), ((features, 0), 3), (7, 1)))
    assert found is not None
    assert found.num_tokens == 5
    for layer, (keys, values) in enumerate(found.layers):
        assert torch.equal(keys, torch.full((1, 5, 2), float(layer)))
        assert torch.equal(values, torch.full((1, 5, 2), -float(layer)))
