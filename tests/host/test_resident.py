"""The modules: loaded once, known before they are loaded, lent to all tasks."""

from __future__ import annotations

from typing import Any

import pytest

import atom_core as atom
from atom_core.host import open_host
from atom_core.settings import Settings


def test_modules_are_loaded_once_for_all_tasks_and_threads(opened: Any, clip: atom.Clip) -> None:
    """Many threads and several tasks make one load; the ledger tells how many were saved."""
    with opened() as (host, plugin):
        assert plugin.loads == 0
        assert all(outcome.error is None for outcome in host.map("describe", [clip] * 12))
        host.run("again", clip)
        assert plugin.loads == 1
        assert host.ledger.as_dict()["loads"] == {"requested": 2, "computed": 1, "reused": 1}


def test_a_model_that_cannot_be_loaded_is_tried_once(opened: Any, plugin_type: Any, clip: atom.Clip) -> None:
    """Every use fails with the reason, a map at once; the loader and its notices are not repeated."""

    class Broken(plugin_type):
        @atom.hookimpl
        def atom_load_modules(self, settings: Settings) -> atom.Modules:
            self.loads += 1
            raise atom.ModelError("no weights; fetch them")

    with opened(Broken()) as (host, plugin):
        with pytest.raises(atom.ModelError, match="no weights"):
            list(host.map("describe", [clip] * 3))
        for _ in range(2):
            with pytest.raises(atom.ModelError, match="no weights"):
                host.run("describe", clip)
    assert plugin.loads == 1


def test_a_model_that_cannot_be_loaded_is_told_once(
    opened: Any, plugin_type: Any, clip: atom.Clip, caplog: pytest.LogCaptureFixture
) -> None:
    """A map over many items raises it once, and the model's notice is not repeated."""

    class Broken(plugin_type):
        @atom.hookimpl
        def atom_register_models(self, register: atom.Register) -> None:
            register("lame", "nowhere", summary="A model.", notice="knows nothing")

        @atom.hookimpl
        def atom_load_modules(self, settings: Settings) -> atom.Modules:
            self.loads += 1
            raise atom.ModelError("no weights")

    with opened(Broken(), model="lame") as (host, plugin):
        with pytest.raises(atom.ModelError, match="no weights"):
            next(host.map("describe", [clip] * 12))
        assert plugin.loads == 1
        with pytest.raises(atom.ModelError):
            host.run("describe", clip)
    assert caplog.text.count("knows nothing") == 1


def test_a_model_that_is_not_what_it_was_taken_for(opened: Any, named: Any) -> None:
    """A library is never searched with vectors of another model than it was opened for."""
    named.known = "other"
    with opened(named) as (host, _):
        assert host.model == "other"
        with pytest.raises(atom.ModelError, match="is fake, but was taken for other"):
            _ = host.decoder


def test_a_loader_that_cannot_identify_is_asked_to_load(opened: Any) -> None:
    """Where a plugin may load the model and cannot say which it is, nobody else speaks for it."""
    with opened() as (host, plugin):
        assert (host.model, plugin.loads) == ("fake", 1)


def test_a_misspelt_model_is_told_with_the_nearest() -> None:
    """A name that nothing can load is refused with the nearest of those that plugins offer."""
    for ask in (lambda host: host.decoder, lambda host: host.model):
        settings = Settings(model="tniy", load_plugins=("tiny",), offline=True)
        with open_host(settings) as host, pytest.raises(atom.ModelError, match="did you mean 'tiny'"):
            ask(host)
