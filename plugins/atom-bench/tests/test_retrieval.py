"""What searches find."""

import importlib.util

import pytest
from atom_bench.retrieval.measure import ranked
from atom_bench.retrieval.pairs import FOREIGN, Pair, read_absent, read_pairs

import atom_core as atom
from atom_core.testing.architectures.embedder import missing_embedder, real_embedder


def test_the_pairs():
    """Each caption is there once, there are enough of each kind, and no search that nothing fits is one of them."""
    pairs = read_pairs()
    assert len({pair.caption for pair in pairs}) == len(pairs) >= 150
    kinds = [pair.kind for pair in pairs]
    assert {kind: kinds.count(kind) >= 20 for kind in set(kinds)} == dict.fromkeys(
        ("paraphrase", "names", "hard", *FOREIGN), True
    )
    assert len(read_absent()) == 60
    assert not set(read_absent()) & {pair.search for pair in pairs}


@pytest.mark.parametrize("line", ["a caption", "names\ta caption\t", "a\tb\tc\td"])
def test_lines_that_are_no_pair(line, tmp_path):
    """The file and the line are named."""
    (tmp_path / "pairs.tsv").write_text(f"names\ta\tb\n{line}\n")
    with pytest.raises(atom.SettingsError, match=r"pairs.tsv', line 2: expected kind, caption and search"):
        read_pairs(tmp_path / "pairs.tsv")
    with pytest.raises(atom.SettingsError, match="cannot read"):
        read_absent(tmp_path / "none.txt")


def test_ties_are_no_hits():
    """What is as good as the right one goes before it."""
    pairs = [Pair("names", "a", "x"), Pair("names", "b", "y")]
    import numpy as np

    found = ranked(pairs, np.array([[1.0, 0.5], [0.5, 0.5]]))
    assert found["all"] == {"recall@1": 0.5, "recall@5": 1.0}


@pytest.mark.skipif(bool(missing_embedder()), reason=missing_embedder())
def test_real_text_weights_find_what_people_mean(tmp_path):
    """With all-MiniLM-L6-v2: no kind is found worse than by its best channel, and it is said where nothing fits."""
    from atom_bench.retrieval.measure import fill, searched

    tiny = importlib.util.find_spec("atom_tiny")
    assert tiny is not None
    settings = {
        "library": tmp_path / "library",
        "cache": tmp_path / "cache",
        "embedder": str(real_embedder(tmp_path / "e")),
    }
    pairs = [pair for pair in read_pairs() if pair.kind not in FOREIGN]
    with atom.open_host(model="tiny", load_plugins=("tiny", "indexing"), **settings) as host:
        fill(host, [pair.caption for pair in pairs])
        found = searched(host, pairs, read_absent())
    whole = found["channels"]["whole"]
    assert whole["all"]["recall@1"] >= 0.85
    assert whole["all"]["recall@5"] >= 0.97
    for kind, own in whole.items():
        best = max(channel[kind]["recall@1"] for channel in found["channels"].values())
        assert own["recall@1"] >= best - 0.01
    assert found["nothing_fits"]["said"] >= 0.85
    assert found["nothing_fits"]["good_refused"] <= 0.05
