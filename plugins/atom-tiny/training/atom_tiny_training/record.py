"""A stage's log (one JSON object per line), its plot, and its checkpoints for resuming."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any


class Log:
    """Appends to `<stage>.jsonl` and echoes on standard output."""

    def __init__(self, folder: Path, stage: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path, self.stage, self.began = folder / f"{stage}.jsonl", stage, time.monotonic()

    def write(self, **values: Any) -> None:
        """One line; numbers are rounded."""
        values = {k: round(v, 4) if isinstance(v, float) else v for k, v in values.items()}
        line = json.dumps({"stage": self.stage, "process_s": round(time.monotonic() - self.began, 1), **values})
        with self.path.open("a") as file:
            file.write(line + "\n")
        print(line, flush=True)  # noqa: T201


class Means:
    """Means of the figures of some steps."""

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []

    def add(self, found: dict[str, Any]) -> None:
        """Keep the figures of one step."""
        self.rows.append({k: float(v.detach()) for k, v in found.items()})

    def take(self) -> dict[str, float]:
        """The means since the last call; of figures that are still there."""
        rows, self.rows = self.rows, []
        return {
            k: sum(r[k] for r in rows if k in r) / sum(k in r for r in rows)
            for k in sorted({k for r in rows for k in r})
        }


def plot(folder: Path, stage: str) -> Path | None:
    """A picture of every number in a stage's log; None where matplotlib is not installed."""
    try:
        import matplotlib  # type: ignore[import-not-found,unused-ignore]

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return None
    lines = [json.loads(line) for line in (folder / f"{stage}.jsonl").read_text().splitlines()]
    names = sorted(
        {k for line in lines for k, v in line.items() if isinstance(v, float) and k not in ("process_s", "train_s")}
    )
    columns = 4
    figure, axes = plt.subplots(
        -(-len(names) // columns), columns, figsize=(14, 2.2 * -(-len(names) // columns)), squeeze=False
    )
    for axis, name in zip(axes.flat, names, strict=False):
        points = [(line.get("train_s", 0) / 60, line[name]) for line in lines if name in line]
        axis.plot(*zip(*points, strict=True), linewidth=1)
        axis.set_title(name, fontsize=8)
    for axis in axes.flat[len(names) :]:
        axis.axis("off")
    figure.supxlabel("minutes of training")
    figure.tight_layout()
    path = folder / f"{stage}.png"
    figure.savefig(path, dpi=70)
    plt.close(figure)
    return path


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write atomically."""
    import torch

    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, path.with_suffix(".new"))
    os.replace(path.with_suffix(".new"), path)


def load_state(path: Path) -> dict[str, Any] | None:
    """What `save_state` wrote, or None."""
    import torch

    return torch.load(path, map_location="cpu", weights_only=False) if path.exists() else None
