"""The task keeps what every task promises."""

import atom_core as atom
from atom_core.testing.conformance import TaskConformance


class TestAnswer(TaskConformance):
    """``answer``"""

    plugin, task, needs = "reasoning", "answer", ("captioning",)
    model = "tiny"
    answers = {"What is red?": "a circle", "Is there a star?": "yes", "What happens first?": "a circle"}
    bad_settings = {"max_new_tokens": 0, "looks": 0}

    def items(self, host):
        return [
            atom.Question(video=host.video(name), text=text)
            for name in self.shows
            for text in (*self.answers, "What happens in this video?", "How many shots are there?")
        ]
