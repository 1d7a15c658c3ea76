"""Who comes first: built-in plugins, then this project's own, then others by name; the newcomer is at fault."""

import pytest

import atom_core as atom
from atom_core.errors import PluginError

COMMAND = """
@atom.hookimpl
def atom_add_commands(register):
    register("{name}", "fake_dist_{plugin}:Command", summary="A command")

class Command:
    def add_arguments(self, parser): ...
    def run(self, context): ...
"""
LIBRARY = """
@atom.hookimpl
def atom_open_library(settings):
    return "library of {plugin}"
"""


class BuiltIn:
    """Has a command and a task of its own."""

    @atom.hookimpl
    def atom_add_commands(self, register):
        """One command."""
        register("run", "tests:Run", summary="Runs")

    @atom.hookimpl
    def atom_register_tasks(self, register):
        """One task."""
        register("same", "tests:Task", summary="A task")


def test_a_built_in_command_cannot_be_taken_away(site):
    """A plugin of any name that takes it is left out alone, named, with the way to go on without it."""
    site.install("aaa", COMMAND.format(name="run", plugin="aaa"))
    plugins = site.load(builtins=[("builtin", BuiltIn())], keep_going=True)
    assert plugins.commands()["run"].plugin == "builtin"
    assert site.info(plugins, "builtin").state == "loaded"
    fault = site.info(plugins, "aaa").fault
    assert "command 'run' is already registered: command 'run' of plugin 'builtin'" in fault
    assert "rename it in this plugin, or run without it: ATOM_BLOCK_PLUGINS=aaa" in fault


def test_a_task_of_this_project_cannot_be_taken_away(site, good):
    """A plugin of others that takes its name is at fault, whatever it is called."""
    site.install("same", good("same"), distribution="atom-captioning", target="fake_atom_captioning")
    site.install("aaa", good("aaa").replace('register("aaa"', 'register("same"'))
    plugins = site.load(keep_going=True)
    assert plugins.tasks["same"].plugin == "same"
    assert site.info(plugins, "aaa").state == "broken"


@pytest.mark.parametrize("name", ["aaa", "zzz"])
def test_others_are_asked_before_this_projects_own(site, name):
    """A library backend that somebody installs is used, whatever it is called."""
    site.install("indexing", LIBRARY.format(plugin="indexing"), distribution="atom-indexing")
    site.install(name, LIBRARY.format(plugin=name))
    plugins = site.load()
    assert plugins.first("atom_open_library", lambda _: "", settings=None, model="m") == f"library of {name}"


def test_a_command_lacks_what_commands_have(site):
    """It is named with what it lacks."""
    site.install("half", COMMAND.format(name="half", plugin="half").replace("def add_arguments", "def arguments"))
    plugins = site.load()
    with pytest.raises(PluginError, match=r"command 'half' of plugin 'half'.*has no 'add_arguments', as every command"):
        plugins.load(plugins.commands()["half"])


@pytest.mark.parametrize("declared", ["tuple[atom.Caption, atom.Answer]", "tuple[atom.Caption]", "'Caption'", "tuple"])
def test_record_types_that_are_none(site, good, declared):
    """What a task takes or makes is a record or any number of one; anything else is told, not guessed."""
    site.install(
        "odd", good("odd").replace("consumes = produces = atom.Clip", f"consumes, produces = atom.Clip, {declared}")
    )
    plugins = site.load()
    if declared == "tuple":
        plugins.load(plugins.task("odd"))
        return
    with pytest.raises(
        PluginError, match=r"task 'odd' of plugin 'odd'.*produces is .*write tuple|produces is .*no class"
    ):
        plugins.load(plugins.task("odd"))
