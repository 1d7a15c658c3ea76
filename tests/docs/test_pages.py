"""The documentation is true: its commands run, its code runs, its links lead somewhere, its reference is fresh."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

from atom_core.settings import load_with_sources
from atom_core.testing.terminal import run_here

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")] + sorted(ROOT.glob("docs/*.md"))
LANGUAGES = {"console", "json", "mermaid", "python", "sh", "text", "toml"}
"""console: commands that run here, with what they print. sh: set-up, which `.ci/run` runs. text: not run.
mermaid: diagrams."""


class Block(NamedTuple):
    """A piece of code on a page."""

    page: Path
    line: int
    language: str
    text: str

    @property
    def place(self) -> str:
        """Where it stands."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    found = re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [Block(page, text[: match.start()].count("\n") + 1, match[1], match[2]) for match in found]


def pages_with(language: str) -> list[Path]:
    """The pages that have such code."""
    return [page for page in PAGES if any(block.language == language for block in blocks(page))]


def name_of(value: object) -> str:
    """A page's name, for the tests' names."""
    return value.name if isinstance(value, Path) else str(value)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_says_what_it_is(page: Path) -> None:
    """No code escapes the tests below by having no language or an unknown one."""
    assert [block.place for block in blocks(page) if block.language not in LANGUAGES] == []


@pytest.mark.parametrize("page", pages_with("console"), ids=name_of)
def test_commands_run(page: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each `$ atom` command of the page succeeds, in order, inside what `atom demo` leaves."""
    for block in blocks(page):
        if block.language != "console":
            continue
        commands = [line[2:] for line in block.text.replace("\\\n", "").splitlines() if line.startswith("$ ")]
        assert commands, f"{block.place} has no command"
        for command in commands:
            program, *arguments = shlex.split(command, comments=True)
            if program == "cd":
                assert arguments == ["atom-demo"], block.place
                continue
            assert program == "atom", f"{block.place}: {command}"
            if ">" in arguments:
                arguments = arguments[: arguments.index(">")]
            with monkeypatch.context() as patch:
                if arguments[0] == "demo":
                    patch.chdir(place.parent)
                done = run_here(*arguments)
            assert done.code == 0, f"{block.place}: {command}\n{done.err}"


@pytest.mark.parametrize("page", pages_with("python"), ids=name_of)
def test_python_runs(page: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python of the page runs from top to bottom; a block that starts with a file's name is that file."""
    monkeypatch.syspath_prepend(place)
    space: dict[str, object] = {"__name__": "page"}
    for block in blocks(page):
        if named := re.match(r"# (\S+\.(py|toml))\n", block.text):
            file = place / named[1]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
        elif block.language == "python":
            code = compile("\n" * block.line + block.text, str(page), "exec")
            exec(code, space)


@pytest.mark.parametrize("page", pages_with("toml"), ids=name_of)
def test_settings_are_settings(page: Path, tmp_path: Path) -> None:
    """Each `toml` block is a settings file that Atom takes, or the entry points of a plugin, or a pipeline."""
    for block in blocks(page):
        if block.language == "toml":
            values = tomllib.loads(block.text)
            if not values.keys() & {"project", "steps"}:
                file = tmp_path / "atom.toml"
                file.write_text(block.text, encoding="utf-8")
                load_with_sources(file=file, environ={})


@pytest.mark.parametrize("page", pages_with("json"), ids=name_of)
def test_json_is_json(page: Path) -> None:
    """Each `json` block can be read."""
    for block in blocks(page):
        if block.language == "json":
            json.loads(block.text)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    """Files and headings that the page links to exist; addresses are https."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("https://", "mailto:")):
            continue
        assert "://" not in target, target
        name, _, heading = target.partition("#")
        file = page.parent / name if name else page
        assert file.exists(), f"{page.name} links to {target}"
        if heading:
            assert heading in anchors(file), f"{page.name} links to {target}"


def anchors(page: Path) -> set[str]:
    """What the headings of a page are linked by."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_can_be_found() -> None:
    """Each page of the docs is linked from their index."""
    linked = set(re.findall(r"\]\(([\w-]+\.md)", (ROOT / "docs/index.md").read_text(encoding="utf-8")))
    assert {page.name for page in ROOT.glob("docs/*.md")} - {"index.md"} <= linked


def test_the_reference_is_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """`docs/reference.md` is what `python docs/reference.py` writes now."""
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs/reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    fresh: str = module.page()
    stale = (ROOT / "docs/reference.md").read_text(encoding="utf-8")
    assert fresh.splitlines() == stale.splitlines(), "run: python docs/reference.py"


def test_the_readme_has_the_two_commands_that_are_run() -> None:
    """What the README tells a newcomer to type is what `.ci/run` does."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "\npython -m pip install . plugins/* && atom demo\n" in readme
    assert "\npython -m pip install tox && tox\n" in readme
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    for step in ("-m pip install -q . plugins/*", "atom demo", "-m pip install -q tox", "\ntox "):
        assert step in script


def test_packages_come_from_the_wheels() -> None:
    """Under tox nothing is imported from the source tree."""
    import atom_core

    if "TOX_ENV_NAME" not in os.environ:
        pytest.skip("only where tox has installed the wheels")
    assert Path(atom_core.__file__).is_relative_to(sys.prefix)
