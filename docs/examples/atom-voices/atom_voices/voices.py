"""The module ``voices``: Silero's voice detector, https://github.com/snakers4/silero-vad, as its package ships it."""

from __future__ import annotations

import os
from importlib.metadata import files, version
from itertools import groupby

from attrs import field, frozen
from attrs.validators import gt, lt

import atom_core as atom

RATE_HZ, STEP, CONTEXT = 16000, 512, 64
"""What the network takes: samples per second; samples at a step, and how many before them it sees again."""


class Voices:
    """Finds speech in sound. Called from several threads at once, as every shared module is."""

    @frozen(kw_only=True)
    class Settings:
        """Settings of ``voices``."""

        threshold: float = field(default=0.5, validator=[gt(0), lt(1)])
        """How likely speech must be."""

    def __init__(self, settings: atom.Settings, options: Settings) -> None:
        del settings  # no setting of Atom's own says anything about voices
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        import onnxruntime

        limits = onnxruntime.SessionOptions()
        limits.intra_op_num_threads = 1
        [file] = [file for file in files("silero-vad") or () if file.name == "silero_vad.onnx"]
        self._network = onnxruntime.InferenceSession(str(file.locate()), limits, providers=["CPUExecutionProvider"])
        self._threshold = options.threshold
        self.fingerprint = f"silero-vad {version('silero-vad')}"

    def speech(self, sound: atom.Sound) -> list[atom.Span]:
        """Where somebody speaks in mono `sound` of 16 kHz, in order; times are the video's."""
        import numpy as np

        samples = np.pad(sound.samples[0], (CONTEXT, -sound.samples.shape[1] % STEP))
        state, likely = np.zeros((2, 1, 128), np.float32), []
        for start in range(0, len(samples) - CONTEXT, STEP):
            piece = samples[None, start : start + CONTEXT + STEP]
            probability, state = self._network.run(None, {"input": piece, "state": state, "sr": np.array(RATE_HZ)})
            likely.append(float(probability[0, 0]) > self._threshold)
        times_s = [min(sound.start_s + step * STEP / RATE_HZ, sound.end_s) for step in range(len(likely) + 1)]
        runs = [list(run) for speaks, run in groupby(range(len(likely)), likely.__getitem__) if speaks]
        return [atom.Span(start_s=times_s[run[0]], end_s=times_s[run[-1] + 1]) for run in runs]
