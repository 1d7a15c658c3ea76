"""What a model of a plugin has made is kept by content, for all tasks and processes."""

import os
import threading
from pathlib import Path

import pytest
from attrs import evolve

from atom_core.errors import ModelError
from atom_core.providers import KeptAnswers, digest_of, find_weights, is_here
from atom_core.settings import Settings


def answers(settings: Settings, version: str = "1", max_bytes: int = 2**20) -> KeptAnswers:
    """Answers of one kind."""
    return KeptAnswers(settings, "said", version=version, doing="is at it", max_bytes=max_bytes)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """With a cache of its own."""
    return Settings(cache=tmp_path / "cache")


def test_answers_are_kept_by_key_and_version(settings: Settings) -> None:
    """What one keeps another finds, unless anything differs that decides it, or reuse is off."""
    key = KeptAnswers.key("video", {"language": "en"})
    answers(settings).put(key, ["hello"])
    assert answers(settings).get(key) == ["hello"]
    assert answers(settings).get(KeptAnswers.key("video", {"language": "de"})) is None
    assert answers(settings, "2").get(key) is None
    assert answers(evolve(settings, reuse=False)).get(key) is None


def test_old_answers_make_room(settings: Settings) -> None:
    """Of more than fits, what was not read for the longest time goes."""
    keys = [KeptAnswers.key(number) for number in range(4)]
    kept = answers(settings, max_bytes=3500)
    for age, key in enumerate(keys[:3]):
        kept.put(key, "x" * 1000)
        file = next((settings.cache / "said").glob(f"*/{key}.json"))
        os.utime(file, (1000 + age, 1000 + age))
    assert kept.get(keys[0]) is not None
    kept.put(keys[3], "x" * 1000)
    assert [kept.get(key) is not None for key in keys] == [True, False, True, True]


def test_one_makes_it_for_all(settings: Settings) -> None:
    """Of several threads that want the same, one makes it."""
    key, made = KeptAnswers.key("video"), []

    def want() -> None:
        kept = answers(settings)
        with kept.claim(key):
            if kept.get(key) is None:
                made.append(1)
                kept.put(key, "said")

    threads = [threading.Thread(target=want) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]


def test_weights_are_found_in_a_folder(tmp_path: Path, settings: Settings) -> None:
    """A folder serves that has what is needed; others are refused with the way on. Its hash tells what is in it."""
    folder = tmp_path / "weights"
    folder.mkdir()
    wanted = {"files": ("model.bin", "config.json"), "what": "speech model", "ways": "set another with --set"}
    (folder / "model.bin").write_bytes(b"one")
    with pytest.raises(ModelError, match=r"speech model .* has no config\.json; set another with --set"):
        find_weights(str(folder), settings, **wanted)
    (folder / "config.json").write_text("{}")
    assert find_weights(str(folder), settings, **wanted) == folder
    before = digest_of(folder, wanted["files"], settings)
    assert digest_of(folder, wanted["files"], settings) == before
    (folder / "model.bin").write_bytes(b"two")
    assert digest_of(folder, wanted["files"], settings) != before


def test_weights_that_cannot_be_had(settings: Settings) -> None:
    """What is no folder and no hub id is refused, and so is a hub id where the network is forbidden."""
    assert not is_here("owner/not-there")
    about = {"files": (), "what": "speech model", "ways": "set another"}
    with pytest.raises(ModelError, match="neither a folder nor a hub id"):
        find_weights("not-there", settings, **about)
    with pytest.raises(ModelError, match=r"--offline forbids the network; .*, set another"):
        find_weights(
            "owner/not-there", evolve(settings, offline=True), files=(), what="speech model", ways="set another"
        )
