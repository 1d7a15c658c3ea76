"""Garbage is looked for as before, except where there is none."""

import gc

import pytest

from atom_core import garbage


@pytest.fixture(autouse=True)
def _as_before():
    """What is frozen here is looked through again."""
    yield
    gc.unfreeze()


def test_in_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside nothing is looked for, also where one is inside the other; then what is there is taken to stay."""
    monkeypatch.setattr(garbage, "_is_program", True)
    with garbage.none_expected():
        assert not gc.isenabled()
        with garbage.none_expected():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0


def test_an_error_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    """An import that fails leaves the collector at work."""
    monkeypatch.setattr(garbage, "_is_program", True)
    with pytest.raises(ImportError), garbage.none_expected():
        raise ImportError
    assert gc.isenabled()


@pytest.mark.parametrize("on", [True, False])
def test_in_the_programs_of_others(on: bool) -> None:
    """Their collector stays as they have set it, and nothing of theirs is frozen."""
    frozen, was_on = gc.get_freeze_count(), gc.isenabled()
    (gc.enable if on else gc.disable)()
    try:
        with garbage.none_expected():
            assert gc.isenabled() == on
        assert (gc.isenabled(), gc.get_freeze_count()) == (on, frozen)
    finally:
        (gc.enable if was_on else gc.disable)()
