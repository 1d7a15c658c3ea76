"""``atom new-plugin`` writes a distribution that installs and passes the conformance suite at once."""

import os
import subprocess
import sys
import tomllib

import pytest

from atom_core.cli.main import main
from atom_core.cli.new_plugin import Names
from atom_core.errors import SettingsError


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Work in an empty folder, with no plugin loaded."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ATOM_LOAD_PLUGINS", "")
    return tmp_path


def test_it_is_complete(folder, capsys):
    """Every file is there, no placeholder is left, and what was written is said."""
    assert main(["new-plugin", "count-people"]) == 0
    made = folder / "atom-count-people"
    files = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
    assert files == {
        ".github/workflows/test.yml",
        ".gitignore",
        "README.md",
        "atom_count_people/__init__.py",
        "atom_count_people/py.typed",
        "atom_count_people/task.py",
        "pyproject.toml",
        "tests/test_task.py",
        "tox.ini",
    }
    texts = [(made / name).read_text() for name in files]
    assert not [
        word for text in texts for word in ("__PLUGIN__", "__CLASS__", "__MODULE__", "__CORE__") if word in text
    ]
    project = tomllib.loads((made / "pyproject.toml").read_text())["project"]
    assert project["name"] == "atom-count-people"
    assert project["entry-points"]["atom"] == {"count-people": "atom_count_people"}
    said = capsys.readouterr().out
    assert all(name in said for name in files)
    assert "pip install -e ./atom-count-people" in said


@pytest.mark.slow
def test_it_installs_and_passes(folder):
    """Installed as it is, the plugin passes its own tests, which are those of the suite and one of its own."""
    assert main(["new-plugin", "count-people", "new"]) == 0
    site = folder / "site"
    options = ["-q", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--target", str(site), "./new"]
    subprocess.run([sys.executable, "-m", "pip", "install", *options], check=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ATOM_")}
    environment["PYTHONPATH"] = str(site)
    command = [sys.executable, "-m", "pytest", "new", "-p", "no:cacheprovider"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "15 passed, 1 skipped" in done.stdout


def test_nothing_is_overwritten(folder, capsys):
    """A folder with anything in it is refused, and stays as it is; an empty one is taken."""
    (folder / "mine").mkdir()
    assert main(["new-plugin", "one", "mine"]) == 0
    before = sorted((folder / "mine").rglob("*"))
    assert main(["new-plugin", "two", "mine"]) == 2
    assert "nothing is overwritten: name another folder" in capsys.readouterr().err
    assert sorted((folder / "mine").rglob("*")) == before


@pytest.mark.parametrize("name", ["Count", "count people", "1count", "-x", "count--people", "é", "", "class", "core"])
def test_bad_names(name):
    """What cannot be the name of a distribution, a module and a task is refused with what it should look like."""
    with pytest.raises(SettingsError, match=r"is no name for a plugin|choose another name"):
        Names.of(name)


@pytest.mark.parametrize("name", ["captioning", "atom-captioning", "atom_captioning"])
def test_names_of_installed_plugins(name):
    """A plugin that is installed already keeps its name."""
    with pytest.raises(SettingsError, match=r"'captioning' is installed already \(atom-captioning\)"):
        Names.of(name)


def test_prefix_is_not_doubled():
    """``atom-count`` and ``count`` are the same plugin."""
    assert Names.of("atom-count").words == Names.of("count").words
    assert Names.of("count").words["DISTRIBUTION"] == "atom-count"


def test_unwritable_folder(folder, capsys):
    """A folder that cannot be made is a mistake in the command."""
    (folder / "file").touch()
    assert main(["new-plugin", "one", "file/below"]) == 2
    assert "cannot be written" in capsys.readouterr().err
