"""Features kept on disk."""

import contextlib
import errno
import itertools
import logging
import multiprocessing
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from attrs import evolve

from atom_core.encoder.feature_cache import FeatureCache, feature_key
from atom_core.errors import Cancelled
from atom_core.files import abandon
from atom_core.media.shot_cache import ShotStore
from atom_core.records import Clip, Features, Video
from atom_core.stores import claims
from atom_core.stores.json_store import KeptValues

VIDEO = Video(path=Path("a.mp4"), content_hash="c0ffee" * 6, duration_s=4.0, width=8, height=8, fps=25.0)
CLIP = Clip(video=VIDEO, start_s=0.0, end_s=2.0)


def features(number: float = 1.0, *, rows: int = 2, clip: Clip = CLIP) -> Features:
    """Features whose values are all `number`."""
    key = feature_key(clip, f"uniform:{number}", "model")
    values = torch.full((rows, 3), number)
    return Features(
        clip=clip, values=values, timestamps_s=(0.5, 1.5), rule="uniform:2", key=key, layout={"grid": [1, 2]}
    )


def fresh(store: FeatureCache) -> FeatureCache:
    """Another store on the same folder, as another process has."""
    return FeatureCache(store.folder, store.max_bytes)


def test_what_was_put_is_found_by_another_process(tmp_path: Path) -> None:
    """Values, times, layout and further tensors come back as they were."""
    store = FeatureCache(tmp_path, 10**9)
    put = evolve(features(), extra={"deep": torch.arange(4.0)})
    store.put(put)
    found = fresh(store).get(put.key, CLIP)
    assert found == put
    assert torch.equal(found.values, put.values)
    assert torch.equal(found.extra["deep"], put.extra["deep"])
    assert found.layout == put.layout


def test_the_key_tells_apart_everything_that_changes_the_result() -> None:
    """Content, span, rule and model make the key; the path does not."""
    base = feature_key(CLIP, "uniform:8", "model")
    assert feature_key(evolve(CLIP, video=evolve(VIDEO, path="b.mp4")), "uniform:8", "model") == base
    others = [
        feature_key(evolve(CLIP, video=evolve(VIDEO, content_hash="beef" * 9)), "uniform:8", "model"),
        feature_key(evolve(CLIP, start_s=0.001), "uniform:8", "model"),
        feature_key(evolve(CLIP, end_s=2.001), "uniform:8", "model"),
        feature_key(CLIP, "uniform:9", "model"),
        feature_key(CLIP, "uniform:8", "model b"),
    ]
    assert len({base, *others}) == 6


def test_found_features_are_placed_at_the_clip_asked_for(tmp_path: Path) -> None:
    """A copy of the file elsewhere shares features, and the result names the copy."""
    store = FeatureCache(tmp_path, 10**9)
    store.put(features())
    copy = evolve(CLIP, video=evolve(VIDEO, path="elsewhere.mp4"))
    for found in (store.get(features().key, copy), fresh(store).get(features().key, copy)):
        assert found is not None
        assert found.clip.video.path == Path("elsewhere.mp4")


