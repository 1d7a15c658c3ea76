"""The decoder on llama.cpp: the built-in one's tokens in float32, near them in less, a clip read once."""

from __future__ import annotations

import importlib.util
import os
from concurrent.futures import ThreadPoolExecutor

import atom_llamacpp
import atom_llamacpp.engine
import atom_llamacpp.language
import numpy as np
import pytest
from attrs import evolve

import atom_core as atom
from atom_core.testing.models import make_checkpoint
from atom_core.testing.modules_conformance import ModulesConformance

needs_engine = pytest.mark.skipif(
    importlib.util.find_spec("llama_cpp") is None, reason="llama.cpp is not installed: pip install llama-cpp-python"
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


def opened(cache, name="llamacpp:tiny", **more):
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


@needs_engine
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


@needs_engine
@pytest.mark.parametrize("quantize", ["bf16", "int8", "int4"])
def test_less_precision_is_near(known, videos, tmp_path, quantize):
    """In fewer bits vectors point where those in float32 do, and nearly all answers are the same."""
    try:
        with opened(tmp_path, quantize=quantize) as host:
            texts, vectors, _ = asked(host, videos)
    except atom.ModelError as error:
        pytest.skip(str(error))
    assert (vectors * known[1]).sum(-1).min() > 0.98
    same = sum(mine == own for mine, own in zip(texts, known[0], strict=True))
    assert same >= 0.8 * len(texts)


@needs_engine
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


@needs_engine
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


@needs_engine
def test_a_prompt_beyond_the_context_is_refused(tmp_path):
    """What does not fit is told, and the decoder goes on."""
    with opened(tmp_path) as host:
        with pytest.raises(atom.ModelError, match="tokens"):
            host.decoder.generate(["a red circle moves left " * 5000])
        assert host.decoder.generate(["What moves?"], max_new_tokens=2).num_tokens == 2


@needs_engine
def test_what_llama_cpp_refuses_fails_its_requests_alone(known, videos, tmp_path, monkeypatch):
    """Requests of a pass that fails are told why; those that come later are answered as ever."""
    from atom_llamacpp.context import Context

    with opened(tmp_path) as host:
        clip = host.encoder.encode(atom.Clip.whole(host.video(videos[0])))
        with monkeypatch.context() as patched:
            patched.setattr(Context, "run", refuse)
            with pytest.raises(atom.ModelError, match="as it may"):
                host.decoder.generate([clip, CAPTION])
        assert host.decoder.generate([clip, CAPTION], max_new_tokens=32) == known[0][0]


def refuse(*_):
    """What llama.cpp may do at any pass."""
    raise atom.ModelError("llama.cpp fails, as it may")


@needs_engine
class TestSuite(ModulesConformance):
    """Every promise of an encoder and a decoder."""

    def load(self, settings, ledger):
        """Modules of the embedded model."""
        import atom_tiny

        folder = str(atom_tiny.CHECKPOINT)
        own = evolve(settings, model=f"llamacpp:{folder}")
        return atom_llamacpp.atom_load_modules(f"llamacpp:{folder}", own, ledger, {}, {})


@needs_engine
def test_the_encoder_is_the_built_in_one(videos, tmp_path):
    """Features are shared with the model without the prefix, and the library is the same."""
    found = []
    for name in ("tiny", "llamacpp:tiny"):
        with opened(tmp_path, name) as host:
            host.encoder.encode(atom.Clip.whole(host.video(videos[0])))
            found.append((host.model, host.encoder.fingerprint, host.ledger.as_dict()["encoder_frames"]["computed"]))
    assert found[0][:2] == found[1][:2]
    assert found[1][2] == 0


@needs_engine
def test_a_full_disk_is_told(videos, tmp_path, monkeypatch):
    """The file of the layers needs room, for as long as llama.cpp reads it."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    with opened(tmp_path) as host, pytest.raises(atom.ModelError, match="set TMPDIR to a folder with room"):
        host.decoder.generate(["What moves?"])


@needs_engine
def test_no_file_stays(tmp_path, monkeypatch):
    """What the layers were written to is gone when the first answer is there."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    with opened(tmp_path) as host:
        assert host.decoder.generate(["What moves?"], max_new_tokens=2).num_tokens == 2
        assert list((tmp_path / "tmp").iterdir()) == []


@needs_engine
@pytest.mark.parametrize(("threads", "expected"), [(1, 1), (3, 3), (600, 3), (None, 3)])
def test_threads_are_no_more_than_processors(tmp_path, monkeypatch, threads, expected):
    """llama.cpp's wait in a loop, and it ends the process where there are more than 512."""
    functions, chosen = atom_llamacpp.engine.api(), []
    make = functions.llama_init_from_model
    monkeypatch.setattr("atom_llamacpp.context._cores", lambda: 3)
    monkeypatch.setattr(
        functions, "llama_init_from_model", lambda model, told: chosen.append(told) or make(model, told)
    )
    weights = []
    with opened(tmp_path) as host:
        real = atom_llamacpp.language.LlamaCppLanguage

        def told(given):
            weights.append(evolve(given, threads=threads))
            return real(weights[-1])

        monkeypatch.setattr("atom_llamacpp.language.LlamaCppLanguage", told)
        assert host.decoder.generate(["What moves?"], max_new_tokens=1).num_tokens == 1
    assert {(each.n_threads, each.n_threads_batch) for each in chosen} == {(expected, expected)}


@needs_engine
def test_other_language_halves_are_refused(tmp_path):
    """One that is no plain Llama is told, with what to do."""
    other = make_checkpoint(tmp_path / "other", "llava_onevision")
    with opened(tmp_path, f"llamacpp:{other}") as host, pytest.raises(atom.ModelError, match="no plain Llama"):
        host.decoder.generate(["What moves?"])


def test_without_llama_cpp_one_line_says_so(monkeypatch):
    """Where it is not installed, the model is refused with the command that installs it."""
    monkeypatch.setattr(atom_llamacpp.engine.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(atom.ModelError, match="pip install llama-cpp-python gguf"):
        atom_llamacpp.engine.check_installed()


def test_an_old_version_is_refused(monkeypatch):
    """A version that lacks what is used is told, with the command that renews it."""
    monkeypatch.setattr(atom_llamacpp.engine.importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(atom_llamacpp.engine, "installed", lambda: "0.2.90")
    with pytest.raises(atom.ModelError, match=r"0\.3\.36 or newer, got 0\.2\.90: pip install .* -U"):
        atom_llamacpp.engine.check_installed()


def test_other_models_are_left_alone():
    """Without the prefix the plugin has no say, and imports no engine."""
    assert atom_llamacpp.atom_load_modules("tiny", atom.Settings(), None, {}, {}) is None
    assert atom_llamacpp.atom_identify_model("tiny", atom.Settings()) is None
