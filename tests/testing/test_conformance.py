"""The conformance suite finds what it is there to find, and a good task passes it."""

import sys
from textwrap import indent

import pytest

import atom_core as atom
from atom_core.testing.conformance import TaskConformance
from atom_core.testing.distributions import write_distribution
from atom_core.testing.world import fake_world, same

PLUGIN = """
import atom_core as atom

@atom.hookimpl
def atom_register_tasks(register):
    register("probe", "{module}.task:Probe", summary="A task"{more})
"""
GOOD = """
import atom_core as atom
from attrs import field, frozen
from attrs.validators import ge

kept = []

class Probe:
    consumes, produces = atom.Clip, atom.Caption

    @frozen(kw_only=True)
    class Settings:
        words: int = field(default=5, validator=ge(1))
        '''How many.'''

    def run(self, clip, *, encoder, decoder, settings):
        features = encoder.encode(clip)
        text = decoder.generate([features, "Describe this clip in one sentence."], max_new_tokens=settings.words)
        return atom.Caption(clip=clip, text=text)
"""
FEATURES = "        features = encoder.encode(clip)\n"
BAD = {
    "heavy": ("kept = []\n", "import torch\n", "test_import_is_light", "imports torch"),
    "prints-on-import": ("kept = []\n", "print('hi')\n", "test_import_is_light", "importing the task prints"),
    "cannot-be-imported": ("kept = []\n", "import no_such_library\n", "test_import_is_light", "No module named"),
    "no-record": (
        "atom.Clip, atom.Caption",
        "str, atom.Caption",
        "test_types_are_declared",
        "consumes is <class 'str'>",
    ),
    "odd-loan": ("encoder, decoder, settings", "coder, settings", "test_types_are_declared", "asks for 'coder'"),
    "more-than-loans": ("decoder, settings)", "decoder, settings, x=1)", "test_types_are_declared", "run takes x=1"),
    "positional": ("clip, *, encoder", "clip, encoder", "test_types_are_declared", "keyword-only"),
    "wrong-type": (
        "return atom.Caption(clip=clip, text=text)",
        "return text",
        "test_types_are_honoured",
        "got Generated",
    ),
    "mutable-settings": ("@frozen", "@define", "test_settings_have_defaults_and_texts", "can be changed"),
    "no-text": ("        '''How many.'''\n", "", "test_settings_have_defaults_and_texts", "'words' has no text"),
    "unchecked": ("validator=ge(1)", "converter=float", "test_bad_settings_are_refused", "DID NOT RAISE"),
    "crashes": (FEATURES, FEATURES + "        1 // clip.index\n", "test_types_are_honoured", "ZeroDivisionError"),
    "swallows": (
        FEATURES,
        "        try: features = encoder.encode(clip)\n        except atom.AtomError: raise ValueError('oops')\n",
        "test_errors_of_modules_arrive",
        "the model's error became",
    ),
    "swallows-cancelling": (
        'text = decoder.generate([features, "Describe this clip in one sentence."], max_new_tokens=settings.words)',
        "text = ''\n        try: decoder.generate([features, 'x'])\n        except BaseException: pass",
        "test_cancelling_ends_it",
        "was cancelled and went on",
    ),
    "swallows-cancelling-of-long-work": (
        GOOD[GOOD.index("settings):") : GOOD.index("        return")],
        "settings, progress):\n        text = ''\n        try: progress(1, 2)\n        except BaseException: pass\n",
        "test_cancelling_ends_it",
        "was cancelled and went on",
    ),
    "remembers": (
        FEATURES,
        FEATURES + "        if not kept: kept.append(1); return atom.Caption(clip=clip, text='first')\n",
        "test_reuse_equals_cold",
        "it makes",
    ),
    "leaks-between-videos": (
        FEATURES,
        "        self.features = features = getattr(self, 'features', None) or encoder.encode(clip)\n",
        "test_reuse_equals_cold",
        "after other items",
    ),
    "keeps-features": (
        FEATURES,
        FEATURES + "        kept.append(features)\n",
        "test_inputs_and_loans_are",
        "keeps 4 lent",
    ),
    "changes-features": (
        FEATURES,
        FEATURES + "        features.values += 1\n",
        "test_inputs_and_loans_are",
        "read-only",
    ),
    "hungry": (
        FEATURES,
        FEATURES + "        b' ' * 2**25\n",
        "test_memory_is_as_declared",
        "used 3.* and declared 0.0 MiB",
    ),
    "leaks": (FEATURES, FEATURES + "        kept.append(' ' * 2**16)\n", "test_memory_is_as_declared", "20 runs left"),
    "prints": (FEATURES, FEATURES + "        print('hi')\n", "test_prints_nothing", "prints 'hi"),
    "not-pure": (
        "encoder, decoder, settings):\n",
        "encoder, decoder, settings, host):\n"
        "        host.library.add([atom.Entry(clip=clip, caption='', vector=None)])\n",
        "test_purity_is_honest",
        "pure=False",
    ),
}


class Suite(TaskConformance):
    """The suite for the task under test."""

    task = "probe"
    bad_settings = {"words": 0}

    def items(self, host):
        return [clip for name in self.shows for clip in host.clips(host.video(name))]


