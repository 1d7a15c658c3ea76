"""Which plugins are loaded, in which order, and what they offer."""

import pytest

from atom_core.errors import PluginError
from atom_core.hookspecs import hookimpl
from atom_core.specs import KINDS, CommandSpec, FormatSpec

TRACK = "import builtins\nPath(__file__).with_name('imported-{name}').touch()\n"


def test_listing(site, good):
    """A loaded plugin is listed with its distribution, hooks, tasks and declared memory."""
    site.install("fine", good("fine"))
    info = site.info(site.load(), "fine")
    assert (info.state, info.distribution, info.version) == ("loaded", "dist-fine", "1.0")
    assert (info.hooks, info.tasks, info.memory_bytes) == (("atom_register_tasks",), ("fine",), 1000)
    assert str(info) == "plugin 'fine' (dist-fine 1.0)"


def test_blocked_before_import(site, good):
    """A blocked plugin's code never runs."""
    for name in ("kept", "blocked"):
        site.install(name, TRACK.format(name=name) + good(name))
    plugins = site.load(block_plugins=("blocked",))
    assert (site.folder / "imported-kept").exists()
    assert not (site.folder / "imported-blocked").exists()
    assert site.info(plugins, "blocked").reason == "named in block_plugins"


@pytest.mark.parametrize("allowed", [(), ("one",)])
def test_allow_list(site, good, allowed):
    """Only the plugins on the allow-list are imported; an empty list means none."""
    for name in ("one", "two"):
        site.install(name, TRACK.format(name=name) + good(name))
    plugins = site.load(load_plugins=allowed)
    assert tuple(plugins.tasks) == allowed
    assert not (site.folder / "imported-two").exists()
    assert site.info(plugins, "two").reason == "not named in load_plugins"


def test_allow_list_names_an_absent_plugin(site, good):
    """A name on the allow-list that is not installed is a mistake, with the nearest name."""
    site.install("captioner", good("captioner"))
    with pytest.raises(PluginError, match="'captoner', which is not installed, did you mean 'captioner'"):
        site.load(load_plugins=("captoner",))


def test_blocking_an_absent_plugin(site, good):
    """A blocked name need not be installed, so that one settings file serves many machines."""
    site.install("fine", good("fine"))
    assert list(site.load(block_plugins=("absent",)).tasks) == ["fine"]


HOOKS = """
@atom.hookimpl
def atom_before_close(host):
    host.append("{name}")
@atom.hookimpl
def atom_segment_video(video, settings):
    return ["{name}"]
"""


def test_order(site):
    """Hooks are called in the order of the names, whatever the order of installation; built-in plugins come last."""
    for name in ("pear", "apple", "fig"):
        site.install(name, HOOKS.format(name=name))

    class Builtin:
        @hookimpl
        def atom_before_close(self, host):
            host.append("builtin")

    plugins, calls = site.load(builtins=[("builtin", Builtin())]), []
    plugins.call("atom_before_close", host=calls)
    assert calls == ["apple", "fig", "pear", "builtin"]
    assert plugins.call("atom_segment_video", video=None, settings=None) == ["apple"]
    mine = [info.name for info in plugins.infos if info.state == "loaded"]
    assert mine == ["apple", "fig", "pear", "builtin"]


def test_same_entry_point_twice(site, good):
    """Two plugins of one name are both refused, each naming the other's distribution."""
    site.install("twin", good("one"), distribution="dist-one")
    site.install("twin", good("two"), distribution="dist-two")
    with pytest.raises(PluginError) as refused:
        site.load()
    first, second = str(refused.value).split("\nplugin")
    assert "(dist-one 1.0)" in first
    assert "also that of a plugin of dist-two 1.0" in first
    assert "also that of a plugin of dist-one 1.0" in second


CLASH = """
@atom.hookimpl
def {hook}(register):
    register("same", {what}, summary="A thing"{more})
"""
THINGS = {"source": "__file__", "text": "'What is this?'", "target": "'module:Class'"}
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.word)


def clash(kind):
    """Code of a plugin that registers something called ``same``."""
    more = ", suffix='.txt'" if kind is FormatSpec else ""
    return CLASH.format(hook=kind.hook, what=THINGS[kind.what], more=more)


