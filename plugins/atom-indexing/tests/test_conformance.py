"""The tasks keep what every task promises."""

import atom_core as atom
from atom_core.testing.conformance import TaskConformance


class TestIndex(TaskConformance):
    """``index``"""

    plugin, task = "indexing", "index"
    model = "tiny"

    def items(self, host):
        clips = [clip for name in self.shows for clip in host.clips(host.video(name))]
        return [atom.Caption(clip=clip, text=f"shot {clip.index}") for clip in clips]


class TestIndexVideo(TaskConformance):
    """``index-video``"""

    plugin, task, needs = "indexing", "index-video", ("captioning",)
    model = "tiny"

    def items(self, host):
        return [host.video(name) for name in self.shows]


class TestSearch(TaskConformance):
    """``search``"""

    plugin, task, needs = "indexing", "search", ("captioning",)
    model = "tiny"

    def prepare(self, host):
        for name in self.shows:
            host.run("index-video", host.video(name))

    def items(self, host):
        return [atom.Query(text="a red circle"), atom.Query(text="something green", limit=1)]