@pytest.fixture
def suite(tmp_path, monkeypatch, request):
    """Install a plugin with this task module; the suite for it."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    made = []

    def install(code, *, more=""):
        module = f"conformance_{abs(hash(request.node.name))}"
        files = {f"{module}/__init__.py": PLUGIN.format(module=module, more=more), f"{module}/task.py": code}
        write_distribution(tmp_path, f"dist-{module}", plugins={module: module}, files=files)
        made.append(module)
        return type("TestProbe", (Suite,), {"plugin": module})()

    yield install
    for name in [name for name in sys.modules if name.partition(".")[0] in made]:
        del sys.modules[name]


def checks():
    """The names of all checks."""
    return [name for name in vars(TaskConformance) if name.startswith("test_")]


def run(suite, check, capfd, tmp_path):
    """Run one check."""
    given = {"test_prints_nothing": [capfd], "test_with_a_real_model": [tmp_path]}.get(check, [])
    getattr(suite, check)(*given)


def test_good_task_passes(suite, capfd, tmp_path):
    """A task that keeps its promises passes every check."""
    good = suite(GOOD)
    for check in checks():
        if check != "test_with_a_real_model":
            run(good, check, capfd, tmp_path)
    with pytest.raises(pytest.skip.Exception):
        good.test_with_a_real_model(tmp_path)


@pytest.mark.parametrize("kind", BAD)
def test_bad_task_is_found(suite, kind, capfd, tmp_path):
    """The check that is there for a fault fails, and says what the task did."""
    old, new, check, said = BAD[kind]
    assert GOOD.count(old) == 1
    bad = suite(GOOD.replace(old, new).replace("import field, frozen", "import define, field, frozen"))
    [name] = [name for name in checks() if name.startswith(check)]
    with pytest.raises((AssertionError, atom.AtomError, pytest.fail.Exception), match=said):
        run(bad, name, capfd, tmp_path)


def test_every_check_finds_a_fault():
    """No check is there that no bad task fails."""
    broken = {name for name in checks() for _, _, check, _ in BAD.values() if name.startswith(check)}
    elsewhere = {"test_errors_are_in_shape", "test_is_discovered", "test_with_a_real_model"}  # below, and the plugins'
    assert {*checks()} - broken == elsewhere


def test_declared_memory_is_allowed(suite):
    """What a task declares it may use."""
    hungry = GOOD.replace(FEATURES, FEATURES + "        b' ' * 2**25\n")
    suite(hungry, more=", memory_bytes=2**25").test_memory_is_as_declared()


def test_what_a_late_first_use_keeps_is_no_leak(suite):
    """A cache that is filled once, in one of the runs, is not left again by those after them."""
    late = GOOD.replace(FEATURES, FEATURES + "        kept.append(' ' * 2**20 if len(kept) == 9 else '')\n")
    suite(late).test_memory_is_as_declared()


def test_bad_items_must_be_refused(suite):
    """An item that should be refused and is not, or that crashes the task, is found."""
    taken = suite(GOOD)
    taken.bad_items = taken.items
    with pytest.raises(AssertionError, match="without an error"):
        taken.test_errors_are_in_shape()


def test_crash_on_a_bad_item_is_found(suite):
    """A bad item must be refused in words."""
    crashing = suite(GOOD.replace(FEATURES, indent("        raise KeyError('x')\n", "") + FEATURES))
    crashing.bad_items = crashing.items
    with pytest.raises(AssertionError, match=r"crashes on .*KeyError"):
        crashing.test_errors_are_in_shape()


def test_absent_plugin_is_named():
    """A suite for a plugin that is not installed says so."""
    absent = type("TestAbsent", (Suite,), {"plugin": "no-such-plugin"})()
    with pytest.raises(AssertionError, match=r"no entry point 'no-such-plugin' .* install the distribution"):
        absent.test_is_discovered()


def test_checks_cannot_be_replaced():
    """A suite that puts something else in a check's place is refused; checks of its own are welcome."""
    with pytest.raises(TypeError, match=r"TestEasy\.test_prints_nothing replaces a check"):
        type("TestEasy", (Suite,), {"test_prints_nothing": lambda self: None})
    type("TestMore", (Suite,), {"test_it_counts": lambda self: None})


def test_same():
    """Results are compared with the arrays in them."""
    with fake_world(shows={"a.mp4": ["x", "y"]}) as host:
        one, other = (host.encoder.encode(clip) for clip in host.clips(host.video("a.mp4")))
        assert same(one, host.encoder.encode(one.clip))
        assert not same(one, other)
        assert same((one, 1.0, {"a": "b"}), (one, 1.0 + 1e-9, {"a": "b"}))
        assert not same((one,), [one])


def test_other_plugins_are_named():
    """Where a task asks for one of a plugin that the suite has not loaded, it is said where to name that."""

    class Alone(TaskConformance):
        plugin, task = "tiny", "none"

    with pytest.raises(atom.PluginError, match="there is no task 'caption'") as raised, Alone().world() as host:
        host.run("caption", atom.Query(text="x"))
    assert "in `needs`" in raised.value.__notes__[0]
