"""Plugins that are bad only when they run: Atom names each, and the others keep working."""

import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
import torch

import atom_core as atom
from atom_core.hookspecs import hook_names
from atom_core.host import BUILTINS, open_host
from atom_core.settings import Settings
from atom_core.testing.fakes import FakeDecoder, FakeEncoder, fake_clips, fake_features, fake_video

TASK = """
@atom.hookimpl
def atom_register_tasks(register):
    register("{name}", "fake_dist_{name}:Task", summary="A task"{more})

class Task:
    consumes = produces = atom.Clip
    def run(self, clip, *, encoder, decoder, host):
        {body}
        return clip
"""
CLIP = fake_clips(fake_video(), 1)[0]


class Modules:
    """A plugin that brings fake modules with one weight."""

    def __init__(self):
        self.loads = self.closed = 0

    @atom.hookimpl(trylast=True)
    def atom_load_modules(self):
        self.loads += 1
        weight = torch.nn.Parameter(torch.ones(3), requires_grad=False)
        encoder = FakeEncoder(lambda clip: "a circle")
        encoder.weight = weight
        return atom.Modules(
            encoder=encoder, decoder=FakeDecoder(), model="fake", weights=lambda: [weight], close=self._close
        )

    @atom.hookimpl(trylast=True)
    def atom_identify_model(self):
        return "fake"

    @atom.hookimpl(trylast=True)
    def atom_open_library(self):
        return None

    def _close(self):
        self.closed += 1


@contextmanager
def opened(site, **settings):
    """A host with the plugins of the site, the built-in ones and the fake modules."""
    modules = Modules()
    plugins = site.load(builtins=[("modules", modules), *BUILTINS[:1]], **settings)
    names = tuple(info.name for info in plugins.infos if not info.builtin)
    with open_host(Settings(load_plugins=names), plugins=plugins) as host:
        yield host, modules


def good_task(name="fine"):
    return TASK.format(name=name, more="", body="decoder.generate([encoder.encode(clip), 'What?'])")


def bad_task(body, more=""):
    return TASK.format(name="bad", more=more, body=body)


RUNNING = {
    "raises": ("raise KeyError('lost')", "", "task 'bad' of plugin 'bad' failed: KeyError: 'lost'"),
    "exits": ("raise SystemExit(3)", "", "task 'bad' of plugin 'bad' failed: SystemExit: 3"),
    "wrong-type": ("return 'clip'", "", "task 'bad' of plugin 'bad' returns Clip, got str; mend the plugin"),
    "hangs": (
        "import time; time.sleep(2)",
        ", time_limit_s=0.05",
        "'bad' of plugin 'bad' ran past its limit of 0.05 s",
    ),
    "features": ("encoder.encode(clip).values += 1", "", "task 'bad' of plugin 'bad' failed: ValueError: .*read-only"),
    "weight": ("host.encoder.weight.mul_(2)", "", "weights were changed while task 'bad' of plugin 'bad' ran"),
    "signature": ("pass", "", "task 'bad' of plugin 'bad' .* its run asks for 'decodr', did you mean 'decoder'"),
    "async": ("pass", "", "task 'bad' of plugin 'bad' .* its run is asynchronous; make it a plain function"),
    "generator": ("yield", "", "task 'bad' of plugin 'bad' .* its run yields; return one record"),
    "init": ("pass", "", "task 'bad' of plugin 'bad' cannot be made: OSError: no licence"),
    "no-type": ("pass", "", "task 'bad' of plugin 'bad' .* it has no 'consumes', as every task must"),
    "no-default": ("pass", "", "task 'bad': its Settings must be .* required keyword-only argument: 'times'"),
    "no-attrs": ("pass", "", "task 'bad': its Settings must be an attrs class .* is not an attrs"),
    "unknown-task": ("host.run('fien', clip)", "", "there is no task 'fien', did you mean 'fine'"),
}


CHANGES = {
    "signature": ("decoder, host", "decodr, host"),
    "async": ("    def run", "    async def run"),
    "init": ("    def run", "    def __init__(self): raise OSError('no licence')\n    def run"),
    "no-type": ("consumes = produces", "makes"),
    "no-default": (
        "    def run(self, clip, *,",
        "    Settings = __import__('attrs').make_class('Settings', ['times'], frozen=True, kw_only=True)\n"
        "    def run(self, clip, *, settings,",
    ),
    "no-attrs": ("    def run(self, clip, *,", "    class Settings: pass\n    def run(self, clip, *, settings,"),
}
"""What makes the class itself bad: old text and new."""


