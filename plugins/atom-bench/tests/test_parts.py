"""Encoder, decoder, search and start: figures exist, add up, and notice what is wrong."""

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from atom_bench import decoder, encoder, figures, search, start
from atom_bench.repeats import command, footage, measure
from attrs import evolve

import atom_core as atom
from atom_core.testing.fakes import FakeLibrary


def test_decoder_throughput_and_first_tokens(host, clips):
    """Requests that wait are decoded in fewer steps, say the same, and later questions find the clip's prefix."""
    found = decoder.throughput(host, clips, 4)
    assert found["same"]
    assert found["alone_tokens_per_s"] > 0
    assert found["waiting_steps"] < found["alone_steps"]
    first = decoder.first_tokens(host, clips[0], 3)
    assert first["same_as_cold"]
    assert 0.3 < first["prefix_hit"] < 1
    rounds = [found | first]
    value = decoder.result({"none": rounds, "int8": rounds}, ["none", "int8"])
    assert value["recipes"]["none"]["later_gain"]["median"] == pytest.approx(first["first_s"] / first["later_s"])
    assert decoder.text(value).count("same") == 2


def test_decoder_notices_different_answers(host, clips, monkeypatch):
    """Where waiting requests get other answers than lone ones, the figures say so."""
    asked = iter(range(1000))
    real = host.decoder.generate

    def unstable(parts, **arguments):
        told = real(parts, **arguments)
        return atom.Generated(f"{told} {next(asked)}", num_tokens=told.num_tokens)

    monkeypatch.setattr(host.decoder, "generate", unstable)
    assert not decoder.throughput(host, clips, 2)["same"]


def test_encoder_figures(settings, host, clips):
    """Seconds of lone and batched clips make rates, and gains are to the first recipe."""
    alone, together = encoder.measure(host, clips)
    assert alone > 0
    assert together > 0
    seconds = {("none", "alone"): [2.0], ("none", "together"): [1.0]}
    seconds |= {("int8", "alone"): [1.0], ("int8", "together"): [0.5]}
    value = encoder.result(seconds, ("none", "int8"), {"none": {}, "int8": {}}, 4)
    assert value["recipes"]["int8"]["gain"]["median"] == 2.0
    assert value["recipes"]["none"]["batch_clips_per_s"] == 4.0


def test_repeats_spare_frames_of_still_footage_alone(settings, tmp_path):
    """Two slides are two frames, however strongly they are compressed; what is equal loses nothing."""
    paths = footage.films(tmp_path, ["slides, strong", "talking head, dark"])
    seen = {}
    for way, ask in {"off": {"dedup": False}, "0": {"dedup_bound": 0.0}, "4": {"dedup_bound": 4.0}}.items():
        own = evolve(settings, frames=4, reuse=False, cache=tmp_path / way, **ask)
        with atom.open_host(own) as host:
            seen[way] = measure.look(host, paths)
    value = {name: {way: measure.compared(seen[way][name], seen["off"][name]) for way in seen} for name in paths}
    still = value["slides, strong compression"]
    assert (still["off"]["encoded"], still["4"]["encoded"]) == (4, 2)
    assert still["off"]["ratio"] == 1.0
    for found in value.values():
        assert found["0"]["cosine_least"] == pytest.approx(1.0, abs=1e-6)
        assert found["0"]["same_answers"] == found["0"]["answers"]
    assert "bound 4" in command.text({"kinds": value})


@pytest.mark.parametrize("bounds", ["", "two", "-1", "1,256", "nan"])
def test_bounds_that_mean_nothing_are_refused(bounds):
    """By what is expected."""
    with pytest.raises(argparse.ArgumentTypeError, match="0 to 255"):
        command.bounds_of(bounds)


def test_kinds_that_are_not_there_are_refused(tmp_path):
    """With the names that were given."""
    with pytest.raises(atom.SettingsError, match="opera"):
        footage.films(tmp_path, ["opera"])


