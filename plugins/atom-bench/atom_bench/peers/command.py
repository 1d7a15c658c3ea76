"""``atom bench peers``: one request, eight, reading a prompt, a frame; Atom beside llama.cpp and OpenVINO."""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import define, field

import atom_core as atom
from atom_bench import arguments, figures
from atom_bench.peers.engine import MOST_ROWS, PEERS, PRECISIONS, Engine, Work
from atom_bench.peers.weights import read_dimensions
from atom_core.settings import suggest

if TYPE_CHECKING:
    import numpy as np

COLUMNS = ("one", "eight", "reading", "frame")
"""What is measured, all but a frame in tokens per second."""
_Clock = Callable[[], float]


class PeersBench:
    """Measure Atom's forward passes beside those of other engines with the same weights."""

    summary = "Atom's halves beside llama.cpp and OpenVINO: the same random weights, in turn, in each precision"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "--dimensions", choices=tuple(arguments.DIMENSIONS), default="smolvlm2-256m", help="size (smolvlm2-256m)"
        )
        parser.add_argument("--engines", type=arguments.names, metavar="NAMES", help=f"engines ({','.join(PEERS)})")
        parser.add_argument(
            "--precisions", type=arguments.names, metavar="NAMES", help=f"precisions ({','.join(PRECISIONS)})"
        )
        parser.add_argument("--prompt", type=arguments.count, default=512, metavar="N", help="tokens read (512)")
        parser.add_argument("--tokens", type=arguments.count, default=16, metavar="N", help="tokens per round (16)")
        parser.add_argument("--rounds", type=arguments.count, default=3, metavar="N", help="rounds (3)")
        parser.add_argument(
            "--clock",
            choices=("wall", "cpu"),
            default="wall",
            help="cpu counts processor seconds, by the thread: for machines that do other things, too (wall)",
        )

    def run(self, context: atom.CommandContext) -> None:
        """Measure precision by precision, engines in turn; one result."""
        args = context.args
        chosen, precisions = _chosen(args.engines, PEERS, "engine"), _chosen(args.precisions, PRECISIONS, "precision")
        missing = {name: PEERS[name].install for name in chosen if PEERS[name].missing}
        for name, install in missing.items():
            context.note(f"{PEERS[name].title} is left out: {install}")
        about = figures.machine()
        model = arguments.random_model(context, args.dimensions)
        trial = Trial(
            model=model,
            threads=context.settings.threads or int(str(about["cores"])),
            prompt=args.prompt,
            tokens=args.tokens,
            rounds=args.rounds,
            clock=time.perf_counter if args.clock == "wall" else time.process_time,
        )
        engines = [name for name in chosen if name not in missing]
        with arguments.workplace() as folder, context.progress("Measuring", len(precisions)) as progress:
            for precision in precisions:
                trial.measure(precision, engines, folder, context.note)
                progress.advance()
        value = {"bench": "peers", "machine": about | {"peers": _versions(engines)}, "dimensions": args.dimensions}
        value |= {"prompt": args.prompt, "threads": trial.threads, "clock": args.clock, "missing": missing}
        value["rows"] = trial.rows()
        context.emit(value, text(value))
        if (note := figures.busy_note(about)) and args.clock == "wall":
            context.note(note)


