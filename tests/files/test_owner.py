"""What another user could have made up is not believed."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from atom_core.files import owner
from atom_core.stores.json_store import KeptValues
from atom_core.stores.tensor_store import TensorStore


def test_what_others_keep_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Values and tensors are made anew, and one line for each folder says so."""
    values, tensors = KeptValues(tmp_path / "shots", "1"), TensorStore(tmp_path / "features", 10**6, what="features")
    for name in ("ab12", "cd34"):
        values.put(name, [1.5])
        tensors.write(name, {"values": torch.ones(3)}, {"rule": "x"})
        assert values.get(name) == [1.5]
        assert tensors.read(name) is not None
    monkeypatch.setattr(owner, "whose", lambda path: "belongs to user mallory")
    monkeypatch.setattr(owner, "_told", set())
    with caplog.at_level(logging.WARNING, "atom"):
        assert [values.get(name) for name in ("ab12", "cd34")] == [None, None]
        assert [tensors.read(name) for name in ("ab12", "cd34")] == [None, None]
    assert [record.message.partition(" belongs")[0] for record in caplog.records] == [
        f"what is kept in {tmp_path / kind}" for kind in ("shots", "features")
    ]
    assert "name a cache of your own with --cache" in caplog.text


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_a_cache_that_was_given_away(tmp_path: Path) -> None:
    """The same with a file that really belongs to somebody else; the machine's and the user's own are read."""
    values = KeptValues(tmp_path, "1")
    values.put("ab12", [1.5])
    path = next(tmp_path.rglob("*.json"))
    os.chown(path, 65534, 65534)
    assert values.get("ab12") is None
    os.chown(path, 0, 0)
    assert values.get("ab12") == [1.5]


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="files have no owners here")
@pytest.mark.parametrize(
    ("user", "sudo", "owner_of_it", "believed"),
    [
        (1000, "", 1000, True),
        (1000, "", 0, True),
        (1000, "", 1001, False),
        (1000, "1001", 1001, False),
        (0, "1001", 1001, True),
        (0, "1001", 1000, False),
        (0, "", 1, False),
        (0, "x", 1, False),
    ],
)
def test_whose_word_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: int, sudo: str, owner_of_it: int, believed: bool
) -> None:
    """The user's own, the machine's, and for root that of whoever called sudo; a link counts with its target."""
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setenv("SUDO_UID", sudo)
    for link, target in ((owner_of_it, owner_of_it), (user, owner_of_it), (owner_of_it, user)):
        monkeypatch.setattr(os, "lstat", lambda _, uid=link: SimpleNamespace(st_uid=uid))
        monkeypatch.setattr(Path, "stat", lambda _, uid=target: SimpleNamespace(st_uid=uid))
        assert (owner.whose(tmp_path) == "") == believed
        monkeypatch.undo()
        monkeypatch.setattr(os, "geteuid", lambda: user)
        monkeypatch.setenv("SUDO_UID", sudo)
