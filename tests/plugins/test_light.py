"""Starting is light: no heavy module, however many plugins are installed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from atom_core.testing.distributions import write_distribution

HEAVY = ["torch", "transformers", "chromadb", "av", "numpy", "PIL", "huggingface_hub", "ssl"]
REPORT = "import sys, json; print(json.dumps(sorted(sys.modules)), file=sys.stderr)"


def modules_after(code: str, **environment: str) -> list[str]:
    """Names of the modules imported once `code` has run in a new interpreter."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("ATOM_")}
    command = [sys.executable, "-c", f"{code}\n{REPORT}"]
    shown = subprocess.run(
        command, env={**variables, **environment}, capture_output=True, text=True, encoding="utf-8", check=True
    )
    names: list[str] = json.loads(shown.stderr.splitlines()[-1])
    return names


@pytest.mark.parametrize(
    "code",
    [
        "import atom_core",
        "import atom_core.plugins as p, atom_core.settings as s; p.load_plugins(s.Settings(keep_going=True))",
        "from atom_core.cli.main import main; main(['--help'])",
        "from atom_core.cli.main import main; main(['plugins'])",
        "from atom_core.cli.main import main; main(['models'])",
        "from atom_core.host import open_host; open_host(keep_going=True).close()",
    ],
)
def test_no_heavy_import(code):
    """Importing Atom, listing its plugins, its help and opening a host import no heavy module."""
    imported = modules_after(code, ATOM_KEEP_GOING="1")
    assert [name for name in HEAVY if name in imported] == []


def test_forty_plugins(tmp_path: Path):
    """Of forty plugins, help imports the forty modules, not what they register, and names all commands."""
    for number in range(40):
        name = f"fake{number}"
        code = (
            "import atom_core as atom\n@atom.hookimpl\ndef atom_add_commands(register):\n"
            f"    register('command-{number}', 'fake{number}.heavy:Command', summary='Number {number}')\n"
        )
        write_distribution(
            tmp_path,
            f"dist-{name}",
            plugins={name: name},
            files={f"{name}/__init__.py": code, f"{name}/heavy.py": "raise SystemExit('imported')"},
            requires=["atom-core>=0.0.1"],
        )
    allowed = ",".join(f"fake{number}" for number in range(40))
    helped = "import io, sys; sys.stdout = io.StringIO()\n"
    helped += "from atom_core.cli.main import main\nassert main(['--help']) == 0\n"
    checked = helped + "assert all(f'command-{n} ' in sys.stdout.getvalue() for n in range(40))"
    one = modules_after(checked, PYTHONPATH=str(tmp_path), ATOM_LOAD_PLUGINS=allowed)
    none = modules_after(helped, PYTHONPATH=str(tmp_path), ATOM_LOAD_PLUGINS="")
    added = set(one) - set(none)
    assert {name for name in added if name.startswith("fake")} == {f"fake{number}" for number in range(40)}
    assert {name.partition(".")[0] for name in added if not name.startswith("fake")} <= {"packaging", "_json"} | set(
        sys.stdlib_module_names
    )