@define(kw_only=True)
class Trial:
    """What is measured, and what was found."""

    model: Path
    """Folder of the checkpoint."""
    threads: int
    """Processor threads of every engine."""
    prompt: int
    """Tokens of a prompt."""
    tokens: int
    """Tokens after it, in a round."""
    rounds: int
    """How often engines take turns."""
    clock: _Clock = time.perf_counter
    """Seconds."""
    found: dict[tuple[str, str], dict[str, list[float]]] = field(factory=lambda: defaultdict(lambda: defaultdict(list)))
    """Measured, by precision and engine, in `COLUMNS`."""
    told: dict[tuple[str, str], list[int]] = field(factory=lambda: defaultdict(list))
    """The likeliest next tokens, by precision and engine."""
    features: dict[tuple[str, str], np.ndarray] = field(factory=dict)
    """Of the frame, by precision and engine."""

    def measure(
        self, precision: str, engines: Sequence[str], folder: Path, note: Callable[[str], None] = lambda _: None
    ) -> None:
        """Load the engines in one precision, and let them work in turn."""
        most = self.prompt + (self.rounds + 1) * self.tokens + 1
        loaded: dict[str, Engine] = {}
        try:
            for name in engines:
                work = Work(
                    model=self.model, precision=precision, threads=self.threads, most_tokens=most, folder=folder
                )
                try:
                    loaded[name] = PEERS[name].load(work)
                except atom.ModelError as error:
                    note(f"{PEERS[name].title} in {precision} is left out: {error}")
            for number in range(self.rounds + 1):  # the first makes buffers and packs weights
                for name, engine in loaded.items():
                    self._alone(engine, (precision, name), keep=number > 0)
            prompts = [self._ids(row, self.prompt) for row in range(MOST_ROWS)]
            for engine in loaded.values():
                engine.start(prompts)
            for number in range(self.rounds + 1):
                for name, engine in loaded.items():
                    rate, _ = self._steps(engine, MOST_ROWS)
                    if number:
                        self.found[precision, name]["eight"].append(rate)
        finally:
            for engine in loaded.values():
                engine.close()

    def _alone(self, engine: Engine, key: tuple[str, str], *, keep: bool) -> None:
        """A frame, a prompt, and tokens after it."""
        pixels = frame(read_dimensions(self.model).side)
        frame_s, features = self._timed(lambda: engine.frame(pixels))
        reading_s, first = self._timed(lambda: engine.start([self._ids(0, self.prompt)]))
        rate, told = self._steps(engine, 1)
        if not keep:
            return
        self.found[key]["one"].append(rate)
        self.found[key]["reading"].append(self.prompt / reading_s)
        self.told[key] += [*first, *told]
        if features is not None:
            self.found[key]["frame"].append(frame_s)
            self.features[key] = features

    def _steps(self, engine: Engine, rows: int) -> tuple[float, list[int]]:
        """Tokens per second of some steps, and what each says comes next; the tokens read are the same for all."""
        ids = [self._ids(100 + row, self.tokens) for row in range(rows)]
        seconds, told = self._timed(lambda: [engine.step(step) for step in zip(*ids, strict=True)])
        return rows * self.tokens / seconds, [token for step in told for token in step]

    def _timed(self, work: Callable[[], Any]) -> tuple[float, Any]:
        start = self.clock()
        result = work()
        share = self.threads if self.clock is time.process_time else 1
        return (self.clock() - start) / share, result

    def _ids(self, seed: int, count: int) -> list[int]:
        """Token ids, the same each time, none of them special."""
        import numpy as np

        vocabulary = read_dimensions(self.model).vocabulary
        numbers = np.random.default_rng(seed).integers(0, max(1, vocabulary - 16), count)
        return [int(number) for number in numbers]

    def rows(self) -> list[dict[str, Any]]:
        """A row for each precision and engine; what is said is compared with the first row."""
        rows: list[dict[str, Any]] = []
        first = next(iter(self.found), None)
        for key, columns in self.found.items():
            row: dict[str, Any] = {"precision": key[0], "engine": key[1]}
            row |= {name: figures.spread(columns[name]) if columns.get(name) else None for name in COLUMNS}
            assert first is not None
            same = [a == b for a, b in zip(self.told[key], self.told[first], strict=True)]
            row["same"] = sum(same) / len(same)
            both = self.features.get(key), self.features.get(first)
            row["cosine"] = None if both[0] is None or both[1] is None else cosine(both[0], both[1])
            rows.append(row)
        return rows


def frame(side: int) -> np.ndarray:
    """A frame of a slope, a square and a disc, [3, side, side], from -1 to 1."""
    import numpy as np

    y, x = np.mgrid[0:side, 0:side] / side
    picture = np.stack([x * 0.7, y * 0.9, 1 - x * 0.4])
    picture[:, (x > 0.1) & (x < 0.4) & (y > 0.2) & (y < 0.6)] = np.array([[0.9], [0.15], [0.15]])
    picture[:, (x - 0.7) ** 2 + (y - 0.6) ** 2 < 0.04] = np.array([[0.15], [0.8], [0.95]])
    return (picture * 2 - 1).astype(np.float32)


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    """The mean cosine of the rows of two arrays [T, D]."""
    import numpy as np

    lengths = np.linalg.norm(one, axis=-1) * np.linalg.norm(other, axis=-1)
    return float(((one * other).sum(-1) / lengths).mean())


def text(value: Mapping[str, Any]) -> str:
    """The figures for people."""
    rows = []
    for row in value["rows"]:
        rates = [f"{row[name]['median']:.0f}" if row[name] else "-" for name in ("one", "eight", "reading")]
        frame_ms = f"{1000 * row['frame']['median']:.0f}" if row["frame"] else "-"
        close = f"{row['cosine']:.4f}" if row["cosine"] is not None else "-"
        title = f"{PEERS[row['engine']].title} {row['precision']}"
        rows.append([title, *rates, frame_ms, f"{100 * row['same']:.0f} %", close])
    head = [
        "tokens/s",
        "one request",
        f"{MOST_ROWS} requests",
        f"reading {value['prompt']}",
        "frame ms",
        "same",
        "cosine",
    ]
    about = value["machine"]
    clock = "processor seconds by the thread" if value["clock"] == "cpu" else "seconds"
    where = f"{about['processor']}, {value['threads']} threads, {clock}; {value['dimensions']}, random weights"
    return f"{figures.table(head, rows)}\n\n{where}"


def _chosen(names: Sequence[str] | None, known: Mapping[str, object] | Sequence[str], what: str) -> tuple[str, ...]:
    """The names that were given, all if none were.

    :raises SettingsError: if one is not known
    """
    for name in names or ():
        if name not in known:
            raise atom.SettingsError(f"there is no {what} {name!r}{suggest(name, known)}; use {', '.join(known)}")
    return tuple(names or known)


def _versions(engines: Sequence[str]) -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in engines:
        for package in PEERS[name].needs[:1]:
            try:
                found[package] = version(package)
            except PackageNotFoundError:
                found[package] = "unknown"
    return found
