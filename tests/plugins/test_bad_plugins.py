"""Every kind of bad plugin is named with the next step, and the others keep working."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from atom_core.errors import PluginError
from atom_core.hookspecs import hook_names

REGISTER = "@atom.hookimpl\ndef atom_register_tasks(register):\n    "

BAD = {
    "missing-dependency": ("import no_such_library", "No module named 'no_such_library'", "install it"),
    "syntax-error": ("def broken(:", "SyntaxError", "repair or update it"),
    "raises": ("raise OSError('no licence')", "OSError: no licence", "repair or update it"),
    "exits": ("raise SystemExit(3)", "SystemExit: 3", "repair or update it"),
    "prints": ("print('hello')", "prints while it is loaded: 'hello'", "logging"),
    "no-hook": ("", "implements no hook", "@atom_core.hookimpl"),
    "unmarked": ("def atom_register_tasks(register): pass", "not marked as a hook", "@atom_core.hookimpl"),
    "typo": (
        "@atom.hookimpl\ndef atom_register_task(register): pass",
        "did you mean 'atom_register_tasks'",
        "rename it",
    ),
    "wrong-argument": (
        "@atom.hookimpl\ndef atom_register_tasks(registers): pass",
        "'registers', did you mean 'register'?; Atom passes: register",
        "correct its arguments",
    ),
    "keyword-only": (
        "@atom.hookimpl\ndef atom_segment_video(*, video): pass",
        "atom_segment_video takes 'video'",
        "correct its arguments",
    ),
    "async": ("@atom.hookimpl\nasync def atom_register_tasks(register): pass", "asynchronous", "plain function"),
    "not-a-wrapper": (
        "@atom.hookimpl(wrapper=True)\ndef atom_before_task(event): pass",
        "not a generator function",
        "repair or update it",
    ),
    "twice": (
        "@atom.hookimpl\ndef atom_before_task(event): pass\n"
        "@atom.hookimpl(specname='atom_before_task')\ndef other(event): pass",
        "implements atom_before_task twice",
        "join",
    ),
    "raises-in-declare": (REGISTER + "1 / 0", "ZeroDivisionError: division by zero (", "repair or update it"),
    "prints-in-declare": (REGISTER + "print('hello')", "prints while it is loaded: 'hello'", "logging"),
    "no-summary": (REGISTER + "register('x', 'm:C')", "needs a summary of one line, got ''", "summary="),
    "bad-target": (REGISTER + "register('x', 'm.C', summary='s')", "target 'm.C'", "'package.module:Class'"),
    "bad-name": (REGISTER + "register('a b', 'm:C', summary='s')", "'a b' is no name for a task", "hyphens"),
    "bad-memory": (REGISTER + "register('x', 'm:C', summary='s', memory_bytes='1GiB')", "'1GiB'", "bytes"),
    "bad-keyword": (
        REGISTER + "register('x', 'm:C', summary='s', memory=1)",
        "memory=, did you mean 'memory_bytes'?",
        "see the hook's text",
    ),
    "wrong-hook": (
        REGISTER + "register.model('x', '/m', summary='s')",
        "model 'x' is declared in atom_register_tasks",
        "declare it in atom_register_models",
    ),
    "no-methods": (REGISTER + "register.tasks('x', 'm:C', summary='s')", "has no attribute 'tasks'", "repair"),
    "no-models": (
        "@atom.hookimpl\ndef atom_register_models(register): register('x', '/m', notes='', summary='s')",
        "model 'x' is registered with notes=, did you mean 'notice'?",
        "see the hook's text",
    ),
    "no-pipeline-file": (
        "@atom.hookimpl\ndef atom_register_pipelines(register): register('x', '/no/x.toml', summary='s')",
        "pipeline 'x' is to be read from '/no/x.toml', where no file is",
        "package data",
    ),
    "no-prompt-text": (
        "@atom.hookimpl\ndef atom_register_prompts(register): register('x', ' ', summary='s')",
        "prompt 'x' has text ' '",
        "give the words",
    ),
    "prompt-with-at": (
        "@atom.hookimpl\ndef atom_register_prompts(register): register('@x', 'What?', summary='s')",
        "'@x' is no name for a prompt",
        "lower-case words",
    ),
    "no-suffix": (
        "@atom.hookimpl\ndef atom_register_formats(register): register('x', 'm:f', summary='s', suffix='txt')",
        "format 'x' has suffix 'txt'",
        "suffix='.txt'",
    ),
    "bad-format-target": (
        "@atom.hookimpl\ndef atom_register_formats(register): register('x', 'f', summary='s', suffix='.x')",
        "format 'x' has target 'f'",
        "'package.module:function'",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_plugin_is_named(site, good, kind):
    """A bad plugin is refused by name, distribution and version, with the reason and what to do."""
    code, reason, advice = BAD[kind]
    site.install("bad", code)
    site.install("fine", good("fine"))
    with pytest.raises(PluginError) as refused:
        site.load()
    text = str(refused.value)
    assert text.startswith("plugin 'bad' (dist-bad 1.0) could not be loaded:\n  ")
    assert reason in text
    assert advice in text.splitlines()[-1]
    assert text.endswith("run without it: ATOM_BLOCK_PLUGINS=bad")
    assert "fine" not in text


@pytest.mark.parametrize("kind", BAD)
def test_others_keep_working(site, good, kind):
    """With `keep_going` a bad plugin is left out whole, and its neighbours are loaded."""
    site.install("bad", BAD[kind][0])
    site.install("fine", good("fine"))
    plugins = site.load(keep_going=True)
    bad = site.info(plugins, "bad")
    assert (bad.state, bad.offers) == ("broken", {})
    assert BAD[kind][1] in bad.reason
    assert site.info(plugins, "fine").state == "loaded"
    assert list(plugins.tasks) == ["fine"]
    assert "Task" in repr(plugins.load(plugins.task("fine")))


@pytest.mark.parametrize("kind", BAD)
def test_blocking_is_the_way_out(site, kind):
    """What the message tells to do works: a blocked plugin is no error."""
    site.install("bad", BAD[kind][0])
    plugins = site.load(block_plugins=("bad",))
    assert site.info(plugins, "bad").state == "blocked"


@pytest.mark.parametrize("hook", hook_names())
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("def {typo}(): pass", "{typo} is not a hook of Atom, did you mean '{hook}'?"),
        ("def {hook}(no_such_thing): pass", "{hook} takes 'no_such_thing'; Atom passes: "),
        ("async def {hook}(): pass", "{hook} is asynchronous"),
    ],
)
def test_each_hook_is_checked(site, good, hook, code, reason):
    """A typo in a hook's name, or in its signature, is told of every hook."""
    words = {"hook": hook, "typo": hook[:-1]}
    site.install("bad", "@atom.hookimpl\n" + code.format(**words))
    site.install("fine", good("fine"))
    plugins = site.load(keep_going=True)
    assert site.info(plugins, "bad").reason.startswith(reason.format(**words))
    assert list(plugins.tasks) == ["fine"]


