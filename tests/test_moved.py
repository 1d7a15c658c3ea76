"""What was imported under a name of before is the module of today."""

import subprocess
import sys
from importlib import import_module

import pytest

from atom_core.moved import MOVED


@pytest.mark.parametrize("old", sorted(MOVED))
def test_old_name_is_the_module_of_today(old: str) -> None:
    """The same object, which knows itself by its new name."""
    module = import_module(f"atom_core.{old}")
    assert module is import_module(f"atom_core.{MOVED[old]}")
    assert module.__spec__ is not None
    assert module.__spec__.name == module.__name__ == f"atom_core.{MOVED[old]}"


def test_rooms_of_before_can_be_imported_from() -> None:
    """In a process that has imported nothing yet; the old name of a package leads to one copy of what is in it."""
    program = (
        "from atom_core.modules import engine, loading\n"
        "from atom_core.modules.families.smolvlm import SmolVLM as old\n"
        "from atom_core.families.smolvlm import SmolVLM as new\n"
        "from atom_core.reuse import kept\n"
        "import atom_core.modules.nowhere\n"
    )
    run = subprocess.run([sys.executable, "-c", program + "assert old is new"], capture_output=True, text=True)
    assert "No module named 'atom_core.modules.nowhere'" in run.stderr.splitlines()[-1]