@pytest.mark.parametrize("kind", RUNNING)
def test_bad_task_is_named_and_others_work(site, kind):
    """What a task does wrong fails that run, with its name; the next task finds everything as it should be."""
    body, more, reason = RUNNING[kind]
    site.install("bad", bad_task(body, more).replace(*CHANGES.get(kind, ("", ""))))
    site.install("fine", good_task())
    with opened(site) as (host, modules):
        with pytest.raises(atom.AtomError, match=reason):
            host.run("bad", CLIP)
        assert host.run("fine", CLIP) == CLIP
        assert [outcome.error for outcome in host.map("fine", [CLIP] * 3)] == [None] * 3
        assert modules.loads == (2 if kind == "weight" else 1)
    assert modules.closed == modules.loads


def test_results_beside_a_changed_weight_are_void(site):
    """What was made with weights that another task changed meanwhile is refused too, though that task failed."""
    site.install("bad", bad_task("host.encoder.weight.mul_(2); raise KeyError"))
    site.install("fine", TASK.format(name="fine", more="", body="list(host.map('bad', [clip]))"))
    with opened(site) as (host, modules):
        with pytest.raises(atom.TaskError, match="changed while task 'fine'"):
            host.run("fine", CLIP)
        _ = host.decoder
        assert modules.loads == 2


@pytest.mark.parametrize("hook", hook_names())
def test_raising_at_each_hook(site, hook):
    """Whatever hook a plugin raises in, the message names plugin and hook, and the others' hooks still work."""
    arguments = {name: None for name in ("settings", "ledger", "video", "model", "encoder", "decoder", "host", "event")}
    site.install("bad", f"@atom.hookimpl\ndef {hook}(): raise ValueError('odd')")
    site.install("fine", good_task())
    if hook_names()[hook] == "declare":
        plugins = site.load(keep_going=True)
        plugins.commands()
        plugins.routes()
        plugins.executors()
        assert site.info(plugins, "bad").state == "broken"
        assert "ValueError: odd" in site.info(plugins, "bad").reason
    else:
        plugins = site.load()
        known = plugins.hook.__getattribute__(hook).spec.argnames
        with pytest.raises(atom.PluginError, match=rf"plugin 'bad' \(dist-bad 1.0\) raised in {hook}: ValueError: odd"):
            plugins.call(hook, **{name: arguments.get(name) for name in known})
    assert site.info(plugins, "fine").state == "loaded"
    assert "fine" in plugins.tasks


RESULTS = {
    "atom_identify_model": ("b'fake'", "a bytes, not str"),
    "atom_load_modules": ("{}", "a dict, not Modules or another ModelBackend"),
    "atom_open_library": ("[1]", "a list, not Library"),
    "atom_segment_video": ("'clips'", "a str, not a list of clips"),
}


def test_every_result_is_looked_at():
    """No do hook is left out of the test below."""
    assert RESULTS.keys() == {hook for hook, phase in hook_names().items() if phase == "do"}


@pytest.mark.parametrize("hook", RESULTS)
def test_wrong_result_of_a_hook(site, hook):
    """A hook that returns the wrong type names its plugin, though others implement the hook as well."""
    result, reason = RESULTS[hook]
    site.install("bad", f"@atom.hookimpl\ndef {hook}(): return {result}")
    with opened(site) as (host, _):
        with pytest.raises(atom.PluginError) as raised:
            host.clips(CLIP.video) if "segment" in hook else host.decoder if "load" in hook else host.library
        assert str(raised.value).startswith(f"plugin 'bad' (dist-bad 1.0) returned {reason}, from {hook}")
        assert str(raised.value).endswith("ATOM_BLOCK_PLUGINS=bad")


CLIPS = {
    "a clip of another video": "atom.Clip(video=atom_core_fakes.fake_video('other'), start_s=0, end_s=1)",
    "which overlaps another": "atom.Clip(video=video, start_s=0, end_s=99)",
    "a Video among the clips": "video",
}


