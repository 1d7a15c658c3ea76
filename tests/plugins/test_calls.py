"""What a plugin raises in a hook names it; one plugin's error does not keep the others from being told."""

import pytest

from atom_core.errors import MediaError, PluginError
from atom_core.hookspecs import hookimpl

RAISES = """
@atom.hookimpl
def atom_before_close(host):
    raise KeyError("lost")
@atom.hookimpl
def atom_segment_video(video):
    raise {error}
"""
LISTENS = """
@atom.hookimpl
def atom_before_close(host):
    host.append("told")
"""


def test_error_names_the_plugin(site):
    """An exception in a do hook arrives as a `PluginError` with plugin, hook, place, next step and cause."""
    site.install("bad", RAISES.format(error="ValueError('odd')"))
    plugins = site.load()
    with pytest.raises(PluginError) as raised:
        plugins.hook.atom_segment_video(video=None, settings=None)
    text = str(raised.value)
    assert text.startswith("plugin 'bad' (dist-bad 1.0) raised in atom_segment_video: ValueError: odd (")
    assert text.endswith("ATOM_BLOCK_PLUGINS=bad")
    assert isinstance(raised.value.__cause__, ValueError)


def test_errors_for_the_user_pass(site):
    """What a plugin says to the user in Atom's own errors is not wrapped."""
    site.install("bad", RAISES.format(error="atom.MediaError('cannot be read')"))
    with pytest.raises(MediaError, match=r"^cannot be read$"):
        site.load().call("atom_segment_video", video=None, settings=None)


def test_faults_of_ours_keep_their_traceback(site):
    """An exception in a built-in plugin is not made to look like a plugin's."""

    class Builtin:
        @hookimpl
        def atom_segment_video(self, video):
            raise ZeroDivisionError

    plugins = site.load(builtins=[("media", Builtin())])
    with pytest.raises(ZeroDivisionError):
        plugins.call("atom_segment_video", video=None, settings=None)


def test_every_listener_is_told(site):
    """A notify hook reaches every plugin although earlier ones raised; then all that raised are named."""
    site.install("a-bad", RAISES.format(error="ValueError"))
    site.install("b-bad", RAISES.format(error="ValueError"))
    site.install("c-good", LISTENS)
    plugins, told = site.load(), []
    with pytest.raises(PluginError, match=r"(?s)'a-bad' .*KeyError.*'b-bad' .*KeyError"):
        plugins.call("atom_before_close", host=told)
    assert told == ["told"]


def test_wrapper_is_guarded(site):
    """A wrapper around a hook works, and its own errors name its plugin; those of others keep their names."""
    wrapper = (
        "@atom.hookimpl(wrapper=True)\ndef atom_segment_video(video):\n    clips = yield\n"
        "    if video == 'bad': raise ValueError('odd')\n    return [*clips, 'wrapped']\n"
    )
    inner = "@atom.hookimpl\ndef atom_segment_video(video):\n    return [1 // (video != 'zero')]\n"
    site.install("wrapper", wrapper)
    site.install("inner", inner)
    plugins = site.load()
    assert plugins.call("atom_segment_video", video="", settings=None) == [1, "wrapped"]
    with pytest.raises(PluginError, match=r"^plugin 'wrapper' .*odd"):
        plugins.call("atom_segment_video", video="bad", settings=None)
    with pytest.raises(PluginError, match=r"^plugin 'inner' .*ZeroDivisionError"):
        plugins.call("atom_segment_video", video="zero", settings=None)


def test_trace(site):
    """A trace is told plugin, hook and milliseconds of each call, declare hooks and failures included."""
    site.install("bad", RAISES.format(error="ValueError"))
    site.install("fine", LISTENS + "@atom.hookimpl\ndef atom_register_models(register): pass\n")
    seen = []
    plugins = site.load(trace=lambda *call: seen.append(call))
    with pytest.raises(PluginError):
        plugins.call("atom_before_close", host=[])
    assert [call[:2] for call in seen] == [
        ("fine", "atom_register_models"),
        ("bad", "atom_before_close"),
        ("fine", "atom_before_close"),
    ]
    assert all(0 <= milliseconds < 1000 for *_, milliseconds in seen)
    plugins.trace(None)
    plugins.call("atom_modules_ready", encoder=None, decoder=None, settings=None)
    assert len(seen) == 3
