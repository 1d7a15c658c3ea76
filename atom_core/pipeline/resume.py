"""What the steps of an earlier run made of the same records, told apart by everything that it depends on.

A task that is lent the host may ask others, and which ones is not known before it runs. What it asked is kept with its
result, which counts while all of that is as it was: another plugin that is installed meanwhile changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from attrs import evolve

from atom_core.call_context import caller
from atom_core.pipeline.graph import Step
from atom_core.pipeline.journal import Journal
from atom_core.pipeline.runs import Runs

_ASKED = "as kept with the result"


class Resumed:
    """Runs tasks, or finds in a journal what they have made already."""

    def __init__(self, host: Runs, journal: Journal) -> None:
        self._host, self._journal = host, journal

    def run(self, step: Step, item: object) -> tuple[Any, bool]:
        """What a step makes of `item`, and whether it was made in an earlier run."""
        plugins = self._host.plugins
        produces = plugins.load(plugins.task(step.task)).produces
        about = self._host.about(step.task, **step.settings)
        key = self._journal.key(about, item)
        if key is None:
            return self._host.run(step.task, item, **step.settings), False
        value = self._journal.done(key, produces)
        if value is None and about["others"]:
            key = self._journal.key({**about, "others": _ASKED}, item) or key
            value = self._journal.done(key, produces, counts=self._counts)
        if value is not None:
            return value, True
        if not about["others"]:
            value = self._host.run(step.task, item, **step.settings)
            self._journal.keep(key, value)
            return value, False
        asked: set[str] = set()
        token = caller.set(evolve(caller.get(), asked=asked))
        try:
            value = self._host.run(step.task, item, **step.settings)
        finally:
            caller.reset(token)
        self._journal.keep(key, value, asked={"asked": sorted(asked), "digest": self._digest(asked)})
        return value, False

    def _counts(self, kept: Mapping[str, Any]) -> bool:
        """Whether what a task asked is as it was when its result was kept."""
        return bool(self._digest(set(kept["asked"])) == kept["digest"])

    def _digest(self, asked: set[str]) -> str:
        text = json.dumps(self._host.about_asked(asked), sort_keys=True, default=str)
        return sha256(text.encode()).hexdigest()
