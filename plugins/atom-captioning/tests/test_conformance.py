"""The tasks keep what every task promises."""

import atom_core as atom
from atom_core.testing.conformance import TaskConformance


class TestCaption(TaskConformance):
    """``caption``"""

    plugin, task = "captioning", "caption"
    model = "tiny"
    bad_settings = {"prompt": "", "max_new_tokens": 0}

    def items(self, host):
        return [clip for name in self.shows for clip in host.clips(host.video(name))]


class TestSummarize(TaskConformance):
    """``summarize``"""

    plugin, task = "captioning", "summarize"
    model = "tiny"
    bad_settings = {"max_new_tokens": 0}

    def items(self, host):
        videos = [host.clips(host.video(name)) for name in self.shows]
        return [tuple(atom.Caption(clip=clip, text=f"shot {clip.index}") for clip in clips) for clips in videos]

    def bad_items(self, host):
        first, second = self.items(host)
        return [(), first + second]
