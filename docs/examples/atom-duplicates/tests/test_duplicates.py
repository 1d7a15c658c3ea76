"""The task keeps what every task promises, and finds shots that show the same."""

from atom_core.testing.conformance import TaskConformance


class TestDuplicates(TaskConformance):
    """``near-duplicates``"""

    plugin, task = "duplicates", "near-duplicates"
    shows = {"a.mp4": ("a red circle", "a blue square", "a red circle", "a blue square"), "b.mp4": ("a star", "a sun")}
    bad_settings = {"threshold": 1.5}

    def items(self, host):
        return [host.video(name) for name in self.shows]

    def test_groups(self):
        """Equal shots are one group, single shots none; nothing is asked of the decoder."""
        with self.world() as host:
            first, second = (host.run(self.task, video) for video in self.items(host))
            assert host.world.decoder.prompts == []
        assert [[clip.index for clip in group.clips] for group in first] == [[0, 2], [1, 3]]
        assert second == ()

    def test_threshold(self):
        """At -1 everything is alike."""
        with self.world() as host:
            [group] = host.run(self.task, host.video("b.mp4"), threshold=-1.0)
        assert len(group.clips) == 2
        assert group.similarity < 0.97