def test_search_recall():
    """An exact library finds everything that brute force finds; a forgetful one is found out."""
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((60, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    made = search.entries(vectors, search.captions(60, 0))
    assert search.recall(FakeLibrary(made), vectors, vectors[3]) == 1.0
    assert search.recall(FakeLibrary(made[::2]), vectors, vectors[3]) < 0.8


def test_search_vectors_are_near_to_those_of_captions():
    """The search for a text is nearest to some caption, and the same each time."""
    embedder = search.RandomEmbedder(20, 0)
    query = embedder.embed(["word1 word2"], kind="query")[0]
    assert np.array_equal(query, search.RandomEmbedder(20, 0).embed(["word1 word2"], kind="query")[0])
    assert max(float(query @ embedder.passage(number)) for number in range(20)) > 0.5


def test_start_times_and_names_failures(tmp_path):
    """A start is timed to its end; one that fails is an error with its last words."""
    assert start.start([sys.executable, "-c", "import time; time.sleep(0.1)"], None) >= 0.1
    with pytest.raises(atom.TaskError, match="no such thing"):
        start.start([sys.executable, "-c", "import sys; sys.exit('no such thing')"], None)


def test_start_plugins_are_real_ones(tmp_path):
    """The plugins that are added are found and loaded like any other, and import nothing heavy."""
    start.write_plugins(tmp_path / "site", 3)
    command = [sys.executable, "-m", "atom_core.cli", "plugins", "--json"]
    done = subprocess.run(
        command, env=start._environment(tmp_path / "site"), capture_output=True, text=True, check=True
    )
    assert all(f'"atom-bench-fake-{number}"' in done.stdout for number in range(3))
    assert start.imported(tmp_path / "site") == []


def test_figures():
    """Medians and ratios are of rounds side by side; tables are aligned."""
    assert figures.ratio([2.0, 9.0, 4.0], [1.0, 3.0, 4.0])["median"] == 2.0
    assert figures.spread([3.0, 1.0, 2.0])["median"] == 2.0
    assert figures.table(["a", "long"], [["bbb", "1"]]) == "a    long\nbbb     1"
    assert figures.busy_note({"load": 8.0, "cores": 2}) is not None
    assert figures.busy_note({"load": 0.1, "cores": 2}) is None
    assert figures.machine()["cores"] >= 1


def test_plugin_is_light():
    """Importing the plugin and declaring its arguments loads nothing heavy."""
    code = (
        "import sys, argparse, atom_bench, atom_bench.command as c; c.BenchCommand().add_arguments("
        "argparse.ArgumentParser()); print({'torch', 'numpy', 'transformers', 'chromadb', 'av'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("what", ["channels", "cuts", "films", "quality", "questions", "search", "titles"])
@pytest.mark.parametrize("seed", ["-5", "1.5", "x"])
def test_seeds_that_are_none(what, seed, capsys):
    """A seed below 0, or none at all, is told before anything is made."""
    from atom_core.cli.main import main

    assert main(["bench", what, "--seed", seed]) == 2
    assert f"argument --seed: expected a whole number, 0 or more, got '{seed}'" in capsys.readouterr().err


def test_common_options_stand_after_the_subcommand(tmp_path, monkeypatch, capsys):
    """``atom bench WHAT --json`` works like ``atom bench --json WHAT``."""
    from atom_core.cli.main import main

    monkeypatch.setenv("ATOM_LIBRARY", str(tmp_path / "library"))
    for arguments in (["bench", "search", "--json", "-q"], ["bench", "--json", "-q", "search"]):
        assert main([*arguments, "--sizes", "20", "--queries", "2", "--width", "4"]) == 0
        assert '"recall": 1.0' in capsys.readouterr().out
    assert main(["bench", "reuse", "--ways", "x"]) == 2
    assert "there is no way 'x'" in capsys.readouterr().err
    assert Path("atom.toml").exists() is False
