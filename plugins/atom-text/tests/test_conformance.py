"""The task keeps what every task promises, with a stand-in for the reader and with the reader itself."""

import atom_core as atom
from atom_core.testing.conformance import TaskConformance


class FakeReader:
    """Reads one line in each clip."""

    fingerprint = "fake-reader"

    def texts(self, clip, frames, progress):
        progress(0, 1)
        shown = frames(clip, 1)
        text = f"{clip.video.path.stem} {int(shown.images[0].mean())}"
        return (atom.WrittenText(text=text, start_s=clip.start_s, end_s=clip.end_s, box=(0.1, 0.2, 0.5, 0.3)),)


class TestRead(TaskConformance):
    """``read``, with a stand-in for the reader."""

    plugin, task = "text", "read"
    modules = {"reader": FakeReader()}

    def items(self, host):
        return [clip for name in self.shows for clip in host.clips(host.video(name))]


class TestReadForReal(TestRead):
    """``read``, with the reader itself."""

    modules = {}
    model = "tiny"
