"""The task keeps what every task promises, and counts."""

from atom_core.testing.conformance import TaskConformance


class TestTally(TaskConformance):
    """``tally``"""

    plugin, task = "tally", "tally"
    answers = {"How many objects are there?": "two"}
    bad_settings = {"what": "", "most": 13}

    def items(self, host):
        return [clip for name in self.shows for clip in host.clips(host.video(name))]

    def test_it_counts(self):
        """The number is one of those allowed."""
        with self.world() as host:
            assert host.run(self.task, self.items(host)[0]).text == "two"