@pytest.mark.parametrize("reason", CLIPS)
def test_wrong_clips(site, reason):
    """Clips lie inside their video, one after the other."""
    code = (
        "import atom_core.testing.fakes as atom_core_fakes\n@atom.hookimpl\ndef atom_segment_video(video): return [{}]"
    )
    site.install("bad", code.format(CLIPS[reason]))
    with opened(site) as (host, _), pytest.raises(atom.PluginError, match=rf"'bad' .* returned .*{reason}"):
        host.clips(CLIP.video)


@pytest.mark.parametrize(
    ("name", "code", "what"),
    [
        ("slow", "import time; time.sleep(300)", "importing it takes longer than 1.5 s"),
        (
            "slower",
            "@atom.hookimpl\ndef atom_register_tasks(register):\n    import time; time.sleep(300)",
            "its atom_register_tasks takes longer than 1.5 s",
        ),
    ],
)
def test_hanging_while_loaded(site, good, name, code, what):
    """A plugin that does not come back is left out in time, and the others are loaded."""
    site.install(name, code)
    site.install("fine", good("fine"))
    start = time.perf_counter()
    plugins = site.load(keep_going=True, load_limit_s=1.5)
    assert time.perf_counter() - start < 150
    assert site.info(plugins, name).reason == what
    assert "raise load_limit_s" in site.info(plugins, name).advice
    assert list(plugins.tasks) == ["fine"]


def test_hanging_in_another_thread(site, good):
    """So is one that is loaded in another thread than the main one."""
    site.install("slowest", "import time; time.sleep(20)")
    site.install("fine", good("fine"))
    with ThreadPoolExecutor(1) as pool:
        plugins = pool.submit(site.load, keep_going=True, load_limit_s=1.5).result()
    assert site.info(plugins, "slowest").reason == "importing it takes longer than 1.5 s"
    assert list(plugins.tasks) == ["fine"]


@pytest.mark.parametrize("hook", [hook for hook, phase in hook_names().items() if phase != "declare"])
def test_hanging_in_a_hook(site, hook, monkeypatch):
    """Whoever ends a long waiting for a hook learns which plugin it was, and how to do without."""
    site.install("slow", f"@atom.hookimpl\ndef {hook}(): raise KeyboardInterrupt")
    plugins = site.load()
    known = plugins.hook.__getattribute__(hook).spec.argnames
    with pytest.raises(KeyboardInterrupt) as stopped:
        plugins.call(hook, **dict.fromkeys(known))
    assert not hasattr(stopped.value, "__notes__")
    monkeypatch.setattr("atom_core.plugins.hook_wrappers.HANGS_S", 0.0)
    with pytest.raises(KeyboardInterrupt) as stopped:
        plugins.call(hook, **dict.fromkeys(known))
    [note] = stopped.value.__notes__
    assert note == f"while plugin 'slow' (dist-slow 1.0) was in {hook}; run without it: ATOM_BLOCK_PLUGINS=slow"


@pytest.mark.parametrize("hook", ["atom_before_task", "atom_after_task", "atom_before_close"])
def test_hanging_while_told(site, hook, caplog):
    """A plugin that does not come back from being told is named once and told no more; the work goes on without it."""
    site.install("fine", good_task())
    site.install(
        "slow",
        "import threading\nTOLD = []\n"
        "@atom.hookimpl\ndef atom_before_task(event): tell('atom_before_task')\n"
        "@atom.hookimpl\ndef atom_after_task(event): tell('atom_after_task')\n"
        "@atom.hookimpl\ndef atom_before_close(host): tell('atom_before_close')\n"
        f"def tell(hook):\n    TOLD.append(hook)\n    if hook == {hook!r}: threading.Event().wait(20)",
    )
    with opened(site, hook_limit_s=0.05) as (host, _):
        for _ in range(3):
            assert host.run("fine", CLIP) == CLIP
    told = sys.modules["fake_dist_slow"].TOLD
    assert told.count(hook) == 1
    assert told[-1] == hook
    assert caplog.text.count(f"'slow' (dist-slow 1.0) is still in {hook} after 0.05 s and is told no more") == 1
    assert "raise hook_limit_s, repair or update it, or run without it: ATOM_BLOCK_PLUGINS=slow" in caplog.text


def test_a_loader_that_cannot_be_interrupted(site):
    """Ctrl-C ends the waiting for a model at once, also where its loader does not notice."""
    ended = threading.Event()

    class Stubborn:
        @atom.hookimpl
        def atom_load_modules(self):
            os.kill(os.getpid(), signal.SIGINT)
            while not ended.is_set():
                with suppress(KeyboardInterrupt):
                    ended.wait(20)

    plugins = site.load(builtins=[("stubborn", Stubborn())])
    with open_host(Settings(load_plugins=()), plugins=plugins) as host, pytest.raises(KeyboardInterrupt):
        _ = host.decoder
    assert not ended.is_set()
    ended.set()


