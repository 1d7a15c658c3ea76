"""The decoder on OpenVINO: the built-in one's tokens in float32, near them in less, a clip read once."""

from __future__ import annotations

import importlib.util
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import atom_core as atom

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("openvino") is None, reason="OpenVINO is not installed: pip install openvino"
)
CLIPS = int(os.environ.get("ATOM_TEST_CLIPS", "6"))
"""How many clips answers are compared over; 100 in a long run."""
CAPTION = "Describe this clip in one sentence."
QUESTIONS = ("What moves?", "What colour is the background?", "Is there a red circle in it, and does it move or stay?")


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """Videos of `tiny`'s world."""
    from atom_tiny.labels import write_folder

    folder = tmp_path_factory.mktemp("world")
    write_folder(folder, videos=CLIPS, seed=11)
    return sorted(folder.glob("*.mp4"))


def opened(cache, name="openvino:tiny", **more):
    """A host of `tiny`."""
    settings = {"quantize": "none", "threads": 1, "segment": "whole", **more}
    return atom.open_host(atom.Settings(model=name, cache=cache, library=cache / "library", **settings))


def asked(host, videos):
    """What a model says of each video: captions, answers, vectors, scores."""
    clips = [host.encoder.encode(atom.Clip.whole(host.video(path))) for path in videos]
    captions = host.decoder.generate_many([[clip, CAPTION] for clip in clips], max_new_tokens=32)
    questions = [[clip, question] for clip in clips for question in QUESTIONS]
    answers = host.decoder.generate_many(questions, max_new_tokens=24)
    vectors = host.decoder.embed_many([[clip] for clip in clips] + [["a red circle"], ["a blue square grows"]])
    scores = host.decoder.scores([clips[0], CAPTION], ["a red circle stays still", "a blue square circles"])
    return [*captions, *answers], vectors, scores


@pytest.fixture(scope="module")
def known(videos, tmp_path_factory):
    """What the built-in decoder says in float32."""
    with opened(tmp_path_factory.mktemp("own"), "tiny") as host:
        return asked(host, videos)


def test_greedy_tokens_are_those_of_the_built_in_decoder(known, videos, tmp_path):
    """In float32 captions and answers are the same and as sure; so are vectors and scores, within rounding."""
    with opened(tmp_path) as host:
        texts, vectors, scores = asked(host, videos)
    assert texts == known[0]
    for mine, own in zip(texts, known[0], strict=True):
        assert (mine.num_tokens, mine.finish_reason) == (own.num_tokens, own.finish_reason)
        assert mine.logprob == pytest.approx(own.logprob, abs=1e-3)
    assert np.allclose(vectors, known[1], atol=1e-4)
    assert scores == pytest.approx(known[2], abs=1e-2)


def test_less_precision_is_near(known, videos, tmp_path):
    """In bf16 vectors point where those in float32 do, and nearly all answers are the same."""
    try:
        with opened(tmp_path, quantize="bf16") as host:
            texts, vectors, _ = asked(host, videos)
    except atom.ModelError as error:
        pytest.skip(str(error))
    assert (vectors * known[1]).sum(-1).min() > 0.98
    same = sum(mine == own for mine, own in zip(texts, known[0], strict=True))
    assert same >= 0.8 * len(texts)


def test_a_clip_is_read_once(videos, tmp_path):
    """A second question begins after the clip, also in the next process's run; without reuse it does not, and says the
    same."""
    said, counts = [], []
    for reuse in (True, True, False):
        with opened(tmp_path, reuse=reuse, prefix_disk_bytes=2**24) as host:
            clip = host.encoder.encode(atom.Clip.whole(host.video(videos[0])))
            said.append([host.decoder.generate([clip, question]) for question in QUESTIONS])
            counts.append((host.ledger.as_dict()["prefill_tokens"], len(clip.array())))
    assert said[0] == said[1] == said[2]
    (first, length), (second, _), (without, _) = counts
    assert first["reused"] >= 2 * length
    assert second["reused"] >= 3 * length
    assert without["reused"] == 0


def test_what_comes_and_goes_changes_nothing(known, videos, tmp_path):
    """Requests of several threads, which join and leave while others are decoded, are answered as alone; one that is
    given up leaves the others be."""
    with opened(tmp_path, batch=3) as host:
        clips = [host.encoder.encode(atom.Clip.whole(host.video(path))) for path in videos]
        given_up = host.decoder.stream([clips[0], CAPTION], max_new_tokens=400)
        next(given_up)
        with ThreadPoolExecutor(6) as threads:
            prompts = [[clip, CAPTION] for clip in clips]
            captions = list(threads.map(lambda prompt: host.decoder.generate(prompt, max_new_tokens=32), prompts * 2))
            given_up.close()
        told = "a red circle moves left " * 200
        long = host.decoder.generate([clips[0], told, CAPTION], max_new_tokens=4)
        assert long.num_tokens > 0
    assert captions == known[0][: len(videos)] * 2


def test_a_prompt_beyond_the_context_is_refused(tmp_path):
    """What does not fit is told, and the decoder goes on."""
    with opened(tmp_path) as host:
        with pytest.raises(atom.ModelError, match="tokens"):
            host.decoder.generate(["a red circle moves left " * 5000])
        assert host.decoder.generate(["What moves?"], max_new_tokens=2).num_tokens == 2


@pytest.mark.parametrize("quantize", ["int8", "int4"])
def test_whole_numbers_keep_the_built_in_decoder(tmp_path, quantize):
    """In int8 and int4 Atom's own decoder answers, which says so by how sure it is."""
    with opened(tmp_path, quantize=quantize) as host, opened(tmp_path, "tiny", quantize=quantize) as own:
        prompt = ["What moves?"]
        assert host.decoder.generate(prompt).logprob == own.decoder.generate(prompt).logprob
