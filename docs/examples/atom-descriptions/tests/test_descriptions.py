"""The task keeps what every task promises, and speaks in pauses only; pipeline, prompt and format do what they say."""

import atom_descriptions
import pytest
from atom_descriptions.pauses import find_pauses
from atom_descriptions.task import place

import atom_core as atom
from atom_core.testing.conformance import TaskConformance
from atom_core.testing.fakes import FakeDecoder, FakeHost, fake_clips, fake_video
from atom_core.testing.videos import write_video
from atom_core.testing.world import fake_world, run_named


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
    path = write_video(tmp_path / "a.mp4", shots=[(48, (200, 0, 0)), (36, (0, 0, 200))], audio=True)
    with atom.open_host(load_plugins=(), cache=tmp_path) as host:
        video = host.video(path)
        pauses = find_pauses(video, host.sound, -40.0, 1.0)
        assert find_pauses(video, host.sound, -40.0, 1.7) == pauses[:1]
    assert [pause.start_s for pause in pauses] == pytest.approx([0.15, 2.15], abs=0.11)
    assert [pause.end_s for pause in pauses] == pytest.approx([2.0, 3.5], abs=0.11)


def test_captions_fit_their_pauses():
    """Long captions are cut short, and a shot without a pause is passed over."""
    clips = fake_clips(fake_video(duration_s=10.0), 2)
    captions = [atom.Caption(clip=clip, text="a red circle moves to the left") for clip in clips]
    cues = place(captions, [atom.Span(start_s=1.0, end_s=3.0), atom.Span(start_s=4.5, end_s=5.5)], 2.0)
    assert [(cue.start_s, cue.end_s, cue.text) for cue in cues] == [(1.0, 3.0, "a red circle moves ...")]


PROMPT = "Describe this clip in one sentence to somebody who cannot see it."


def test_pipeline_asks_with_the_prompt():
    """The pipeline captions with the named prompt, and speaks that into the pauses."""
    shows, answers = {"a.mp4": ["dark", "light"]}, {PROMPT: "you stand in a <bright> room"}
    with fake_world("captioning", "descriptions", shows=shows, answers=answers) as host:
        results = run_named(host, "descriptions", ["a.mp4"])
        assert host.world.decoder.prompts == [PROMPT] * 2
    assert results[-1].value.text.count("you stand in a") == 2


def test_transcript():
    """The page names the video and has what each shot shows, with its times, as text."""
    host = FakeHost(atom_descriptions, shows={"a.mp4": ["one", "two"]}, decoder=FakeDecoder())
    clips = host.clips(host.video("a.mp4"))
    text = host.plugins.document("transcript", [atom.Caption(clip=clip, text="a <b>") for clip in clips])
    assert text.count("a &lt;b&gt;</p>") == 2
    assert "<h1>a.mp4</h1>" in text
    assert "<time>" + clips[1].times in text
