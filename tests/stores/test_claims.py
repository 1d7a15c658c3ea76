"""The right to make something: one has it, the others wait."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from atom_core.errors import Cancelled
from atom_core.stores import claims
from atom_core.stores.claims import Claims

KEY = "ab" * 32


@pytest.mark.parametrize(("patience_s", "num_told"), [(0.02, 1), (600.0, 0)])
def test_a_wait_is_told_once_it_is_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, patience_s: float, num_told: int
) -> None:
    """Once; who waits can give up at any time, and the one who has it keeps it."""
    monkeypatch.setattr(claims, "_CHECK_S", 0.01)
    monkeypatch.setattr(claims, "_PATIENCE_S", patience_s)
    checks: list[int] = []

    def check() -> None:
        checks.append(1)
        if len(checks) > 8:
            raise Cancelled("enough")

    mine, theirs = Claims(tmp_path, "is at it"), Claims(tmp_path, "is at it")
    with caplog.at_level(logging.WARNING, "atom"), mine.claim(KEY):
        with pytest.raises(Cancelled), theirs.claim(KEY, check):
            pytest.fail("two have one claim")
        with theirs.claim("cd" * 32):
            pass
    assert caplog.text.count("another process that is at it") == num_told
    with theirs.claim(KEY):
        pass


def test_locks_are_the_users_alone(tmp_path: Path) -> None:
    """Whatever the umask; keys that begin alike share one, so that they do not become many."""
    before = os.umask(0)
    try:
        for key in (KEY, "abaf" * 16):
            with Claims(tmp_path / "locks", "").claim(key):
                (lock,) = (tmp_path / "locks").iterdir()
                assert (lock.name, lock.stat().st_mode & 0o777) == ("aba.lock", 0o600)
    finally:
        os.umask(before)


def test_a_claim_ends_with_the_work_that_failed(tmp_path: Path) -> None:
    """So that another may try."""
    with pytest.raises(ValueError, match="failed"), Claims(tmp_path, "").claim(KEY):
        raise ValueError("failed")
    with Claims(tmp_path, "").claim(KEY):
        pass


def test_without_locks_work_is_done_all_the_same(tmp_path: Path) -> None:
    """A folder that cannot be made costs doing it twice at most."""
    (tmp_path / "file").touch()
    done = []
    for _ in range(2):
        with Claims(tmp_path / "file" / "locks", "").claim(KEY):
            done.append(1)
    assert len(done) == 2
