"""The task keeps what every task promises, and speaks in pauses only."""

import pytest
from atom_descriptions.pauses import find_pauses
from atom_descriptions.task import place

import atom_core as atom
from atom_core.media.probe import probe
from atom_core.testing.conformance import TaskConformance
from atom_core.testing.fakes import fake_clips, fake_video
from atom_core.testing.videos import write_video


class TestDescribePauses(TaskConformance):
    """``describe-pauses``"""

    plugin, task = "descriptions", "describe-pauses"
    bad_settings = {"silence_db": 1.0, "min_pause_s": 0.0, "words_per_s": 0.0}

    def items(self, host):
        videos = [host.clips(host.video(name)) for name in self.shows]
        return [tuple(atom.Caption(clip=clip, text=f"shot number {clip.index}") for clip in clips) for clips in videos]

    def bad_items(self, host):
        first, second = self.items(host)
        return [(), first + second]

    def test_web_vtt(self):
        """A silent video is one long pause; the track has a cue for each shot."""
        with self.world() as host:
            text = host.run(self.task, self.items(host)[0]).text
        assert text.startswith("WEBVTT\n")
        assert "00:00:05.000 --> 00:00:06.200\nshot number 1" in text


def test_pauses_lie_between_sounds(tmp_path):
    """The test video beeps for 0.1 s at the start of each shot; the rest is quiet."""
    video = probe(write_video(tmp_path / "a.mp4", shots=[(48, (200, 0, 0)), (36, (0, 0, 200))], audio=True))
    pauses = find_pauses(video, -40.0, 1.0)
    assert [pause.start_s for pause in pauses] == pytest.approx([0.15, 2.15], abs=0.11)
    assert [pause.end_s for pause in pauses] == pytest.approx([2.0, 3.5], abs=0.11)
    assert find_pauses(video, -40.0, 1.7) == pauses[:1]


def test_captions_fit_their_pauses():
    """Long captions are cut short, and a shot without a pause is passed over."""
    clips = fake_clips(fake_video(duration_s=10.0), 2)
    captions = [atom.Caption(clip=clip, text="a red circle moves to the left") for clip in clips]
    cues = place(captions, [atom.Span(start_s=1.0, end_s=3.0), atom.Span(start_s=4.5, end_s=5.5)], 2.0)
    assert [(cue.start_s, cue.end_s, cue.text) for cue in cues] == [(1.0, 3.0, "a red circle moves ...")]