@pytest.mark.parametrize("damage", ["truncate", "flip", "empty"])
def test_a_damaged_file_is_noticed_and_removed(tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    """Truncated or changed bytes are never served."""
    store = FeatureCache(tmp_path, 10**9)
    store.put(features())
    [path] = tmp_path.glob("features/*/*.safetensors")
    data = bytearray(path.read_bytes())
    data[-1] ^= 0x40
    path.write_bytes({"truncate": data[: len(data) // 2], "flip": data, "empty": b""}[damage])
    with caplog.at_level(logging.WARNING, "atom"):
        assert fresh(store).get(features().key, CLIP) is None
    assert "damaged" in caplog.text
    assert not path.exists()


def test_a_file_under_another_name_is_damage(tmp_path: Path) -> None:
    """Another clip's features are never served, though they are whole."""
    store = FeatureCache(tmp_path, 10**9)
    store.put(features(1.0))
    [one] = tmp_path.glob("features/*/*.safetensors")
    store.put(features(2.0))
    [two] = set(tmp_path.glob("features/*/*.safetensors")) - {one}
    shutil.copy(one, two)
    assert fresh(store).get(features(2.0).key, CLIP) is None
    assert fresh(store).get(features(1.0).key, CLIP) == features(1.0)


def test_a_folder_that_cannot_be_written_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a read-only disk, where no use can be noted, what is kept is no damage and not computed again."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    store = FeatureCache(tmp_path, 10**9)
    store.put(features())
    monkeypatch.setattr(os, "utime", refuse)
    assert fresh(store).get(features().key, CLIP) == features()


def test_a_folder_that_cannot_be_written_costs_no_result(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is said once, and the features are still known in this process."""
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    store = FeatureCache(blocked, 10**9)
    with caplog.at_level(logging.WARNING, "atom"), store.claim("ab" * 32):
        store.put(features(1.0))
        store.put(features(2.0))
    assert caplog.text.count("cannot be kept") == 1
    assert store.get(features(1.0).key, CLIP) is not None


def test_the_size_cap_holds_and_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    """Files used lately outlive the cap."""
    store = FeatureCache(tmp_path, 10**9)
    for number in (1.0, 2.0, 3.0):
        store.put(features(number, rows=1000))
    files = sorted(tmp_path.glob("features/*/*.safetensors"))
    size = files[0].stat().st_size
    for file in files:
        os.utime(file, (1000, 1000))
    assert fresh(store).get(features(2.0).key, CLIP) is not None
    FeatureCache(tmp_path, 2 * size).put(features(4.0, rows=1000))
    left = [n for n in (1.0, 2.0, 3.0, 4.0) if fresh(store).get(features(n).key, CLIP) is not None]
    assert left == [2.0, 4.0]


OLD, NEW = ".0123456789abcdef.part", ".fedcba9876543210.part"


def test_stale_temporary_files_are_swept(tmp_path: Path) -> None:
    """What a killed process left half-written goes, in all that is kept; what is being written stays."""
    for name in ("features", "shots"):
        folder = tmp_path / name / "ab"
        folder.mkdir(parents=True)
        (folder / OLD).write_bytes(b"x")
        (folder / NEW).write_bytes(b"x")
        os.utime(folder / OLD, (time.time() - 10_000,) * 2)
    FeatureCache(tmp_path, 10**9).put(features())
    ShotStore(tmp_path, "1").put("ab" * 20, [])
    assert [path.name for path in tmp_path.rglob("*.part")] == [NEW] * 2


def test_an_interrupted_program_leaves_no_half_written_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a thread was writing is removed, though nobody waits for it."""
    writing = Path.write_bytes

    def interrupted(path: Path, data: bytes) -> int:
        written = writing(path, data)
        abandon()
        assert not path.exists()
        raise OSError(written)

    monkeypatch.setattr(Path, "write_bytes", interrupted)
    FeatureCache(tmp_path, 10**9).put(features())
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def _claim_and_count(folder: Path, out: Path) -> None:
    store = FeatureCache(folder, 10**9)
    with store.claim("ab" * 32):
        if store.get(features().key, CLIP) is None:
            time.sleep(0.05)
            with out.open("a") as file:
                file.write("computed\n")
            store.put(features())


def test_what_is_known_is_not_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its key, by another that will do, or because another process computed it meanwhile; new features are kept."""
    store, wanted, told = FeatureCache(tmp_path, 10**9), features(), []

    def compute() -> Features:
        told.append("computed")
        return wanted

    def ask(key: str = wanted.key, or_key: str | None = None) -> tuple[Features, bool]:
        return store.get_or_compute(key, CLIP, compute, check=lambda: told.append("checked"), or_key=or_key)

    assert (ask(), ask(), ask("ab" * 32, wanted.key)) == ((wanted, False), (wanted, True), (wanted, True))
    assert fresh(store).get(wanted.key, CLIP) == wanted
    assert told == ["checked", "computed"], "who finds what it wants waits for nobody"
    late, claim = features(2.0), FeatureCache.claim

    @contextlib.contextmanager
    def held(self: FeatureCache, key: str, check: Callable[[], None]) -> Iterator[None]:
        fresh(store).put(late)
        with claim(self, key, check):
            yield

    monkeypatch.setattr(FeatureCache, "claim", held)
    assert ask(late.key) == (late, True)
    assert told == ["checked", "computed", "checked"]


def test_two_processes_compute_an_entry_once(tmp_path: Path) -> None:
    """A claim makes the second process wait and find the first one's work."""
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_claim_and_count, args=(tmp_path, tmp_path / "out")) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert (tmp_path / "out").read_text() == "computed\n"


def test_a_long_wait_for_another_process_is_told_and_can_be_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Who waits for a process that was stopped is told why, once, and is not kept from giving up."""
    monkeypatch.setattr(claims, "_CHECK_S", 0.01)
    monkeypatch.setattr(claims, "_PATIENCE_S", 0.02)
    checks = itertools.count()

    def check() -> None:
        if next(checks) > 5:
            raise Cancelled("enough")

    with (
        FeatureCache(tmp_path, 10**9).claim("ab" * 32),
        caplog.at_level(logging.WARNING, "atom"),
        pytest.raises(Cancelled),
        FeatureCache(tmp_path, 10**9).claim("ab" * 32, check),
    ):
        pytest.fail("two have one claim")
    assert caplog.text.count("another process that is encoding this clip") == 1
    assert next(checks) == 7


def test_the_cache_is_the_users_alone(tmp_path: Path) -> None:
    """What is kept, and the locks beside it, can be read by nobody else, whatever the umask."""
    store, put = FeatureCache(tmp_path / "cache", 10**6), features()
    before = os.umask(0o022)
    try:
        with store.claim(put.key):
            store.put(put)
        KeptValues(tmp_path / "cache" / "shots", "1").put("ab", [1])
    finally:
        os.umask(before)
    assert len([path for path in (tmp_path / "cache").rglob("*") if path.is_file()]) == 3
    assert [path for path in (tmp_path / "cache").rglob("*") if path.stat().st_mode & 0o077] == []


def test_what_was_kept_before_still_counts(tmp_path: Path) -> None:
    """A folder that an earlier version wrote is read: its keys, its files and what is in them mean the same today."""
    shutil.copytree(Path(__file__).parent / "kept", tmp_path / "cache")
    video = Video(path=Path("a.mp4"), content_hash="ab" * 32, duration_s=2.0, width=64, height=48, fps=12.0)
    clip = Clip(video=video, start_s=0.5, end_s=1.5)
    key = feature_key(clip, "uniform:2", "model")
    assert key == "15cec4561f920c0de1e0148c9c2db5155c38aa723761c5c00ab7827426248d02"
    found = FeatureCache(tmp_path / "cache", 10**6).get(key, clip)
    assert found is not None
    assert torch.equal(found.values, torch.arange(12.0).reshape(3, 4))
    assert (found.clip, found.timestamps_s, found.rule, found.size) == (clip, (0.75, 1.25), "uniform:2", (48, 64))
    assert torch.equal(found.extra["deep"], torch.ones(2, dtype=torch.bfloat16))


def test_features_in_memory_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many of the last features as fit stay in memory, counted once each; what alone is too large never does."""
    size = features().values.numel() * 4
    monkeypatch.setattr("atom_core.encoder.feature_cache._RECENT_BYTES", 3 * size)
    store = FeatureCache(tmp_path, 10**9)
    for number in (1.0, 2.0, 3.0, 3.0, 3.0):
        store.put(features(number))
    store.put(features(9.0, rows=7))
    for path in tmp_path.rglob("*.safetensors"):
        path.unlink()
    assert [n for n in (1.0, 2.0, 3.0, 9.0) if store.get(features(n).key, CLIP) is not None] == [1.0, 2.0, 3.0]
    store.put(features(4.0))
    store.put(features(5.0))
    for path in tmp_path.rglob("*.safetensors"):
        path.unlink()
    assert [n for n in range(1, 6) if store.get(features(float(n)).key, CLIP) is not None] == [3, 4, 5]
    store.put(features(6.0, rows=6))
    for path in tmp_path.rglob("*.safetensors"):
        path.unlink()
    assert [n for n in range(1, 7) if store.get(features(float(n), rows=6 if n == 6 else 2).key, CLIP)] == [6]