@each_kind
def test_clash(site, kind):
    """A name that two plugins register belongs to the first; the message names both."""
    site.install("first", clash(kind))
    site.install("second", clash(kind))
    plugins = site.load(keep_going=True)
    plugins.commands()
    plugins.routes()
    plugins.executors()
    assert plugins.find(kind, "same").plugin == "first"
    assert site.info(plugins, "first").names(kind) == ("same",)
    second, word = site.info(plugins, "second"), kind.word
    assert second.state == "broken"
    assert second.reason == f"{word} 'same' is already registered: {word} 'same' of plugin 'first' (dist-first 1.0)"


@each_kind
def test_unknown_name(site, kind):
    """What no plugin offers is refused with the nearest name and the known ones."""
    site.install("one", clash(kind))
    plugins = site.load()
    plugins.commands()
    plugins.routes()
    plugins.executors()
    with pytest.raises(PluginError, match=f"no {kind.word} 'smae', did you mean 'same'.; {kind.words}: same"):
        plugins.find(kind, "smae")


def test_name_of_a_builtin(site, good):
    """A plugin cannot take the name of a built-in one, and does not harm it."""
    site.install("fine", good("fine"))

    class Builtin:
        @hookimpl
        def atom_register_tasks(self, register):
            register("core", "atom_core.records:Clip", summary="A task of the core")

    plugins = site.load(builtins=[("fine", Builtin())], keep_going=True)
    assert list(plugins.tasks) == ["core"]
    assert [info.state for info in plugins.infos if info.name == "fine"] == ["broken", "loaded"]


def test_builtin_can_be_blocked(site):
    """What comes with the program goes through the same hooks, and can be blocked too."""

    class Builtin:
        @hookimpl
        def atom_segment_video(self, video):
            return []

    plugins = site.load(builtins=[("media", Builtin())], block_plugins=("media",))
    assert plugins.call("atom_segment_video", video=None, settings=None) is None


def test_commands_are_asked_for_once(site):
    """`atom_add_commands` is called when commands are wanted, never before, and once."""
    code = "calls = []\n" + clash(CommandSpec) + "    calls.append(1)\n"
    site.install("late", code)
    plugins = site.load()
    import fake_dist_late

    assert fake_dist_late.calls == []
    assert list(plugins.commands()) == list(plugins.commands()) == ["same"]
    assert fake_dist_late.calls == [1]
    assert site.info(plugins, "late").names(CommandSpec) == ("same",)


def test_commands_are_strict(site):
    """A plugin that breaks when asked for commands is an error then."""
    site.install("late", "@atom.hookimpl\ndef atom_add_commands(register): raise ValueError('no')")
    plugins = site.load()
    with pytest.raises(PluginError, match=r"(?s)'late'.*ValueError: no"):
        plugins.commands()


def test_unknown_task(site, good):
    """An unknown task is refused with the nearest name, the known ones and the plugins left out."""
    site.install("caption", good("caption"))
    site.install("other", good("other"))
    plugins = site.load(block_plugins=("other",))
    with pytest.raises(PluginError) as refused:
        plugins.task("captoin")
    text = str(refused.value)
    assert "there is no task 'captoin', did you mean 'caption'?; tasks: caption" in text
    assert "other (blocked)" in text


@pytest.mark.parametrize(
    ("target", "reason", "step"),
    [
        ("fake_dist_lazy:Taks", "has no 'Taks', did you mean 'Task'", "repair or update lazy"),
        ("fake_dist_lazy.deep:Task", "No module named 'fake_dist_lazy.deep'", "reinstall it"),
        ("fake_dist_needy:Task", "No module named 'no_such_library'", "install it, or run without it"),
        ("fake_dist_odd:Task", "AttributeError: module 'os' has no attribute 'no_such_name'", "repair or update it"),
        ("fake_dist_exits:Task", "SystemExit: 3", "repair or update it"),
    ],
)
def test_target_that_cannot_be_imported(site, good, target, reason, step):
    """A task's class is imported on first use, and what goes wrong then names task and plugin."""
    code = good("lazy").replace("fake_dist_lazy:Task", target)
    site.install("lazy", code)
    (site.folder / "fake_dist_needy.py").write_text("import no_such_library")
    (site.folder / "fake_dist_odd.py").write_text("import os\nos.no_such_name")
    (site.folder / "fake_dist_exits.py").write_text("raise SystemExit(3)")
    plugins = site.load()
    with pytest.raises(PluginError) as refused:
        plugins.load(plugins.task("lazy"))
    assert str(refused.value).startswith("task 'lazy' of plugin 'lazy' (dist-lazy 1.0)")
    assert reason in str(refused.value)
    assert step in str(refused.value)
