"""The shipped checkpoint opens as any SmolVLM folder does, and is right about a handful of clips."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import atom_tiny
import numpy as np
import pytest
from atom_tiny import demo_videos, language, mp4, prompts
from atom_tiny_training.answering import Answerer


@pytest.fixture(scope="module")
def answerer() -> Answerer:
    """The shipped checkpoint."""
    return Answerer(atom_tiny.CHECKPOINT)


@pytest.fixture(scope="module")
def sunset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of three shots: a circle goes down, a moon goes up, a heart shrinks."""
    form, clips = demo_videos.FILMS["sunset"]()
    path = tmp_path_factory.mktemp("films") / "sunset.mp4"
    mp4.write(path, [mp4.Shot(clip=c, num_frames=30) for c in clips], form, np.random.default_rng(0))
    return path


def test_importing_the_plugin_is_light() -> None:
    """Discovery of the plugin imports neither torch nor transformers."""
    code = "import sys, atom_tiny; assert not {'torch', 'transformers'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_folder_is_complete_and_small() -> None:
    """Every file of a SmolVLM folder is there, within 25 MB."""
    names = {p.name for p in atom_tiny.CHECKPOINT.iterdir()}
    wanted = {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "preprocessor_config.json"}
    assert wanted | {"processor_config.json", "chat_template.jinja", "generation_config.json"} <= names
    assert json.loads((atom_tiny.CHECKPOINT / "config.json").read_text())["model_type"] == "smolvlm"
    assert sum(p.stat().st_size for p in atom_tiny.CHECKPOINT.iterdir()) < 25e6


def test_captions_of_single_objects(answerer: Answerer, sunset: Path) -> None:
    """Colour, shape and motion of each shot, word for word."""
    form, clips = demo_videos.FILMS["sunset"]()
    spans = mp4.spans_s([mp4.Shot(clip=c, num_frames=30) for c in clips], form.fps)
    features = [answerer.clip(sunset, *span) for span in spans]
    assert features[0].shape == (8, answerer.model.config.text_config.hidden_size)
    captions = answerer.generate([prompts.CAPTION] * 3, [[f] for f in features])
    assert captions == [language.caption(c) for c in clips]


def test_texts_find_their_clip(answerer: Answerer, sunset: Path) -> None:
    """The vector of a caption is nearest to its own clip's."""
    form, clips = demo_videos.FILMS["sunset"]()
    spans = mp4.spans_s([mp4.Shot(clip=c, num_frames=30) for c in clips], form.fps)
    videos = answerer.embed([prompts.EMBED] * 3, [[answerer.clip(sunset, *span)] for span in spans])
    texts = answerer.embed([prompts.embed_text(language.caption(c)) for c in clips])
    assert np.allclose(np.linalg.norm(videos, axis=1), 1, atol=1e-5)
    assert (texts @ videos.T).argmax(1).tolist() == [0, 1, 2]
