"""``atom bench search``: the library against brute force, by size."""

from __future__ import annotations

import argparse
import hashlib
import statistics
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve

import atom_core as atom
from atom_bench import arguments, figures

if TYPE_CHECKING:
    import numpy as np

LIMIT = 10
SIZES = (1_000, 10_000, 100_000)
SHOTS_PER_VIDEO = 50
SIGNAL = 0.5
"""Share of a query that is a vector of the library; the rest is noise, so that neighbours are near but not equal."""


class SearchBench:
    """Measure the library: filling it, searching it, and whether it finds what brute force finds."""

    summary = "Queries per second and recall of the library against brute force, by size"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "--sizes",
            type=arguments.counts,
            default=SIZES,
            metavar="N,N",
            help="clips (1000,10000,100000)",
        )
        parser.add_argument("--queries", type=arguments.count, default=50, metavar="N", help="queries (50)")
        parser.add_argument("--width", type=arguments.count, default=576, metavar="N", help="numbers in a vector (576)")
        parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the vectors (0)")

    def run(self, context: atom.CommandContext) -> None:
        """Fill and search a library of each size; one result.

        :raises TaskError: if no installed plugin keeps a library
        """
        import numpy as np

        args, about = context.args, figures.machine()
        plugins = context.host().plugins
        sizes = {}
        with arguments.workplace() as folder:
            for size in sorted(args.sizes):
                context.note(f"filling a library of {size} clips")
                rng = np.random.default_rng(args.seed)
                vectors = _unit(rng.standard_normal((size, args.width)))
                near = _unit(rng.standard_normal((args.queries, args.width)))
                queries = _unit(SIGNAL * vectors[rng.integers(size, size=args.queries)] + (1 - SIGNAL) * near)
                settings = evolve(context.settings, library=folder / str(size))
                library = plugins.call("atom_open_library", settings=settings, model="bench")
                if library is None:
                    raise atom.TaskError("no installed plugin keeps a library; install atom-indexing")
                try:
                    sizes[str(size)] = measure(library, vectors, queries)
                finally:
                    library.close()
        value = {"bench": "search", "machine": about, "limit": LIMIT, "width": args.width, "sizes": sizes}
        context.emit(value, text(value))
        if note := figures.busy_note(about):
            context.note(note)


def measure(library: atom.Library, vectors_NE: np.ndarray, queries_QE: np.ndarray) -> dict[str, object]:
    """Fill `library` with `vectors_NE` and search it; recall is the share of the true nearest that it finds."""
    fill_s, _ = figures.timed(lambda: library.add(entries(vectors_NE)))
    first_s, _ = figures.timed(lambda: library.search(queries_QE[0], LIMIT))
    found_s, brute_s, recalls, firsts = [], [], [], []
    for query_E in queries_QE:
        seconds, moments = figures.timed(partial(library.search, query_E, LIMIT))
        found_s.append(seconds)
        seconds, best = figures.timed(partial(nearest, vectors_NE, query_E, LIMIT))
        brute_s.append(seconds)
        found = [int(moment.caption) for moment in moments]
        recalls.append(len(set(found) & set(best)) / len(best))
        firsts.append(found[:1] == best[:1])
    return {
        "fill_s": fill_s,
        "first_query_s": first_s,
        "query_s": figures.spread(found_s),
        "queries_per_s": 1 / statistics.median(found_s),
        "brute_force_per_s": 1 / statistics.median(brute_s),
        "against_brute_force": figures.ratio(brute_s, found_s)["median"],
        "recall": statistics.fmean(recalls),
        "first_right": statistics.fmean(firsts),
    }


def nearest(vectors_NE: np.ndarray, query_E: np.ndarray, limit: int) -> list[int]:
    """The rows with the greatest cosine similarity, best first, by looking at all of them."""
    import numpy as np

    scores_N = vectors_NE @ query_E
    best = np.argpartition(-scores_N, min(limit, len(scores_N) - 1))[:limit]
    return [int(row) for row in best[np.argsort(-scores_N[best], kind="stable")]]


def entries(vectors_NE: np.ndarray) -> list[atom.Entry]:
    """Entries of videos that do not exist; the caption of each is its number."""
    made = []
    for number, vector_E in enumerate(vectors_NE):
        place, shot = divmod(number, SHOTS_PER_VIDEO)
        video = atom.Video(
            path=Path(f"/bench/{place}.mp4"),
            content_hash=hashlib.sha256(str(place).encode()).hexdigest(),
            duration_s=float(SHOTS_PER_VIDEO),
            width=64,
            height=64,
            fps=25.0,
        )
        clip = atom.Clip(video=video, start_s=float(shot), end_s=shot + 1.0, index=shot)
        made.append(atom.Entry(clip=clip, caption=str(number), vector=vector_E))
    return made


def _unit(rows: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def text(value: Mapping[str, Any]) -> str:
    """The figures for people."""
    rows: list[Sequence[str]] = [
        [
            size,
            f"{found['fill_s']:.1f}",
            f"{1000 * found['first_query_s']:.0f}",
            f"{found['queries_per_s']:.0f}",
            f"{found['brute_force_per_s']:.0f}",
            f"{100 * found['recall']:.1f} %",
        ]
        for size, found in value["sizes"].items()
    ]
    head = ["clips", "fill s", "first query ms", "queries/s", "brute force", f"recall@{value['limit']}"]
    return figures.table(head, rows)
