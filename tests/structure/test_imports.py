"""Imports point down only; plugins know the core's public names and never each other."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = ROOT / "atom_core"
FLOORS = {
    "background": 1,
    "errors": 1,
    "exhausted": 1,
    "files": 1,
    "garbage": 1,
    "moved": 1,
    "quiet": 1,
    "text": 1,
    "call_context": 2,
    "imports": 2,
    "ledger": 2,
    "records": 2,
    "settings": 2,
    "specs": 2,
    "stores": 2,
    "kernels": 3,
    "protocols": 3,
    "hookspecs": 4,
    "hub": 4,
    "checkpoint": 5,
    "media": 5,
    "plugins": 5,
    "pipeline": 6,
    "families": 6,
    "decoder": 7,
    "embedder": 7,
    "encoder": 7,
    "memory": 8,
    "split_model": 8,
    "autotune": 9,
    "loader": 10,
    "host": 11,
    "providers": 11,
    "atom_core": 12,
    "executors": 12,
    "cli": 13,
    "serving": 14,
    "testing": 14,
}
"""The floor of each room; `atom_core` is the public names."""
PUBLIC_ROOMS = (
    "testing",
    "providers",
    "media",
    "files",
    "background",
    "exhausted",
    "text",
    "quiet",
    "serving",
    "executors",
)
"""What plugins may import beside the public names."""
FILES = sorted(path for path in CORE.rglob("*.py"))
PLUGIN_FILES = sorted(
    path for path in ROOT.glob("plugins/*/atom_*/**/*.py") if "tests" not in path.relative_to(ROOT / "plugins").parts
)


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(module: str) -> str:
    """The room that a dotted name below `atom_core` lies in."""
    name = [*module.split("."), "atom_core"][1]
    return name if (CORE / name).is_dir() or (CORE / f"{name}.py").is_file() else "atom_core"


def name_of(path: Path) -> str:
    """Path below the root, for the tests' names."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_point_down(path):
    """A file imports only from its own room and from lower floors."""
    own = room(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
    for module in imports(path):
        if module.partition(".")[0] == "atom_core":
            other = room(module)
            assert other == own or FLOORS[other] < FLOORS[own], (
                f"{own} (floor {FLOORS[own]}) imports {module} ({other}, floor {FLOORS[other]})"
            )


def test_no_file_imports_itself_by_way_of_others():
    """There is an order in which every file of the core comes after those that it imports, also inside functions."""
    paths = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in FILES}
    below = {
        name: {other if other in paths else other.rpartition(".")[0] for other in imports(path)} & paths.keys() - {name}
        for name, path in paths.items()
    }
    assert len(list(TopologicalSorter(below).static_order())) == len(paths)


def floors_table() -> str:
    """The table of rooms in CONTRIBUTING.md: what each room is for says the first line of its docstring."""
    lines = ["| floor | room | what it is for |", "|---|---|---|"]
    for name, floor in sorted(FLOORS.items(), key=lambda pair: (-pair[1], pair[0])):
        path = CORE / "__init__.py" if name == "atom_core" else CORE / f"{name}.py"
        text = (path if path.is_file() else CORE / name / "__init__.py").read_text(encoding="utf-8")
        lines.append(f"| {floor} | `{name}` | {(ast.get_docstring(ast.parse(text)) or '').splitlines()[0]} |")
    return "\n".join(lines)


def test_contributing_lists_the_floors():
    """The page for contributors shows the floors that are checked here."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert floors_table() in page, f"put this table into CONTRIBUTING.md:\n\n{floors_table()}"


def test_no_room_is_a_drawer():
    """At most 12 files lie side by side, `__init__` not counted."""
    packages = [CORE, *ROOT.glob("plugins/*/atom_*")]
    for folder in [*packages, *(path for package in packages for path in package.rglob("*") if path.is_dir())]:
        files = [path.name for path in folder.glob("*.py") if path.name != "__init__.py"]
        assert len(files) <= 12, f"{folder.relative_to(ROOT)} has {len(files)} files: {', '.join(sorted(files))}"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_function_is_long(path):
    """No function of the core has more than 50 lines, its docstring included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert node.end_lineno - node.lineno < 50, f"line {node.lineno}: {node.name} is longer than 50 lines"


def test_every_room_has_a_floor():
    """A new module or folder of the core is given a floor."""
    rooms = {path.stem for path in CORE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert rooms - {"__init__"} == FLOORS.keys() - {"atom_core"}


@pytest.mark.parametrize("path", PLUGIN_FILES, ids=name_of)
def test_plugins_import_public_names(path):
    """A plugin imports `atom_core`, its `PUBLIC_ROOMS`, and no other plugin; the bench measures the insides."""
    own = next(part for part in path.relative_to(ROOT / "plugins").parts[1:])
    for module in imports(path):
        top, *below = module.split(".")
        if top == "atom_core":
            public = not below or below[0] in PUBLIC_ROOMS or below[0] not in FLOORS or own == "atom_bench"
            assert public, f"imports {module}, which is not public"
            assert not any(part.startswith("_") for part in below), f"imports {module}, which is private"
        elif top.startswith("atom_"):
            assert top == own, f"imports {module} of another plugin"


@pytest.mark.parametrize("path", sorted((ROOT / "docs/examples").rglob("*.py")), ids=name_of)
def test_examples_import_public_names(path):
    """An example imports `atom_core` alone, its tests the test kit, too: that is all that a plugin needs."""
    for module in imports(path):
        top, *below = module.split(".")
        if top == "atom_core" and len(below) > 1:
            assert below[0] == "testing", f"imports {module}, which is no public name"
            assert "tests" in path.parts, f"imports {module}, which is for tests"


@pytest.mark.parametrize("path", [*FILES, *PLUGIN_FILES], ids=name_of)
def test_only_the_command_prints(path):
    """Nothing but `atom_core/cli` writes to standard output.

    What keeps plugins from it has to know it.
    """
    if path == CORE / "plugins/stray_output.py" or path.is_relative_to(CORE / "cli"):
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "print", f"line {node.lineno} prints"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sys":
            assert node.attr not in ("stdout", "__stdout__"), f"line {node.lineno} uses standard output"
