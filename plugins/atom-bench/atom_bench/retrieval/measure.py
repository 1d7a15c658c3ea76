"""What is found: by the whole search, by each channel alone, and by the decoder's vectors in each of their forms."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import atom_core as atom
from atom_bench.retrieval.pairs import Pair

if TYPE_CHECKING:
    import numpy as np

CUTS = (1, 5)
"""Recall is measured among so many."""


def fill(host: Any, captions: Sequence[str]) -> None:
    """Put captions into the host's library, each as a video of its own that does not exist."""
    import numpy as np

    rng = np.random.default_rng(0)
    vectors = host.decoder.embed_many([[caption] for caption in captions])
    shown = vectors if host.embeds else rng.standard_normal(vectors.shape)  # pictures that say nothing
    entries = []
    for number, caption in enumerate(captions):
        video = atom.Video(
            path=Path(f"/bench/{number}.mp4"),
            content_hash=hashlib.sha256(str(number).encode()).hexdigest(),
            duration_s=4.0,
            width=64,
            height=64,
            fps=25.0,
        )
        entries.append(
            atom.Entry(
                clip=atom.Clip.whole(video), caption=caption, vector=shown[number], caption_vector=vectors[number]
            )
        )
    host.library.add(entries)


def searched(host: Any, pairs: Sequence[Pair], absent: Sequence[str]) -> dict[str, Any]:
    """Recall of the whole and of each channel by kind, and how often it is said that nothing fits.

    :param pairs: those whose captions are in the library; of the whole, names of files tell captions apart
    """
    names = {pair.caption: f"{number}.mp4" for number, pair in enumerate(pairs)}
    ranks: dict[str, list[tuple[str, float]]] = {}
    best = []
    for pair in pairs:
        found = host.run("search", atom.Query(text=pair.search, limit=len(pairs)))
        best += found[:1]
        for channel in ("whole", *dict.fromkeys(name for moment in found for name in moment.channels)):
            scores = {
                moment.path.name: moment.channels.get(channel, -2.0) if channel != "whole" else -float(place)
                for place, moment in enumerate(found)
            }
            ranks.setdefault(channel, []).append((pair.kind, _rank(scores, names[pair.caption])))
    nearest = [moment for text in absent for moment in host.run("search", atom.Query(text=text))[:1]]
    return {
        "channels": {channel: recalls(rows) for channel, rows in ranks.items()},
        "nothing_fits": {
            "said": _share([one.fits is False for one in nearest]),
            "good_refused": _share([one.fits is False for one in best]),
            "ruled_out": _share([one.may_fit is False for one in nearest]),
            "good_ruled_out": _share([one.may_fit is False for one in best]),
            "absent": len(absent),
        },
    }


def forms(host: Any, pairs: Sequence[Pair]) -> dict[str, Any]:
    """Recall by the decoder's vectors of texts alone, as it would be trained to make them and as untrained ones do."""
    decoder = host.module("decoder")
    before = decoder.embedding
    found = {}
    try:
        for name, form in (("trained", ""), ("untrained", "eol")):
            decoder.embedding = form
            captions_NE = decoder.embed_many([[pair.caption] for pair in pairs])
            found[name] = ranked(pairs, decoder.embed_many([[pair.search] for pair in pairs]) @ captions_NE.T)
    finally:
        decoder.embedding = before
    return found


def judged(host: Any, pairs: Sequence[Pair], num_judged: int) -> dict[str, Any]:
    """Recall where the best of a search are ordered anew by the decoder: by the odds of yes, and by how likely the
    search is after the caption.
    """
    decoder = host.decoder
    found = {"search alone": [], "odds of yes": [], "likelihood": []}  # type: dict[str, list[tuple[str, float]]]
    for pair in pairs:
        moments = host.run("search", atom.Query(text=pair.search, limit=num_judged))
        captions = [moment.caption for moment in moments]
        for name, scores in (
            ("search alone", [-float(place) for place in range(len(captions))]),
            ("odds of yes", odds_of_yes(decoder, captions, pair.search)),
            (
                "likelihood",
                decoder.score_many([([f"A video: {it}\nWhat is searched?"], pair.search) for it in captions]),
            ),
        ):
            rank = _rank(dict(zip(captions, scores, strict=True)), pair.caption) if pair.caption in captions else 1e9
            found[name].append((pair.kind, rank))
    return {name: recalls(rows) for name, rows in found.items()}


def odds_of_yes(decoder: Any, captions: Sequence[str], search: str) -> list[float]:
    """How much likelier yes is than no, natural logarithm; source: VQAScore (arXiv 2404.01291)."""
    asked = [[f'A video shows this: {caption}\nDoes it show "{search}"? Answer yes or no.'] for caption in captions]
    scores = decoder.score_many([(parts, answer) for parts in asked for answer in ("Yes", "No")])
    return [yes - no for yes, no in zip(scores[::2], scores[1::2], strict=True)]


def ranked(pairs: Sequence[Pair], scores_QN: np.ndarray) -> dict[str, Any]:
    """Recall of scores of each search with each caption."""
    rows = []
    for number, (pair, scores_N) in enumerate(zip(pairs, scores_QN, strict=True)):
        others = [float(score) for place, score in enumerate(scores_N) if place != number]
        rows.append((pair.kind, 1 + sum(other >= scores_N[number] for other in others)))
    return recalls(rows)


def recalls(rows: Sequence[tuple[str, float]]) -> dict[str, Any]:
    """Share of searches whose caption is among the first, by kind and of all."""
    kinds = {"all": [rank for _, rank in rows]}
    for kind, rank in rows:
        kinds.setdefault(kind, []).append(rank)
    return {
        kind: {f"recall@{cut}": _share([rank <= cut for rank in ranks]) for cut in CUTS}
        for kind, ranks in kinds.items()
    }


def _rank(scores: Mapping[str, float], wanted: str) -> float:
    """The place of `wanted`, from 1; what is as good as it goes before it, so that ties are no hits."""
    own = scores.get(wanted, -3.0)
    return 1 + sum(score >= own for name, score in scores.items() if name != wanted)


def _share(values: Sequence[bool]) -> float:
    return sum(values) / len(values) if values else 0.0