def test_all_faults_at_once(site):
    """One message lists every fault, in order of the names."""
    for name in ("zebra", "ape"):
        site.install(name, "import no_such_library")
    with pytest.raises(PluginError, match=r"(?s)'ape'.*'zebra'") as refused:
        site.load()
    assert isinstance(refused.value.__cause__, ModuleNotFoundError)


def test_missing_own_module(site):
    """An entry point whose own module is gone is a damaged installation, not a missing dependency."""
    site.install("bad", "", target="fake_gone")
    with pytest.raises(PluginError, match="reinstall it, or run without it"):
        site.load()


def test_entry_point_to_a_class(site):
    """A class cannot be a plugin: its hooks would lack `self`."""
    code = "class Plugin:\n    @atom.hookimpl\n    def atom_register_tasks(self, register): pass\nplugin = Plugin()"
    site.install("kind", code, target="fake_dist_kind:Plugin")
    site.install("instance", code, target="fake_dist_instance:plugin")
    plugins = site.load(keep_going=True)
    assert "names a class" in site.info(plugins, "kind").reason
    assert site.info(plugins, "instance").hooks == ("atom_register_tasks",)


@pytest.mark.parametrize("requirement", ["atom-core>=99", "atom_core<0.1", "Atom-Core ==0.0.1; python_version>'3'"])
def test_incompatible_core(site, requirement):
    """A plugin made for another atom-core is refused before it is imported."""
    site.install("bad", "Path(__file__).with_name('imported').touch()", requires=[requirement])
    with pytest.raises(PluginError, match=r"it needs atom-core [<>=]+[\d.]+, and this is \d"):
        site.load()
    assert not (site.folder / "imported").exists()


@pytest.mark.parametrize(
    "requirement", ["atom-core", "atom-core>=0.0.1", "atom-core>=99; extra=='x'", "atom-core-x>=9"]
)
def test_compatible_core(site, good, requirement):
    """Requirements that the running version meets, or that do not apply, are no obstacle."""
    site.install("fine", good("fine"), requires=[requirement])
    assert list(site.load().tasks) == ["fine"]


def test_heavy_import(site, tmp_path: Path):
    """Importing torch while plugins are loaded breaks the plugin that does it, and names it."""
    site.install("heavy", "import torch\n@atom.hookimpl\ndef atom_before_task(event): pass")
    (tmp_path / "torch.py").touch()
    code = (
        "from atom_core.plugins import load_plugins; from atom_core.settings import Settings;"
        "print(load_plugins(Settings(load_plugins=('heavy',), keep_going=True)).infos)"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    shown = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert "it imports torch while it is loaded" in shown.stdout


def test_interrupt_is_not_a_fault(site):
    """Ctrl-C while plugins are imported stops the program."""
    site.install("slow", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        site.load(keep_going=True)


def test_nothing_of_a_broken_plugin_remains(site, good):
    """A plugin that breaks in its second declare hook loses the tasks of the first, and its hooks are never called."""
    code = good("half") + (
        "@atom.hookimpl\ndef atom_register_models(register): raise ValueError\n"
        "@atom.hookimpl\ndef atom_before_close(host): host.append('called')\n"
    )
    site.install("half", code)
    plugins, calls = site.load(keep_going=True), []
    plugins.call("atom_before_close", host=calls)
    assert plugins.tasks == {}
    assert site.info(plugins, "half").memory_bytes == 0
    assert calls == []
