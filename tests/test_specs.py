"""What plugins declare: typed methods and the plain call give the same; what does not fit is refused with advice."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from attrs import NOTHING, fields

from atom_core import hookspecs, specs
from atom_core.specs import KINDS, CommandSpec, ModelSpec, Register, Spec, TaskSpec, Unfit

SECOND = {"source": __file__, "text": "What is this?", "target": "module:Thing"}
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.word)


def declared(kind: type[Spec], call: Any) -> list[Spec]:
    """What `call` declares with the object that the hook of `kind` is handed."""
    taken: list[Spec] = []
    call(Register(kind, "mine", taken.append))
    return taken


@each_kind
def test_method_and_call_are_the_same(kind: type[Spec]) -> None:
    """Each kind has a method of `Register` named by its word, which takes its fields with their defaults."""
    needed: dict[str, Any] = {"summary": "A thing"} | ({"suffix": ".txt"} if kind.word == "format" else {})
    [typed] = declared(kind, lambda register: getattr(register, kind.word)("thing", SECOND[kind.what], **needed))
    [plain] = declared(kind, lambda register: register("thing", SECOND[kind.what], **needed))
    assert typed == plain
    assert (typed.plugin, str(typed)) == ("mine", f"{kind.word} 'thing'")
    parameters = inspect.signature(getattr(Register, kind.word)).parameters
    for field in fields(kind):
        if field.name not in ("name", "plugin", kind.what):
            default = parameters[field.name].default
            assert default == (inspect.Parameter.empty if field.default is NOTHING else field.default)


@each_kind
def test_every_kind_is_whole(kind: type[Spec]) -> None:
    """A kind has its words, and its hook."""
    assert kind.words.startswith(kind.word[:-1])
    assert hasattr(hookspecs, kind.hook)
    assert [value for value in vars(specs).values() if inspect.isclass(value) and issubclass(value, Spec)][1:] == [
        *KINDS
    ]


def test_each_hook_takes_its_own_kind() -> None:
    """A model declared where tasks are is refused, naming the hook for it."""
    with pytest.raises(
        Unfit, match=r"model 'm' is declared in atom_register_tasks; declare it in atom_register_models"
    ):
        declared(TaskSpec, lambda register: register.model("m", "folder", summary="A model"))


@pytest.mark.parametrize(
    ("kind", "arguments", "more", "said"),
    [
        (TaskSpec, ("a b", "m:C"), {"summary": "s"}, "'a b' is no name for a task"),
        (TaskSpec, (3, "m:C"), {"summary": "s"}, "3 is no name for a task"),
        (TaskSpec, ("x", "m.C"), {"summary": "s"}, "task 'x' has target 'm.C'; write it as 'package.module:Class'"),
        (TaskSpec, ("x", "m:C"), {}, "task 'x' needs a summary of one line, got ''"),
        (TaskSpec, ("x", "m:C"), {"summary": "s", "memory_bytes": -1}, "declares memory_bytes=-1"),
        (TaskSpec, ("x", "m:C"), {"summary": "s", "memory": 1}, "registered with memory=, did you mean 'memory_bytes'"),
        (CommandSpec, ("-x", "m:C"), {"summary": "s"}, "'-x' is no name for a command"),
        (ModelSpec, ("x", "/m"), {"summary": "a\nb"}, "model 'x' needs a summary of one line"),
    ],
)
def test_what_does_not_fit(kind: type[Spec], arguments: tuple[Any, ...], more: dict[str, Any], said: str) -> None:
    """The message says what, and what to write instead."""
    with pytest.raises(Unfit, match=said):
        declared(kind, lambda register: register(*arguments, **more))
