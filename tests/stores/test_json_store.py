"""Small values between runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from atom_core.stores.json_store import KeptValues


def kept(folder: Path) -> dict[str, Path]:
    """The files in a folder, by the name of their value."""
    return {path.stem: path for path in folder.rglob("*.json")}


def test_where_values_lie(tmp_path: Path) -> None:
    """In folders by how their names begin, for the user alone, as versions before and after look for them."""
    before = os.umask(0)
    try:
        KeptValues(tmp_path / "shots", "1").put("abcd", 1)
    finally:
        os.umask(before)
    path = kept(tmp_path)["abcd"]
    assert path.relative_to(tmp_path).parts == ("shots", "ab", "abcd.json")
    assert path.stat().st_mode & 0o777 == 0o600


def test_values_are_of_one_version(tmp_path: Path) -> None:
    """What another version kept, or what stands under another name, is not known."""
    values = KeptValues(tmp_path, "1")
    values.put("ab", {"cuts": [1.5, None]})
    assert KeptValues(tmp_path, "1").get("ab") == {"cuts": [1.5, None]}
    assert KeptValues(tmp_path, "2").get("ab") is None
    kept(tmp_path)["ab"].rename(tmp_path / "ab" / "abcd.json")
    assert values.get("abcd") is None
    assert values.get("ab") is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": "1"}', "\xff"])
def test_a_damaged_value_is_none(tmp_path: Path, text: str) -> None:
    """It is not known, and made anew."""
    values = KeptValues(tmp_path, "1")
    values.put("ab", 1)
    kept(tmp_path)["ab"].write_text(text, encoding="latin-1")
    assert values.get("ab") is None


def test_the_least_recently_read_go_first(tmp_path: Path) -> None:
    """Until the others fit; what fits just so stays."""
    values = KeptValues(tmp_path, "1")
    for name in ("aa", "bb", "cc"):
        values.put(name, 1)
    size = kept(tmp_path)["aa"].stat().st_size
    for number, path in enumerate(sorted(kept(tmp_path).values())):
        os.utime(path, (1000 + number,) * 2)
    values.get("aa")
    assert kept(tmp_path)["aa"].stat().st_mtime == 1000, "without a bound nothing has to be noted"
    bounded = KeptValues(tmp_path, "1", max_bytes=3 * size)
    bounded.get("aa")
    bounded.put("cc", 2)
    assert sorted(kept(tmp_path)) == ["aa", "bb", "cc"]
    bounded.put("dd", 3)
    assert sorted(kept(tmp_path)) == ["aa", "cc", "dd"]


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """Costs reuse, no result."""
    (tmp_path / "file").touch()
    values = KeptValues(tmp_path / "file", "1", max_bytes=0)
    values.put("ab", 1)
    assert values.get("ab") is None
