"""Stand-ins for the modules, the library and the host, so that a plugin is tested in milliseconds.

A fake world is a mapping from a video's file name to what each of its shots shows::

    host = FakeHost(my_plugin, shows={"a.mp4": ["a red circle", "a blue square"]})
    caption = host.run("caption", host.clips(host.video("a.mp4"))[0])

Nothing here imports torch; the values of fake features are NumPy arrays.
"""

from atom_core.testing.fakes.host import FakeHost, FakeWorld, lend_fakes
from atom_core.testing.fakes.library import FakeLibrary
from atom_core.testing.fakes.modules import CAPTION_PROMPT, FakeDecoder, FakeEncoder
from atom_core.testing.fakes.records import (
    EMBEDDING_WIDTH,
    Wave,
    bag_of_words,
    fake_clips,
    fake_features,
    fake_frames,
    fake_sound,
    fake_video,
)

__all__ = [
    "CAPTION_PROMPT",
    "EMBEDDING_WIDTH",
    "FakeDecoder",
    "FakeEncoder",
    "FakeHost",
    "FakeLibrary",
    "FakeWorld",
    "Wave",
    "bag_of_words",
    "fake_clips",
    "fake_features",
    "fake_frames",
    "fake_sound",
    "fake_video",
    "lend_fakes",
]
