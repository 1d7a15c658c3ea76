"""The tasks keep what every task promises, and prefer shots in which something happens."""

from atom_highlights.tasks import Highlight

from atom_core.testing.conformance import TaskConformance

SHOWS = {"a.mp4": ("nothing happens", "something exciting happens"), "b.mp4": ("something exciting", "a wall")}


class TestHighlight(TaskConformance):
    """``highlight``"""

    plugin, task, shows = "highlights", "highlight", SHOWS
    bad_settings = {"prompt": "", "lively": "", "dull": ""}

    def items(self, host):
        return [clip for name in self.shows for clip in host.clips(host.video(name))]

    def test_lively_shots_score_higher(self):
        """The exciting shot beats the dull one, and no token is decoded for it."""
        with self.world() as host:
            dull, lively = (host.run(self.task, clip) for clip in host.clips(host.video("a.mp4")))
            assert host.world.decoder.prompts == []
        assert lively.score > 0 > dull.score


class TestTopHighlights(TaskConformance):
    """``top-highlights``"""

    plugin, task, shows = "highlights", "top-highlights", SHOWS
    bad_settings = {"count": 0}

    def items(self, host):
        videos = [host.clips(host.video(name)) for name in self.shows]
        return [tuple(Highlight(clip=clip, score=float(clip.index)) for clip in clips) for clips in videos]

    def test_best_first(self):
        """The highest score comes first, and only as many as asked."""
        with self.world() as host:
            [best] = host.run(self.task, self.items(host)[0], count=1)
        assert best.clip.index == 1
