"""``atom new-plugin`` writes a distribution that installs and passes the conformance suite at once."""

import os
import subprocess
import sys
import tomllib

import pytest

from atom_core.cli.commands.new_plugin import Names
from atom_core.cli.main import main
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
    assert "pip install -e './atom-count-people[test]'" in said


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
    assert "nothing is overwritten: name another one" in capsys.readouterr().err
    assert sorted((folder / "mine").rglob("*")) == before


@pytest.mark.parametrize(
    "name", ["Count", "count people", "1count", "-x", "count--people", "é", "", "class", "none", "core"]
)
def test_bad_names(name):
    """What cannot be the name of a distribution, a module and a task is refused with what it should look like."""
    with pytest.raises(SettingsError, match=r"is no name for a plugin|choose another name"):
        Names.of(name)


@pytest.mark.parametrize(
    ("name", "fitting"), [("Count_People", "count-people"), ("2 fast", "fast"), ("é", "count-people")]
)
def test_a_fitting_name_is_said(name, fitting):
    """The message has a name that would do, made from the one that was given."""
    with pytest.raises(SettingsError, match=f"for example {fitting}$"):
        Names.of(name)
    assert Names.of(fitting).plugin == fitting


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("captioning", "a plugin 'captioning' is installed already (atom-captioning)"),
        ("atom_captioning", "a plugin 'captioning' is installed already (atom-captioning)"),
        ("media", "a plugin 'media' is installed already (atom-core)"),
        ("caption", "there is a task 'caption' already, of plugin 'captioning'"),
    ],
)
def test_names_that_are_taken(folder, capsys, monkeypatch, name, said):
    """What would clash with an installed plugin or its task is refused, and nothing is written."""
    monkeypatch.setenv("ATOM_LOAD_PLUGINS", "captioning")
    assert main(["new-plugin", name]) == 2
    assert f"{said}; choose another name" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


def test_next_steps_can_be_pasted(capsys):
    """The commands that are shown are quoted as a shell needs them."""
    assert main(["new-plugin", "one", "a folder/one"]) == 0
    assert (
        "pip install -e './a folder/one[test]'\n       python -m pytest './a folder/one'\n" in capsys.readouterr().out
    )


def test_prefix_is_not_doubled():
    """``atom-count`` and ``count`` are the same plugin."""
    assert Names.of("atom-count").words == Names.of("count").words
    assert Names.of("count").words["DISTRIBUTION"] == "atom-count"


def test_unwritable_folder(folder, capsys):
    """A folder that cannot be made is a mistake in the command."""
    (folder / "file").touch()
    assert main(["new-plugin", "one", "file/below"]) == 2
    assert "cannot be written" in capsys.readouterr().err
