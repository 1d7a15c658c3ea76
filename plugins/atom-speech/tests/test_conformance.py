"""The task keeps what every task promises."""

import atom_core as atom
from atom_core.testing.conformance import TaskConformance


class FakeTranscriber:
    """Hears one word for each second that is not silent."""

    def hear(self, video, sound, *, language, translate, track, progress):
        del translate
        heard = sound(video, track=track)
        progress(1, 1)
        return tuple(
            atom.Utterance(start_s=at_s, end_s=at_s + 0.5, text="word", language=language or "en")
            for at_s in range(int(video.duration_s))
            if heard.samples[0, round(at_s * heard.rate_hz) :].any()
        )


class TestTranscribe(TaskConformance):
    """``transcribe``"""

    plugin, task = "speech", "transcribe"
    modules = {"transcriber": FakeTranscriber()}
    bad_settings = {"translate": "maybe"}

    def items(self, host):
        return [host.video(name) for name in self.shows]
