"""A shared module as one run of a task sees it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from types import MappingProxyType

from atom_core.call_context import working
from atom_core.errors import TaskError
from atom_core.host.modules.task_modules import Borrower, within
from atom_core.ledger import Ledger
from atom_core.settings import suggest
from atom_core.specs import ModuleSpec


class LentModule:
    """A shared module as one borrower sees it: its methods and attributes, but nothing of it can be set.

    Calls are made for the borrower, whatever thread they come from, and are counted as the module's work.
    """

    __slots__ = ("_borrower", "_ledger", "_module", "_owner", "_spec")
    _module: object
    _spec: ModuleSpec
    _owner: str
    _borrower: Borrower
    _ledger: Ledger

    def __init__(self, module: object, spec: ModuleSpec, owner: str, borrower: Borrower, ledger: Ledger) -> None:
        values = {"_module": module, "_spec": spec, "_owner": owner, "_borrower": borrower, "_ledger": ledger}
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> object:
        if name == "close":
            raise self._borrower.error(
                f"{self._borrower.borrower} asks for 'close' of {self._owner}, which other tasks share; the host"
                " closes it, leave that out"
            )
        try:
            value = getattr(self._module, name)
        except AttributeError as error:
            if error.obj is not self._module or error.name != name:
                raise
            near = suggest(name, [known for known in dir(self._module) if known[0] != "_"])
            missing = AttributeError(f"{self._owner} has no {name!r}{near}", name=name, obj=self)
            raise missing.with_traceback(error.__traceback__) from None
        if inspect.isroutine(value):
            return partial(self._call, name, value)
        return _unchangeable(value)

    def __call__(self, *arguments: object, **options: object) -> object:
        """Call the module itself."""
        if not callable(self._module):
            raise TypeError(f"{self._owner} cannot be called; call one of its methods")
        return self._call(self._spec.name, self._module, *arguments, **options)

    def __setattr__(self, name: str, value: object) -> None:
        del value
        raise self._change(name)

    def __delattr__(self, name: str) -> None:
        raise self._change(name)

    def __dir__(self) -> list[str]:
        return dir(self._module)

    def __repr__(self) -> str:
        return f"<{self._owner}, lent to {self._borrower.borrower}>"

    def _call(self, name: str, function: Callable[..., object], *arguments: object, **options: object) -> object:
        with self._borrower.acting(), self._ledger.lane(self._spec.name, name), working(self._spec.name):
            context = copy_context()
            result = function(*arguments, **options)
        return within(context, result) if inspect.isgenerator(result) else result

    def _change(self, name: str) -> TaskError:
        return self._borrower.error(
            f"{self._borrower.borrower} changes {name!r} of {self._owner}, which other tasks share; let it keep what is"
            f" its own in its run, or set what the module takes in [modules.{self._spec.name}]"
        )


def _unchangeable(value: object) -> object:
    """An attribute as a borrower may read it: arrays and containers as they are, but not to be written."""
    if type(value).__module__ == "numpy" and hasattr(value, "flags") and hasattr(value, "view"):
        shown = value.view()
        shown.flags.writeable = False
        return shown
    if type(value) is dict:
        return MappingProxyType(value)
    return tuple(value) if type(value) is list else frozenset(value) if type(value) is set else value
