"""The public surface: names, hooks and their texts."""

import ast
import inspect
import re
from pathlib import Path

import attrs
import pytest

import atom_core
from atom_core import errors, hookspecs, records, specs
from atom_core.hookspecs import hook_names
from atom_core.plugins import discovery
from atom_core.protocols import model, work
from atom_core.settings import Settings, field_docs

ROOT = Path(__file__).parents[2]
NAMES = """
    Answer AtomError Cancelled Caption Channel Clip Command CommandContext Constraints Cut Decoder Encoder Entry
    Features Film Frames Generated Host Ledger Library LibraryError MediaError ModelBackend ModelError ModuleError
    Modules Moment Outcome Parts PluginError Provenance Query Question Quote ReadFrames ReadSound Register Request
    Script Settings SettingsError Sound Span SpokenWord Task TaskError TaskEvent Tell Timeline Unmet Utterance Video
    Wanted WrittenText
    hookimpl open_host
"""
HOOKS = {
    "atom_register_tasks": "declare",
    "atom_register_models": "declare",
    "atom_register_modules": "declare",
    "atom_register_families": "declare",
    "atom_register_pipelines": "declare",
    "atom_register_prompts": "declare",
    "atom_register_formats": "declare",
    "atom_register_channels": "declare",
    "atom_add_commands": "declare",
    "atom_add_routes": "declare",
    "atom_register_executors": "declare",
    "atom_identify_model": "do",
    "atom_load_modules": "do",
    "atom_segment_video": "do",
    "atom_open_library": "do",
    "atom_modules_ready": "notify",
    "atom_before_task": "notify",
    "atom_after_task": "notify",
    "atom_before_close": "notify",
}


def test_public_names():
    """The public names are these; a change here is a change for every plugin."""
    assert sorted(atom_core.__all__) == sorted(NAMES.split())
    assert [name for name in atom_core.__all__ if getattr(atom_core, name, None) is None] == []


def test_unknown_name():
    """A name that is not there is an ordinary `AttributeError`."""
    with pytest.raises(AttributeError, match="has no attribute 'Cation'"):
        atom_core.Cation  # noqa: B018


def test_error_tree():
    """Every error that Atom raises is an `AtomError`, drawn in the text of its module."""
    mine = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert all(issubclass(getattr(errors, name), errors.AtomError) for name in mine)
    assert [name for name in mine if f" {name} " not in str(errors.__doc__)] == []


def test_hooks():
    """The hooks and their shapes are these; a plugin written today finds them tomorrow."""
    assert dict(hook_names()) == HOOKS


@pytest.mark.parametrize("name", HOOKS)
def test_hook_is_documented(name):
    """A hook's text says what, when and with which parameters; of a do hook, what is returned and what None means."""
    hook = getattr(hookspecs, name)
    text = inspect.getdoc(hook) or ""
    parameters = inspect.signature(hook).parameters
    assert "Called" in text
    assert [parameter for parameter in parameters if f":param {parameter}: " not in text] == []
    assert text.count(":param ") == len(parameters)
    if HOOKS[name] == "do":
        assert ":return: " in text
        assert "None" in text
    else:
        assert ":return:" not in text


@pytest.mark.parametrize("name", HOOKS)
def test_hook_is_tested(name):
    """Some test implements or calls each hook."""
    here = Path(__file__)
    tests = [*ROOT.glob("tests/**/*.py"), *ROOT.glob("plugins/*/tests/**/*.py")]
    used = re.compile(rf'def {name}\(|"{name}"|\b{name}=')
    assert any(used.search(path.read_text(encoding="utf-8")) for path in tests if path != here)


RECORDS = [
    value
    for module in (records, model, work, hookspecs, specs, discovery)
    for value in vars(module).values()
    if isinstance(value, type) and attrs.has(value) and (value.__module__ == module.__name__ or module is records)
]


@pytest.mark.parametrize("kind", [*RECORDS, Settings], ids=lambda kind: kind.__name__)
def test_fields_are_documented(kind):
    """A text stands under each field, with its unit or shape."""
    own = {field.name for field in attrs.fields(kind) if not field.inherited}
    assert [name for name, text in field_docs(kind).items() if name in own and not text] == []


@pytest.mark.parametrize("kind", [kind for kind in RECORDS if kind.__module__.startswith("atom_core.records.")])
def test_records_are_frozen(kind):
    """Records that flow between threads cannot be changed."""
    assert kind.__setattr__ is not object.__setattr__


@pytest.mark.parametrize("path", sorted((ROOT / "atom_core").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_public_code_is_documented(path):
    """Every module, public class and public function of the core has a text."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    nodes = [*tree.body, *(inner for node in classes for inner in node.body)]
    silent = [
        node.name
        for node in nodes
        if isinstance(node, (ast.ClassDef, ast.FunctionDef))
        and not node.name.startswith("_")
        and ast.get_docstring(node) is None
    ]
    assert silent == []