def test_timers_of_others_stay(site, good):
    """Loading leaves the process's alarm clock as it was."""
    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
    signal.setitimer(signal.ITIMER_REAL, 60)
    site.install("fine", good("fine"))
    site.load()
    left_s, _ = signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)
    assert 0 < left_s <= 60
    assert rung == []


def test_faults_are_told_before_weights_are_read(site):
    """With a broken plugin installed, a host is refused before any loader of weights is asked."""
    site.install("loader", "@atom.hookimpl\ndef atom_load_modules(): raise SystemExit('weights were read')")
    site.install("bad", "import no_such_library")
    with pytest.raises(atom.PluginError, match="No module named 'no_such_library'"):
        open_host(Settings(load_plugins=("bad", "loader")))
    with (
        open_host(Settings(load_plugins=("bad", "loader"), keep_going=True)) as host,
        pytest.raises(atom.PluginError, match="weights were read"),
    ):
        _ = host.decoder


FORMATS = {
    "raises": ("1 / 0", "format 'odd' of plugin 'bad' .* failed: ZeroDivisionError"),
    "no text": ("return captions", "format 'odd' of plugin 'bad' .* returned list, not text"),
    "not there": ("", "has no 'write'"),
}


@pytest.mark.parametrize("kind", FORMATS)
def test_bad_format(site, kind):
    """A format that fails, or makes no text, names its plugin."""
    body, said = FORMATS[kind]
    write = f"\ndef {'write' if body else 'wrote'}(captions): {body or 'pass'}"
    hook = "@atom.hookimpl\ndef atom_register_formats(register):\n"
    site.install("bad", f"{hook}    register('odd', 'fake_dist_bad:write', summary='s', suffix='.x'){write}")
    with pytest.raises(atom.PluginError, match=said):
        site.load().document("odd", [atom.Caption(clip=CLIP, text="a circle")])


PROMPTED = """
import attrs
@atom.hookimpl
def atom_register_prompts(register):
    register("short", "What? Briefly.", summary="A prompt")
@atom.hookimpl
def atom_register_tasks(register):
    register("ask", "fake_dist_ask:Ask", summary="A task")

class Ask:
    consumes, produces = atom.Clip, atom.Caption

    @attrs.frozen(kw_only=True)
    class Settings:
        first_prompt: str = "What?"
        label: str = ""

    def run(self, clip, *, settings):
        return atom.Caption(clip=clip, text=settings.first_prompt + settings.label)
"""


def test_named_prompts(site, monkeypatch):
    """``@name`` stands for a plugin's prompt wherever a prompt is set, and nowhere else; a typo is told at start."""
    site.install("ask", PROMPTED)
    with opened(site) as (host, _):
        assert host.run("ask", CLIP).text == "What?"
        assert host.run("ask", CLIP, first_prompt="@short", label="@short").text == "What? Briefly.@short"
        assert host.run("ask", CLIP, first_prompt="@ home?").text == "@ home?"
        with pytest.raises(atom.SettingsError, match=r"no prompt 'shrot', did you mean 'short'\?; prompts: @short"):
            host.run("ask", CLIP, first_prompt="@shrot")
    with open_host(Settings(load_plugins=("ask",), tasks={"ask": {"first_prompt": "@short"}})) as host:
        assert host.run("ask", CLIP).text == "What? Briefly."
    monkeypatch.setenv("ATOM_ASK_FIRST_PROMPT", "@long")
    with pytest.raises(atom.SettingsError, match="ATOM_ASK_FIRST_PROMPT: first_prompt = '@long': there is no prompt"):
        open_host(Settings(load_plugins=("ask",)))


def test_features_are_lent_as_copies(site):
    """What a task does to its features, even behind torch's back, does not reach the next task."""
    features = fake_features(CLIP, "a circle")
    site.install("bad", bad_task("v = encoder.encode(clip).values; v.flags.writeable = True; v += 1"))
    with opened(site) as (host, _):
        host.encoder.encode = lambda clip: features
        before = features.array()
        host.run("bad", CLIP)
        assert (features.array() == before).all()
