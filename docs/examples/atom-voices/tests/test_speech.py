"""The task keeps what every task promises; the detector hears speech where there is some, and is loaded once."""

import importlib.util
import os
import shutil
import socket
import subprocess
import wave

import atom_voices
import numpy as np
import pytest

import atom_core as atom
from atom_core.testing.conformance import TaskConformance
from atom_core.testing.fakes import FakeHost, fake_sound, fake_video

needs_silero = pytest.mark.skipif(importlib.util.find_spec("silero_vad") is None, reason="silero-vad is not installed")
needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


class FakeVoices:
    """Hears somebody in the first second of whatever is not silent."""

    def speech(self, sound):
        return [atom.Span(start_s=sound.start_s, end_s=sound.start_s + 1)] if sound.samples.any() else []


class TestCaptionSpeech(TaskConformance):
    """``caption-speech``, with a stand-in for the detector."""

    plugin, task = "voices", "caption-speech"
    modules = {"voices": FakeVoices()}
    model = "tiny"

    def items(self, host):
        return [clip for name in self.shows for clip in host.clips(host.video(name))]


@needs_silero
class TestWithSilero(TestCaptionSpeech):
    """The same with the detector itself."""

    modules = {}


def test_times_are_said():
    """The caption ends with where somebody speaks."""
    sounds = {"a.mp4": lambda times_s: (times_s < 4).astype(float)}
    host = FakeHost(atom_voices, shows={"a.mp4": ["a man", "a dog"]}, sounds=sounds, modules={"voices": FakeVoices()})
    first, second = host.clips(host.video("a.mp4"))
    assert host.run("caption-speech", first).text.endswith("Speech: 00:00:00.000 - 00:00:01.000.")
    assert host.run("caption-speech", second).text.endswith("Speech: none.")


@needs_silero
def test_one_load_for_any_number_of_tasks(monkeypatch):
    """The detector is loaded when it is first needed, and once; it asks the network for nothing."""
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("it connects"))
    host = FakeHost(atom_voices, shows={"a.mp4": ["a", "b"], "b.mp4": ["c"]})
    clips = [clip for name in ("a.mp4", "b.mp4") for clip in host.clips(host.video(name))]
    assert host.ledger.as_dict()["modules"] == {}
    assert [outcome.error for outcome in host.map("caption-speech", clips * 2)] == [None] * 6
    assert host.ledger.as_dict()["modules"] == {"voices": {"requested": 1, "computed": 1, "reused": 0}}
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"


@needs_silero
def test_noise_and_silence_are_no_speech():
    """Neither a tone, nor noise, nor nothing is taken for a voice."""
    voices = FakeHost(atom_voices).module("voices")
    noise = np.random.default_rng(7)
    for heard in (lambda t: 0 * t, lambda t: np.sin(2 * np.pi * 440 * t), lambda t: noise.normal(0, 0.1, len(t))):
        assert voices.speech(fake_sound(fake_video(duration_s=3.0), heard)) == []


@needs_silero
@needs_espeak
def test_speech_is_heard_where_it_is(tmp_path):
    """A spoken sentence after two seconds of silence is found there."""
    file = tmp_path / "said.wav"
    said = "The train to the coast leaves at seven in the morning."
    subprocess.run(["espeak-ng", "-v", "en", "-w", str(file), said], check=True)
    with wave.open(str(file)) as spoken:
        rate_hz = spoken.getframerate()
        samples = np.frombuffer(spoken.readframes(spoken.getnframes()), np.int16) / 32768
    length_s = len(samples) / rate_hz
    at_s = np.arange(len(samples)) / rate_hz + 2.0
    sound = fake_sound(fake_video(duration_s=length_s + 4), lambda t: np.interp(t, at_s, samples, left=0, right=0))
    spans = FakeHost(atom_voices).module("voices").speech(sound)
    assert spans[0].start_s == pytest.approx(2.0, abs=0.5)
    assert spans[-1].end_s == pytest.approx(length_s + 2, abs=0.7)
    assert sum(span.duration_s for span in spans) > 0.6 * length_s
