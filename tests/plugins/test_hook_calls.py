"""Every hook that is not a declaration is called through a method, with the hook's own arguments."""

import inspect

import pytest

from atom_core import hookspecs
from atom_core.hookspecs import hook_names
from atom_core.plugins.hook_calls import HookCalls

CALLED = [name for name, phase in hook_names().items() if phase != "declare"]


@pytest.mark.parametrize("name", CALLED)
def test_a_method_for_each_hook(name):
    """It takes what the hook takes, in its order."""
    method = getattr(HookCalls, name.removeprefix("atom_"))
    _, *taken = inspect.signature(method).parameters
    assert taken == list(inspect.signature(getattr(hookspecs, name)).parameters)


def test_do_hooks_give_none_where_nobody_answers():
    """No plugin is at fault where there is none."""
    calls = HookCalls()
    assert calls.identify_model("x", None) is None
    assert calls.segment_video(None, None) is None
    assert calls.open_library(None, "m") is None
    assert calls.load_modules("x", None, None, {}, {}) is None
