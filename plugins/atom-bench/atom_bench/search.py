"""``atom bench search``: how long searches take, by the size of the library."""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve

import atom_core as atom
from atom_bench import arguments, figures
from atom_core.testing.fakes import FakeDecoder, FakeHost

if TYPE_CHECKING:
    import numpy as np

    from atom_core.protocols import Parts

LIMIT = 10
SIZES = (1_000, 10_000, 100_000)
SHOTS_PER_VIDEO, AT_ONCE = 50, 1_000
SIGNAL = 0.5
"""Share of a query that is a vector of the library; the rest is noise, so that neighbours are near but not equal."""
TEXT_WIDTH = 384
"""Numbers in a vector of the embedder, as all-MiniLM-L6-v2 and its multilingual sister have."""
VOCABULARY, WORDS = 20_000, 12
"""How many words there are, the rare ones by Zipf's law, and how many a caption has."""


class SearchBench:
    """Measure the library: filling it, searching it in each way, and whether it finds what brute force finds."""

    summary = "How long searches take, by the size of the library, and whether they find what brute force finds"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "--sizes",
            type=arguments.counts,
            default=SIZES,
            metavar="N,N",
            help="clips (1000,10000,100000)",
        )
        parser.add_argument("--queries", type=arguments.count, default=100, metavar="N", help="queries (100)")
        parser.add_argument("--width", type=arguments.count, default=576, metavar="N", help="numbers in a vector (576)")
        parser.add_argument("--seed", type=arguments.seed, default=0, metavar="N", help="of the vectors (0)")

    def run(self, context: atom.CommandContext) -> None:
        """Fill and search a library of each size; one result."""
        args, about = context.args, figures.machine()
        sizes = {}
        with arguments.workplace() as folder:
            for size in sorted(args.sizes):
                context.note(f"filling a library of {size} clips")
                settings = evolve(context.settings, library=folder / str(size), embedder="bench")
                sizes[str(size)] = measure(context.host().plugins, settings, args.queries, size, args.width, args.seed)
        value = {"bench": "search", "machine": about, "limit": LIMIT, "width": args.width, "sizes": sizes}
        context.emit(value, text(value))
        if note := figures.busy_note(about):
            context.note(note)


class RandomEmbedder:
    """Gives each search a vector near to that of some caption; the vectors of captions are random, too."""

    name = fingerprint = "bench"

    def __init__(self, size: int, seed: int) -> None:
        self._size, self._seed = size, seed

    def passage(self, number: int) -> np.ndarray:
        """Of the caption of a clip."""
        import numpy as np

        return np.asarray(_unit(np.random.default_rng([self._seed, 1, number]).standard_normal((1, TEXT_WIDTH)))[0])

    def embed(self, texts: Sequence[str], *, kind: str) -> np.ndarray:
        """Unit vectors."""
        import numpy as np

        del kind
        made = []
        for said in texts:
            digest = int.from_bytes(hashlib.sha256(said.encode()).digest()[:6], "big")
            noise = _unit(np.random.default_rng(digest).standard_normal((1, TEXT_WIDTH)))[0]
            made.append(SIGNAL * self.passage(digest % self._size) + (1 - SIGNAL) * noise)
        return _unit(np.stack(made))


class RandomDecoder(FakeDecoder):
    """Was trained to embed: gives a text a vector that is near to that of some clip."""

    def __init__(self, queries_QE: np.ndarray) -> None:
        super().__init__()
        self._queries_QE = queries_QE

    def embed(self, parts: Parts) -> np.ndarray:
        """A unit vector."""
        import numpy as np

        return np.asarray(self._queries_QE[len(str(parts[0])) % len(self._queries_QE)])


def measure(
    plugins: Any, settings: atom.Settings, num_queries: int, size: int, width: int, seed: int
) -> dict[str, Any]:
    """Fill a library with random clips and search it in each way.

    :raises TaskError: if no installed plugin keeps a library
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    vectors_NE = _unit(rng.standard_normal((size, width)))
    near_QE = _unit(rng.standard_normal((num_queries, width)))
    queries_QE = _unit(SIGNAL * vectors_NE[rng.integers(size, size=num_queries)] + (1 - SIGNAL) * near_QE)
    embedder = RandomEmbedder(size, seed)
    texts = captions(size + num_queries, seed)
    asked = [" ".join(said.split()[:3]) for said in texts[size:]]
    with closing(opened(plugins, settings)) as library:
        fill_s = _cpu_s(lambda: fill(library, vectors_NE, texts, embedder))
        held = len(library)
    start = time.perf_counter()
    with closing(opened(plugins, settings)) as library:
        search = plugins.load(plugins.task("search"))()
        host = FakeHost(tasks={"search": search}, library=library, modules={"embedder": embedder}, settings=settings)
        host.run("search", atom.Query(text=asked[0]))
        first_s = time.perf_counter() - start
        decoder, trained = RandomDecoder(queries_QE), evolve(settings, embedder="none")
        other = FakeHost(tasks={"search": search}, library=library, decoder=decoder, settings=trained)
        found = ways(host, other, queries_QE, asked)
        recalls = [recall(library, vectors_NE, query_E) for query_E in queries_QE[:20]]
    return {
        "clips": held,
        "fill_cpu_s": fill_s,
        "first_search_s": first_s,
        "recall": float(np.mean(recalls)),
        "peak_mib": _peak_mib(),
        "ways": found,
    }


def opened(plugins: Any, settings: atom.Settings) -> Any:
    """The library that the installed plugins keep.

    :raises TaskError: if none does
    """
    library = plugins.call("atom_open_library", settings=settings, model="bench")
    if library is None:
        raise atom.TaskError("no installed plugin keeps a library; install atom-indexing")
    return library


def ways(host: Any, trained: Any, queries_QE: np.ndarray, asked: Sequence[str]) -> dict[str, dict[str, float]]:
    """How long each way to search takes: by a vector alone, and by texts with and without filters.

    :param trained: a host without a text embedder, whose decoder was trained to embed
    """
    calls: dict[str, list[Callable[[], object]]] = {
        "vectors alone": [partial(host.library.search, query_E, LIMIT) for query_E in queries_QE],
        "text": [_query(host, text=said) for said in asked],
        "text, length": [_query(host, text=said, shortest_s=0.7, longest_s=2.0) for said in asked],
        "text, folder": [_query(host, text=said, folder=Path("/bench/1")) for said in asked],
        "text, not": [_query(host, text=said, without=other) for said, other in pairwise(asked)],
        "text, folded": [_query(host, text=said, fold=True) for said in asked],
        "text, pictures and captions": [_query(trained, text=said) for said in asked],
        "... not": [_query(trained, text=said, without=other) for said, other in pairwise(asked)],
    }
    return {way: _times(some) for way, some in calls.items() if some}


def fill(library: Any, vectors_NE: np.ndarray, texts: Sequence[str], embedder: RandomEmbedder) -> None:
    """Store a clip for each vector, and where the library keeps an embedder's vectors one of each caption."""
    for start in range(0, len(vectors_NE), AT_ONCE):
        library.add(entries(vectors_NE[start : start + AT_ONCE], texts, start))
    if hasattr(library, "not_embedded"):
        keys = list(library.not_embedded(embedder.fingerprint))
        for start in range(0, len(keys), AT_ONCE):
            part = {key: embedder.passage(start + place) for place, key in enumerate(keys[start : start + AT_ONCE])}
            library.add_texts(embedder.fingerprint, part)


def entries(vectors_NE: np.ndarray, texts: Sequence[str], start: int = 0) -> list[atom.Entry]:
    """Entries of videos that do not exist; the index of each is its number."""
    made = []
    for number, vector_E in enumerate(vectors_NE, start):
        place, shot = divmod(number, SHOTS_PER_VIDEO)
        video = atom.Video(
            path=Path(f"/bench/{place % 10}/{place}.mp4"),
            content_hash=hashlib.sha256(str(place).encode()).hexdigest(),
            duration_s=float(SHOTS_PER_VIDEO),
            width=64,
            height=64,
            fps=25.0,
        )
        clip = atom.Clip(video=video, start_s=float(shot), end_s=shot + 0.5 + number % 2, index=shot)
        made.append(atom.Entry(clip=clip, caption=texts[number], vector=vector_E, caption_vector=vector_E))
    return made


def captions(count: int, seed: int) -> list[str]:
    """Texts whose words are as often as those of a language."""
    import numpy as np

    rng = np.random.default_rng([seed, 2])
    share = 1 / np.arange(1, VOCABULARY + 1)
    words = rng.choice(VOCABULARY, size=(count, WORDS), p=share / share.sum())
    return [" ".join(f"word{word}" for word in row) for row in words]


def recall(library: Any, vectors_NE: np.ndarray, query_E: np.ndarray) -> float:
    """The share of the true nearest that a search finds, which brute force tells."""
    import numpy as np

    scores_N = vectors_NE @ query_E
    best = np.argsort(-scores_N, kind="stable")[:LIMIT]
    found = library.search(query_E, LIMIT)
    numbers = {SHOTS_PER_VIDEO * int(one.path.stem) + int(one.start_s) for one in found}
    return len(numbers & set(best.tolist())) / len(best)


def _query(host: Any, *, fold: bool = False, **about: Any) -> Callable[[], object]:
    options = {"fold": True} if fold else {}
    return lambda: host.run("search", atom.Query(limit=LIMIT, **about), **options)


def _times(calls: Sequence[Callable[[], object]]) -> dict[str, float]:
    """Milliseconds of many searches: on the clock, and of all processors."""
    import numpy as np

    wall, cpu = [], []
    for call in calls:
        start, start_cpu = time.perf_counter(), time.process_time()
        call()
        wall.append(1000 * (time.perf_counter() - start))
        cpu.append(1000 * (time.process_time() - start_cpu))
    return {
        "p50_ms": float(np.percentile(wall, 50)),
        "p99_ms": float(np.percentile(wall, 99)),
        "cpu_p50_ms": float(np.percentile(cpu, 50)),
        "cpu_p99_ms": float(np.percentile(cpu, 99)),
    }


def _cpu_s(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _peak_mib() -> float | None:
    """The most memory that this process has had, files that are mapped included."""
    try:
        import resource
    except ImportError:
        return None
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _unit(rows: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def text(value: Mapping[str, Any]) -> str:
    """The figures for people."""
    sizes: Mapping[str, Mapping[str, Any]] = value["sizes"]
    rows: list[Sequence[str]] = [
        ["filling, CPU s", *(f"{found['fill_cpu_s']:.1f}" for found in sizes.values())],
        ["first search, ms", *(f"{1000 * found['first_search_s']:.0f}" for found in sizes.values())],
    ]
    for way in next(iter(sizes.values()))["ways"]:
        for name, wall, cpu in (("p50", "p50_ms", "cpu_p50_ms"), ("p99", "p99_ms", "cpu_p99_ms")):
            shown = [f"{found['ways'][way][wall]:.1f} ({found['ways'][way][cpu]:.1f})" for found in sizes.values()]
            rows.append([f"{way}, {name} ms (CPU)", *shown])
    rows.append([f"recall@{value['limit']}", *(f"{100 * found['recall']:.1f} %" for found in sizes.values())])
    rows.append(["most memory, MiB", *(f"{found['peak_mib'] or 0:.0f}" for found in sizes.values())])
    return figures.table(["clips", *sizes], rows)
